"""Workers die at random moments while P0s are paged for: each P0 stays one incident. `make test-deep`; CHAOS_SEED, PAGE_KILLS (D40)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connections

from roomdesk.oncall.models import Call, Page
from tests.chaos.kills import seeded
from tests.flow.world import ASEN, OLGA
from tests.paging import test_crashes
from tests.paging.night import Night

KILLS = int(os.environ.get("PAGE_KILLS") or 200)
#: After so many deaths a worker is let live to the end, and everything is looked at.
LOOK_EVERY = 10
#: The worker of `test_crashes`, which says when it begins to work.
WORKER = test_crashes.WORKER.replace("with clock.frozen", 'print("begins", flush=True)\nwith clock.frozen', 1)


def die(night: Night, database: str, log: Path, after: float) -> bool:
    """Starts a worker and kills it so many seconds after it has begun; whether it was not done by then."""
    connections.close_all()
    command = [sys.executable, "-c", WORKER, night.time.tick(timedelta()).isoformat()]
    worker = subprocess.Popen(
        command,
        env=test_crashes.environ(night, database, log),
        cwd=test_crashes.ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    with worker:
        assert worker.stdout is not None and worker.stdout.readline() == "begins\n"
        # The moment itself is what is drawn; nothing is waited for.
        time.sleep(after)
        worker.send_signal(signal.SIGKILL)
        return worker.wait() == -signal.SIGKILL


@pytest.mark.deep
def test_whenever_workers_die_each_p0_is_one_incident(night: Night, address: str, tmp_path: Path) -> None:
    chance, said, deaths = seeded(), 0, 0
    while deaths < KILLS:
        for _ in range(LOOK_EVERY):
            if chance.random() < 0.5 or not said:
                night.time.tick(timedelta(minutes=31))
                night.unheard("cedar", f"P0 all is down, {said}", (OLGA, ASEN)[said % 2])
                said += 1
            deaths += die(night, address, tmp_path / "log", chance.uniform(0.0, 0.5))
        assert test_crashes.work(night, address, tmp_path / "log") == 0
        _look(night, said)
    print(f"{deaths} deaths, {said} P0s")


def _look(night: Night, said: int) -> None:
    """One page and one incident for each P0, taken by PagerDuty, none resolved, none besides."""
    pages = list(Page.objects.filter(workspace__slug="cedar").order_by("pk"))
    assert len(pages) == said and {page.state for page in pages} == {Page.State.ACCEPTED}
    assert sorted(one.key for one in night.pagerduty.incidents) == sorted(page.key for page in pages)
    assert Call.objects.filter(page__in=pages, way="pagerduty", state="accepted").count() == said
    while night.pagerduty.unexpected:
        assert set(night.pagerduty.page().log) == {"trigger"}
