"""Exactly once, whatever dies and however many work at once (R22): every crash point, two workers, and no lock."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connections

from roomdesk import timers
from roomdesk.clocks.models import Clock, Notice
from roomdesk.queues import lanes
from roomdesk.queues.models import Timer
from tests.clocks.bench import Bench
from tests.clocks.points import IN_TIMERS

ROOT = Path(__file__).parents[2]
#: A worker of its own, at a time that stands still.
WORKER = """
import sys
from datetime import datetime
from roomdesk import bootstrap
bootstrap.setup()
from roomdesk import timers
from roomdesk.runtime import clock
with clock.frozen(datetime.fromisoformat(sys.argv[1])):
    while timers.fire():
        pass
"""


def worker(bench: Bench, log: Path, *faults: str) -> subprocess.Popen[bytes]:
    environ = {
        **os.environ,
        "ROOMDESK_DATABASE_URL": bench.address,
        "ROOMDESK_SECRET_KEY": "a-key-for-these-tests-only",
        "ROOMDESK_FAULTS": ",".join(faults),
        "ROOMDESK_FAULTS_LOG": str(log),
    }
    return subprocess.Popen([sys.executable, "-c", WORKER, bench.now.isoformat()], env=environ, cwd=ROOT)


def problems(bench: Bench) -> list[str]:
    """What is told twice or not at all, in the table, in the audit, on the clocks and in the timers."""
    notices = Notice.objects.order_by("clock_id", "step").values_list("clock_id", "step")
    audited = Counter(entry["action"] for entry in bench.audit("birch"))
    clocks = Clock.objects.order_by("id").values_list("id", "told", "state")
    found = [] if list(notices) == [(pk, 100) for pk, _, _ in clocks] else [f"notices {list(notices)}"]
    if (audited["clock.told"], audited["clock.breached"]) != (len(clocks), len(clocks)):
        found.append(f"the audit tells {audited}")
    found += [f"clock {row}" for row in clocks if row[1:] != (100, "breached")]
    return found + [f"timer {pk}" for pk in Timer.objects.filter(state="pending").values_list("pk", flat=True)]


def three_late(bench: Bench) -> None:
    for _ in range(3):
        bench.matter("birch", "critical")
    bench.until("Wed 15:00")


@pytest.mark.parametrize("point", IN_TIMERS)
def test_a_worker_that_dies_here_tells_nothing_twice_and_forgets_nothing(
    bench: Bench, tmp_path: Path, point: str
) -> None:
    three_late(bench)
    connections.close_all()
    log = tmp_path / "faults"
    assert worker(bench, log, point).wait(150) == -9
    assert log.read_text().split() == [point]
    connections.close_all()
    assert worker(bench, log, point).wait(150) == 0
    assert problems(bench) == []


def both_at_once(bench: Bench, tmp_path: Path, *faults: str) -> list[str]:
    """Two workers at the end of deciding; what is wrong when both have ended."""
    three_late(bench)
    connections.close_all()
    log = tmp_path / "faults"
    pair = [worker(bench, log, *faults) for _ in range(2)]
    codes = [one.wait(150) for one in pair]
    return [*problems(bench), *(f"a worker ended with {code}" for code in codes if code)]


def test_two_workers_tell_it_once(bench: Bench, tmp_path: Path) -> None:
    assert both_at_once(bench, tmp_path, "pause=timers-decided:3000") == []


def test_without_the_lane_lock_both_decide_it_and_the_constraint_stops_one(bench: Bench, tmp_path: Path) -> None:
    found = both_at_once(bench, tmp_path, "meet=timers-decided:60000", "without=lane-lock")
    assert found == ["a worker ended with 1"]


def test_what_somebody_holds_is_left_alone_until_he_is_done(bench: Bench) -> None:
    three_late(bench)
    lane_id = Timer.objects.values_list("lane_id", flat=True)[0]
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        from django.db import connection, transaction

        with transaction.atomic():
            lanes.lock(lane_id)
            held.set()
            assert done.wait(120)
        connection.close()
        connection.close_pool()

    thread = threading.Thread(target=hold)
    thread.start()
    assert held.wait(60)
    assert timers.fire() == 0
    assert Notice.objects.count() == 0
    done.set()
    thread.join()
    assert timers.fire() == 3


def test_many_late_ones_are_told_over_several_passes_in_one_digest(bench: Bench) -> None:
    for _ in range(7):
        bench.matter("birch", "critical", assignee="ivan")
    bench.time.tick(timedelta(days=1))
    passes = []
    while fired := timers.fire(limit=3):
        passes.append(fired)
    assert passes == [3, 3, 1]
    assert Notice.objects.count() == 7
    assert Notice.objects.values("digest").distinct().count() == 1
    assert problems(bench) == []
