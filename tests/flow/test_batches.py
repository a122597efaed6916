"""Many events in one transaction give what one by one would; whatever is wrong with one stops no other (DESIGN §2.2, D24, D25)."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from roomdesk import pipeline
from roomdesk.clocks.models import Clock
from roomdesk.queues import lanes
from roomdesk.queues.models import InboxEvent, Lane
from roomdesk.record.models import Message
from roomdesk.runtime import clock, faults
from tests.flow import steps
from tests.flow.conftest import Fresh
from tests.flow.snapshot import snapshot
from tests.flow.world import ASEN, IVAN, OLGA, SLUGS, START, Step, inbox_states, message, room, store, work_off


def outcome(fresh: Fresh, drawn: list[Step], batches: list[int]) -> dict[str, dict[str, list[str]]]:
    """What the world looks like after these events, worked off in batches of these sizes, over and over."""
    with fresh(), clock.frozen(START) as time:
        steps.store_all(drawn, time)
        place = 0
        while pipeline.drain(batches[place % len(batches)]):
            place += 1
        return snapshot()


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(drawn=steps.steps(), batches=st.lists(st.integers(2, 40), min_size=1, max_size=4))
def test_batches_of_any_size_give_what_one_by_one_gives(fresh: Fresh, drawn: list[Step], batches: list[int]) -> None:
    alone, together = outcome(fresh, drawn, [1]), outcome(fresh, drawn, batches)
    for slug in SLUGS:
        for table, rows in alone[slug].items():
            assert together[slug][table] == rows, (slug, table)


def test_the_queries_of_a_batch_are_no_more_for_200_events_than_for_10(desk: None) -> None:
    with clock.frozen(START) as time:
        store(*_talk(0, 9))
        work_off()  # Product data is read once a process.
        numbers = [_queries(_talk(first, count), time) for first, count in ((100, 10), (1000, 200))]
    # Ids come in blocks of the batch's size, and a case takes more than one of some: a small batch may ask once more. Very many rows are
    # copied, and what waits is sent before that.
    assert abs(numbers[1] - numbers[0]) <= 2


def _talk(first: int, count: int) -> list[dict[str, object]]:
    """New matters by two people in all rooms."""
    return [
        message(f"$t{n}", room(SLUGS[n % 3]), (OLGA, ASEN)[n % 2], f"Matter {n} cannot be saved.")
        for n in range(first, first + count)
    ]


def _queries(events: list[dict[str, object]], time: clock.Frozen) -> int:
    # Beyond the window of everything said before, so that both batches open cases.
    time.tick(timedelta(hours=1))
    # What the control room hears of the cases before is work of its own.
    work_off()
    for event in events:
        event["origin_server_ts"] = clock.to_ms(clock.now())
    store(*events)
    with CaptureQueriesContext(connection) as captured:
        assert pipeline.drain() == len(events)
    return len(captured)


def test_a_poisoned_event_is_set_aside_with_its_error_and_stops_nobody(
    desk: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROOMDESK_FAULTS", "fail=POISON")
    with clock.frozen(START):
        for slug in SLUGS:
            store(message(f"${slug}-1", room(slug), OLGA, "The first matter."))
        store(message("$bad", room("birch"), OLGA, "POISON"))
        for slug in SLUGS:
            store(message(f"${slug}-2", room(slug), OLGA, "More of it."))
        _drain_patiently()
    states = inbox_states()
    assert states.pop("$bad") == "set_aside"
    assert set(states.values()) == {"done"}
    bad = InboxEvent.objects.get(external_id="$bad")
    assert (bad.attempts, bad.reason) == (2, "InjectedFault: This event was poisoned by a test (POISON).")
    for slug in SLUGS:
        assert _recorded(slug)[-2:] == [f"${slug}-1", f"${slug}-2"]


def test_lanes_that_another_worker_holds_stop_no_others(desk: None) -> None:
    with clock.frozen(START):
        for number in (1, 2):
            store(message(f"$acme-{number}", room("acme"), OLGA, f"Matter {number}."))
        store(message("$birch-1", room("birch"), OLGA, "A matter of ours."))
        lanes.assign_waiting()
        held, done, ended = Lane.objects.get(key="workspace:acme").pk, threading.Event(), threading.Event()
        thread = threading.Thread(target=_hold, args=(held, done, ended))
        thread.start()
        try:
            assert done.wait(60)
            assert pipeline.drain(2) == 1, "two events of acme would be a batch, and cannot be had"
            states = inbox_states()
            assert (states["$birch-1"], states["$acme-1"]) == ("done", "pending")
            assert pipeline.drain(2) == 0
        finally:
            ended.set()
            thread.join(60)
        assert pipeline.drain(2) == 2
        assert inbox_states()["$acme-2"] == "done"


def _hold(lane_id: int, done: threading.Event, ended: threading.Event) -> None:
    """Another worker in the middle of its work."""
    try:
        with transaction.atomic():
            lanes.lock(lane_id)
            done.set()
            assert ended.wait(120)
    finally:
        connection.close()


def test_what_waits_behind_an_event_that_failed_once_keeps_its_place(
    desk: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROOMDESK_FAULTS", "fail=POISON")
    with clock.frozen(START):
        store(message("$bad", room("birch"), OLGA, "POISON"), message("$next", room("birch"), OLGA, "And more."))
        assert pipeline.drain() == 0
        assert (inbox_states()["$bad"], inbox_states()["$next"]) == ("pending", "pending")
        monkeypatch.delenv("ROOMDESK_FAULTS")
        work_off()
    assert _recorded("birch")[-2:] == ["$bad", "$next"]


def test_a_replayed_event_is_recorded_at_its_own_time_marked_late(desk: None, monkeypatch: pytest.MonkeyPatch) -> None:
    with clock.frozen(START) as time:
        monkeypatch.setenv("ROOMDESK_FAULTS", "fail=POISON")
        store(message("$bad", room("acme"), OLGA, "POISON in the soup"))
        _drain_patiently()
        assert inbox_states()["$bad"] == "set_aside"
        assert not Message.objects.filter(external_id="$bad").exists()

        monkeypatch.delenv("ROOMDESK_FAULTS")
        time.tick(timedelta(hours=3))
        pipeline.replay(InboxEvent.objects.get(external_id="$bad").pk)
        assert work_off() == 2, "the event, and the control room hears of its case"
    recorded = Message.objects.get(external_id="$bad")
    assert (recorded.at, recorded.recorded_at, recorded.is_late) == (START, START + timedelta(hours=3), True)
    started = Clock.objects.get(case_id=recorded.case_id, kind="first_response")
    assert started.started_at == START


def test_only_what_is_set_aside_can_be_replayed(desk: None) -> None:
    with clock.frozen(START):
        store(message("$fine", room("acme"), OLGA, "All is well."))
        work_off()
        event = InboxEvent.objects.get(external_id="$fine")
        pipeline.replay(event.pk)
        assert work_off() == 0
    assert InboxEvent.objects.get(pk=event.pk).is_replayed is False
    assert Message.objects.filter(external_id="$fine").count() == 1


@pytest.mark.parametrize("poisoned", [False, True], ids=["in a batch", "alone"])
def test_an_error_of_the_database_is_never_the_events_fault(
    desk: None, monkeypatch: pytest.MonkeyPatch, poisoned: bool
) -> None:
    """The connection is really cut in the middle of applying, more often than an event may fail."""
    cuts = pipeline.ATTEMPTS + 2
    if poisoned:
        # The batch fails by this one, so that the others are applied alone.
        monkeypatch.setenv("ROOMDESK_FAULTS", "fail=POISON")
    with clock.frozen(START):
        store(message("$one", room("acme"), OLGA, "The first matter."))
        if poisoned:
            store(message("$bad", room("birch"), OLGA, "POISON"))
        with monkeypatch.context() as cutting:
            cutting.setattr(faults, "point", _cut_off)
            for _ in range(cuts):
                with pytest.raises(OperationalError):
                    pipeline.drain()
                connection.close()
        event = InboxEvent.objects.get(external_id="$one")
        assert (event.state, event.attempts, event.reason) == ("pending", 0, "")
        _drain_patiently()
    assert inbox_states()["$one"] == "done"
    assert _recorded("acme")[-1] == "$one"


def _cut_off(name: str) -> None:
    if name == "apply-decided":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")


def _drain_patiently() -> None:
    """An event that failed once is tried again at the next look, which the worker takes after a second."""
    for _ in range(2 * pipeline.ATTEMPTS):
        work_off()


def _recorded(slug: str) -> list[str]:
    rows = Message.objects.filter(workspace__slug=slug, author_kind="customer").order_by("number")
    return list(rows.values_list("external_id", flat=True))


def test_a_reply_to_a_notice_of_a_closed_case_is_placed_alike_in_a_batch(fresh: Fresh) -> None:
    """The case is known only through the notice that came back in the same batch."""
    echo = Step("acme", OLGA, "echo", "It is on record.", about=1, seconds=0, late=0)
    thanks = Step("acme", ASEN, "reply", "Thanks!", about=0, seconds=1, late=0)
    alone, together = (outcome(fresh, [echo, thanks], [size]) for size in (1, 2))
    assert "case-2" in alone["acme"]["record"][-1]
    assert together == alone


def test_reopening_resuming_waking_and_asking_are_the_same_in_a_batch(fresh: Fresh) -> None:
    """Each step rests on what the one before it changed: nothing of it is in the database yet when they are decided together."""
    drawn = [
        Step("acme", OLGA, "thread", "It beeps again.", about=1, seconds=0, late=0),
        Step("acme", IVAN, "message", "Have a look now.", about=0, seconds=1, late=0),
        Step("acme", ASEN, "thread", "Stripes still.", about=2, seconds=1, late=0),
        Step("acme", IVAN, "thread", "The scanner is off.", about=2, seconds=1, late=0),
        Step("cedar", OLGA, "thread", "It flickers on.", about=0, seconds=0, late=0),
        Step("cedar", OLGA, "thread", "It beeps again.", about=2, seconds=700, late=0),
        Step("cedar", IVAN, "thread", "!desk ack", about=0, seconds=1, late=0),
        Step("cedar", IVAN, "thread", "Really?", about=1, seconds=1, late=0),
    ]
    alone = outcome(fresh, drawn, [1])
    assert [len(alone[slug]["questions"]) for slug in SLUGS] == [1, 0, 0]
    assert [any("'number': 2" in row for row in alone[slug]["cycles"]) for slug in SLUGS] == [True, False, True]
    changes = "".join(alone["cedar"]["changes"])
    assert "The customer answered." in changes and "'what': 'snooze'" in changes
    for sizes in ([8], [3], [2, 5]):
        assert outcome(fresh, drawn, sizes) == alone
