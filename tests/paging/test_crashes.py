"""A worker dies at every named point around the call; the next one goes on, and each P0 is one incident (D40)."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

from django.db import connections

from roomdesk.oncall.models import Page
from tests.fakes.pagerduty import KEY
from tests.flow.world import ASEN, OLGA
from tests.paging.night import Night

ROOT = Path(__file__).parents[2]
POINTS = ("apply-decided", "apply-written", "apply-committed", "outbox-claimed", "outbox-called", "outbox-noted")
#: A worker of its own, at a time that stands still: hears, decides, calls, until nothing is left.
WORKER = """
import sys
from datetime import datetime
from roomdesk import bootstrap
bootstrap.setup()
from roomdesk import pipeline, timers
from roomdesk.queues import outbox
from roomdesk.queues.models import OutboxRow
from roomdesk.runtime import clock
from roomdesk.worker.outbox import send_one
from roomdesk.worker.ways import WAYS
with clock.frozen(datetime.fromisoformat(sys.argv[1])):
    outbox.release_orphans([], clock.now())
    moved = 1
    while moved:
        moved = pipeline.drain() + timers.fire()
        OutboxRow.objects.filter(channel="matrix", state="queued").update(state="sent")
        for row in outbox.claim(1, 50, clock.now()):
            moved += 1
            send_one(row, WAYS)
"""


def environ(night: Night, database: str, log: Path, *faults: str) -> dict[str, str]:
    return {
        **os.environ,
        "ROOMDESK_DATABASE_URL": database,
        "ROOMDESK_SECRET_KEY": "a-key-for-these-tests-only",
        "ROOMDESK_PAGERDUTY_URL": night.pagerduty.url,
        "ROOMDESK_PAGERDUTY_ROUTING": KEY,
        "ROOMDESK_FAULTS": ",".join(faults),
        "ROOMDESK_FAULTS_LOG": str(log),
    }


def work(night: Night, database: str, log: Path, *faults: str) -> int:
    connections.close_all()
    command = [sys.executable, "-c", WORKER, night.time.tick(timedelta()).isoformat()]
    return subprocess.run(
        command, env=environ(night, database, log, *faults), cwd=ROOT, check=False, timeout=150
    ).returncode


def test_whoever_dies_where_each_p0_is_one_incident(night: Night, address: str, tmp_path: Path) -> None:
    for number, point in enumerate(POINTS):
        night.time.tick(timedelta(minutes=31))
        night.unheard("cedar", f"P0 all is down, {number}", (OLGA, ASEN)[number % 2])
        log = tmp_path / point
        assert work(night, address, log, point) == -9, point
        assert log.read_text().split() == [point]
        assert work(night, address, log, point) == 0
        incident = night.pagerduty.page()
        assert incident.status == "triggered" and set(incident.log) == {"trigger"}, point
        assert night.pagerduty.unexpected == [], point
        assert night.page("cedar").state == Page.State.ACCEPTED, point
    assert Page.objects.filter(workspace__slug="cedar").count() == len(POINTS)
