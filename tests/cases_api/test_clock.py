"""Moving the clock (D29): through each due instant in turn, or at once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from roomdesk import pipeline, timers
from roomdesk.clocks.models import Clock, Notice
from roomdesk.queues import stepping, workers
from roomdesk.queues.models import Timer
from roomdesk.refusals import Conflict
from roomdesk.runtime import clock
from tests.cases_api.place import command, nothing_changes, told

LATE = {Clock.State.BREACHED, Clock.State.PAST_AIM}


@contextmanager
def working(*, idle: bool = False) -> Iterator[None]:
    """A worker in a thread; an idle one is there and does nothing."""
    stop, ready = threading.Event(), threading.Event()

    def work() -> None:
        workers.register(clock.now())
        ready.set()
        while not stop.wait(0.01):
            if not idle:
                pipeline.drain()
                timers.fire()
        connection.close()
        connection.close_pool()

    thread = threading.Thread(target=work)
    thread.start()
    assert ready.wait(60)
    try:
        yield
    finally:
        stop.set()
        thread.join()


@pytest.fixture
def two_cases(desk: None, real_time: None) -> list[datetime]:
    """Due instants of the first responses of a critical and a normal case."""
    told("case", "open", "acme", "One", "--as", "olga", "--severity", "normal")
    told("case", "open", "acme", "Two", "--as", "olga", "--severity", "critical")
    return sorted(Clock.objects.filter(kind="first_response").values_list("due_at", flat=True))


def states() -> set[str]:
    return set(Clock.objects.filter(kind="first_response").values_list("state", flat=True))


def test_steps_through_each_instant_and_moves_by_exactly_the_duration(two_cases: list[datetime]) -> None:
    seen: list[tuple[datetime, int]] = []
    with working():
        before = clock.offset()
        steps = stepping.advance(
            timedelta(days=14), stepped=lambda at: seen.append((at, Notice.objects.filter(step=100).count()))
        )
    assert clock.offset() - before == timedelta(days=14)
    instants = [at for at, _ in seen]
    assert (steps, instants) == (len(seen), sorted(instants))
    assert set(two_cases) <= set(instants)
    assert next(told for at, told in seen if at > two_cases[0]) >= 1, (
        "the first was worked off before the next was reached"
    )
    assert not Notice.objects.filter(is_late=True).exists()
    assert states() == {"breached"}


def test_jump_leaves_all_to_be_found_late(two_cases: list[datetime]) -> None:
    assert command("clock", "advance", "14d", "--jump").exit_code == 0
    pending = Timer.objects.filter(state="pending")
    assert pending.count() == Clock.objects.count() == 4
    pipeline.drain()
    while timers.fire():
        pass
    assert states() == {"breached"}


def test_durations_add_up(desk: None, real_time: None) -> None:
    assert told("clock", "advance", "1d2h30m15s", "--jump")["offset_seconds"] == 95415
    assert told("clock", "show")["offset_seconds"] == 95415


def test_without_a_worker_nothing_is_moved(two_cases: list[datetime]) -> None:
    with nothing_changes(), pytest.raises(Conflict, match="No worker runs"):
        stepping.advance(timedelta(days=14), patience=0.2)
    assert clock.offset() == timedelta()


def test_waiting_ends_with_a_sentence_and_the_clock_stays_where_it_is(two_cases: list[datetime]) -> None:
    with working():
        stepping.advance(timedelta())
    first = Timer.objects.filter(state="pending").order_by("next_at")[0].next_at
    before = datetime.now(UTC)
    with working(idle=True), pytest.raises(Conflict, match="1 timers are still not done"):
        stepping.advance(timedelta(days=14), patience=0.3)
    # What has passed since the instant is what has really passed meanwhile.
    assert timedelta() < clock.now() - first <= datetime.now(UTC) - before


def test_production_refuses(desk: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "_source", clock._Source(None))
    monkeypatch.setattr(clock, "configure", lambda settings: None)
    with nothing_changes():
        for words in (("4h",), ("4h", "--jump")):
            done = command("clock", "advance", *words)
            assert done.exit_code == 1
            assert "demo or test" in done.stderr
