"""A program that dies at any named point around the use of a consent: never two uses, never a used one without its record (R35, D40, D45)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connections

from roomdesk.audit.models import Entry
from roomdesk.consent.models import Request, Use
from roomdesk.queues.models import OutboxRow
from roomdesk.runtime import clock, faults
from tests.consent.scene import CHANGE, answer, ask

pytestmark = pytest.mark.part_of("R35")
ROOT = Path(__file__).parents[2]
#: A process of its own, at a time that stands still, that uses a consent and prints its receipt.
USER = """
import json, sys
from datetime import datetime
from roomdesk import bootstrap
bootstrap.setup()
from roomdesk.audit.work import Actor
from roomdesk.consent import using
from roomdesk.directory.queries import Viewer
everyone = Viewer("token", "tests", sees_all=True)
at = datetime.fromisoformat(sys.argv[1])
receipt = using.do_consume(everyone, sys.argv[2], json.loads(sys.argv[3]), "one-and-the-same", actor=Actor("cli", "tests"), now=at)
print(receipt.signature)
"""


def use(address: str, ref: str, log: Path, *points: str) -> subprocess.CompletedProcess[str]:
    environ = {
        **os.environ,
        "ROOMDESK_DATABASE_URL": address,
        "ROOMDESK_SECRET_KEY": "a-key-for-these-tests-only",
        "ROOMDESK_FAULTS": ",".join(points),
        "ROOMDESK_FAULTS_LOG": str(log),
    }
    words = [sys.executable, "-c", USER, clock.now().isoformat(), ref, json.dumps(CHANGE)]
    return subprocess.run(words, env=environ, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("point", faults.CONSENT_POINTS)
def test_who_dies_here_has_used_it_wholly_or_not_at_all_and_gets_the_same_receipt_again(
    desk: str, tmp_path: Path, point: str
) -> None:
    request = ask()
    answer(request, request.phrase)
    connections.close_all()
    log = tmp_path / "faults"
    assert use(desk, request.ref, log, point).returncode == -9 and log.read_text().split() == [point]
    is_used = Request.objects.get(pk=request.pk).state == "used"
    assert is_used == (point == "consent-committed")
    _check(request, int(is_used))
    connections.close_all()
    again = [use(desk, request.ref, log, point) for _ in range(2)]
    assert [done.returncode for done in again] == [0, 0], again
    assert len({done.stdout for done in again}) == 1
    _check(request, 1)


def _check(request: Request, uses: int) -> None:
    """The use, its entry in the chain and its word in the room are there together, or none of them."""
    assert Use.objects.filter(request=request).count() == uses
    assert Entry.objects.filter(action="consent.used").count() == uses
    assert OutboxRow.objects.filter(once=f"consent:{request.pk}:work.before").count() == uses
