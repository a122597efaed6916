"""What a broken homeserver forgot stands before what it pushes afterwards; only its room waits for that, and not for long."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction

from roomdesk.queues import holds, inbox, lanes
from roomdesk.queues.inbox import Arrival
from roomdesk.queues.models import InboxEvent, Lane, Route
from roomdesk.runtime import clock
from tests.harness.live import eventually

NOW = datetime(2026, 3, 9, 8, 0, tzinfo=UTC)


@pytest.fixture
def moment() -> Iterator[clock.Frozen]:
    with clock.frozen(NOW) as frozen:
        yield frozen


@pytest.fixture
def lane(database: str, moment: clock.Frozen) -> Lane:
    made, _ = Lane.objects.get_or_create(key="workspace:acme")
    lanes.route("matrix", "!acme", made, clock.now())
    return made


def arrivals(*names: str, source: str = "matrix", address: str = "!acme") -> list[Arrival]:
    return [Arrival(source, name, address, "{}") for name in names]


def push(*names: str, source: str = "matrix", address: str = "!acme") -> None:
    """Something comes in by itself."""
    inbox.receive_transaction(f"t-{names}", b"", arrivals(*names, source=source, address=address), clock.now())
    lanes.assign_waiting()


def broken() -> None:
    holds.begin("matrix", clock.now(), timedelta(minutes=5))


def read_back(*names: str) -> int:
    """The room is read and holds these, in this order."""
    (route,) = holds.unread("matrix", 5)
    return holds.read_back(route, arrivals(*names))


def work() -> list[str]:
    """Does what may be done now."""
    with transaction.atomic():
        held = lanes.lock_free(lanes.waiting_lanes(10))
        events = lanes.pending(held, 100)
        InboxEvent.objects.filter(pk__in=[event.pk for event in events]).update(state="done")
    return [event.external_id for event in events]


def test_what_was_forgotten_stands_before_what_came_after_the_break(lane: Lane) -> None:
    push("a")
    assert work() == ["a"]
    broken()
    push("d", "f")
    assert work() == []
    assert read_back("a", "b", "c", "d", "e", "f") == 3
    push("g")
    assert work() == ["b", "c", "d", "e", "f", "g"]


def test_without_the_hold_the_room_gets_out_of_order(lane: Lane, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "HOLDING", False)
    broken()
    push("d")
    assert work() == ["d"]
    read_back("b", "c", "d")
    assert work() == ["b", "c"]


def test_what_was_pushed_while_the_room_was_read_comes_after_it(lane: Lane) -> None:
    broken()
    push("b", "z")
    read_back("a", "b")
    assert work() == ["a", "b", "z"]


def test_a_room_that_misses_nothing_keeps_its_places(lane: Lane) -> None:
    broken()
    push("a", "b")
    before = list(InboxEvent.objects.order_by("id").values_list("id", "external_id"))
    assert read_back("a", "b") == 0
    assert list(InboxEvent.objects.order_by("id").values_list("id", "external_id")) == before
    assert work() == ["a", "b"] and not holds.unread("matrix", 5)


def test_only_the_room_waits(lane: Lane) -> None:
    other = Lane.objects.create(key="workspace:other")
    lanes.route("email", "acme@example.com", lane, clock.now())
    broken()
    lanes.route("matrix", "!other", other, clock.now())
    push("held")
    push("mail", source="email", address="acme@example.com")
    push("elsewhere", address="!other")
    assert sorted(work()) == ["elsewhere", "mail"]
    other.delete()


def test_nobody_waits_for_long(lane: Lane, moment: clock.Frozen) -> None:
    push("before")
    moment.tick(timedelta(hours=1))
    broken()
    assert work() == []
    moment.tick(lanes.HELD_FOR)
    push("after")
    assert work() == ["before"], "the break is older than that, the later event is not"
    moment.tick(lanes.HELD_FOR)
    assert work() == ["after"]


def test_a_break_noticed_while_the_room_is_read_holds_it_on(lane: Lane, moment: clock.Frozen) -> None:
    broken()
    (route,) = holds.unread("matrix", 5)
    moment.tick(timedelta(seconds=3))
    broken()
    holds.read_back(route, arrivals("a"))
    push("c")
    assert work() == []
    read_back("a", "b", "c")
    assert work() == ["a", "b", "c"]


def test_an_older_break_that_is_not_read_yet_is_not_forgotten(lane: Lane, moment: clock.Frozen) -> None:
    moment.tick(timedelta(hours=2))
    broken()
    first = Route.objects.get(address="!acme").unread_from
    moment.tick(timedelta(hours=2))
    broken()
    assert Route.objects.get(address="!acme").unread_from == first


def test_urgent_lanes_are_first_while_others_are_held(lane: Lane) -> None:
    for name, urgent in (("slow", False), ("quick", True)):
        made = Lane.objects.create(key=f"workspace:{name}")
        lanes.route("email", name, made, clock.now())
        inbox.receive_transaction(name, b"", [Arrival("email", name, name, "{}", urgent)], clock.now())
    lanes.assign_waiting()
    broken()
    first, second = lanes.waiting_lanes(5)
    assert (Lane.objects.get(pk=first).key, Lane.objects.get(pk=second).key) == ("workspace:quick", "workspace:slow")
    Lane.objects.filter(pk__in=[first, second]).delete()


def _waits_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return bool(cursor.fetchone()[0])


def _late_commit(*, waits: bool) -> list[str]:
    """A push takes its place, then the room is read back, then the push commits; returns what is worked on, in order.

    `waits`: the reading is seen to wait for the push; otherwise it is done before.
    """
    stored, read, end = threading.Event(), threading.Event(), threading.Event()

    def slow_push() -> None:
        with transaction.atomic():
            inbox._received("slow", "", arrivals("z"), clock.now())
            stored.set()
            assert end.wait(120)
        connection.close()

    def reader() -> None:
        read_back("a", "b")
        read.set()
        connection.close()

    push("b")
    threads = [threading.Thread(target=slow_push), threading.Thread(target=reader)]
    threads[0].start()
    assert stored.wait(60)
    threads[1].start()
    eventually(_waits_for_a_lock if waits else read.is_set, "the reading" + (" to wait" if waits else ""))
    assert read.is_set() is not waits
    end.set()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    lanes.assign_waiting()
    return work()


def test_a_push_that_commits_late_keeps_its_place_behind(lane: Lane) -> None:
    broken()
    assert _late_commit(waits=True) == ["a", "b", "z"]


def test_without_the_arriving_lock_it_jumps_the_queue(lane: Lane, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holds, "ARRIVING_WAITS", False)
    broken()
    assert _late_commit(waits=False) == ["z", "a", "b"]
