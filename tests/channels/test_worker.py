"""The worker's loops: woken at once, stopped at once, alive through outages, nothing sent twice or forgotten."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import OperationalError, connection

from roomdesk.channels.matrix.errors import Forbidden, Unreachable
from roomdesk.channels.matrix.receive import arrival
from roomdesk.channels.matrix.retry import retry_delay
from roomdesk.channels.ways import Way
from roomdesk.queues import workers
from roomdesk.queues.inbox import store
from roomdesk.queues.models import InboxEvent, OutboxRow, Timer
from roomdesk.queues.outbox import Sent, note_sent
from roomdesk.queues.signals import INBOX, OUTBOX, notify
from roomdesk.runtime import clock
from roomdesk.worker import loops, ping, timers
from roomdesk.worker import outbox as sending
from roomdesk.worker.identity import Identity
from roomdesk.worker.listen import Listener
from roomdesk.worker.loops import Loop, Stop
from roomdesk.worker.outbox import SENDERS_BESIDE, Dispatcher
from roomdesk.worker.ping import Pinger
from roomdesk.worker.sweep import Sweeper, release_lost
from tests.channels.rows import add_row
from tests.harness.live import eventually

State = OutboxRow.State


def _ended(stop: Stop, *threads: threading.Thread) -> None:
    stop.ask()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive(), f"{thread.name} did not end"


class TestLoop:
    def test_goes_on_after_outages_and_errors(
        self, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        monkeypatch.setattr(loops, "AFTER_ERROR", 0.01)
        monkeypatch.setattr(loops, "BACK_OFF", (0.01, 0.02))
        troubles: list[Exception | None] = [
            OperationalError("gone\nDETAIL"),
            KeyError("ours"),
            OperationalError("gone"),
            None,
        ]
        done = threading.Event()

        def step() -> float:
            trouble = troubles.pop(0) if troubles else None
            if trouble:
                raise trouble
            done.set()
            return 60

        stop = Stop()
        loop = Loop("trouble", step, stop)
        with caplog.at_level(logging.WARNING):
            loop.start()
            assert done.wait(60)
        _ended(stop, loop)
        assert [record.exc_info is not None for record in caplog.records] == [False, True, False]
        assert "DETAIL" not in caplog.records[0].getMessage()

    def test_is_woken_while_it_waits_and_misses_no_wake_up(self) -> None:
        seen, wake, stop = [], threading.Event(), Stop()

        def step() -> float:
            seen.append(time.monotonic())
            if len(seen) == 2:
                wake.set()
            return 60

        loop = Loop("sleeper", step, stop, wake)
        loop.start()
        eventually(lambda: len(seen) == 1, "the first look")
        wake.set()
        eventually(lambda: len(seen) == 3, "a look after each wake-up")
        _ended(stop, loop)


class TestListener:
    def test_a_notification_wakes_and_a_break_wakes_all(self, database: str) -> None:
        event, other, stop = threading.Event(), threading.Event(), Stop()
        listener = Listener(database, {INBOX: event, "roomdesk_other": other}, stop)
        listener.start()
        assert event.wait(60) and other.wait(60)
        event.clear(), other.clear()
        notify(INBOX)
        assert event.wait(60) and not other.is_set()
        event.clear()
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE query LIKE 'LISTEN%%' AND datname = current_database() AND pid <> pg_backend_pid()"
            )
            assert cursor.rowcount == 1
        assert event.wait(60) and other.wait(60)
        event.clear()
        notify(INBOX)
        assert event.wait(60)
        _ended(stop, listener)

    def test_what_somebody_waits_for_hurries(self, database: str) -> None:
        (event, hurry, awaited), stop = (threading.Event() for _ in range(3)), Stop()
        listener = Listener(database, {INBOX: event, OUTBOX: threading.Event()}, stop, hurry, awaited)
        listener.start()
        assert hurry.wait(60), "nobody knows what was said before"
        event.clear(), hurry.clear()
        note_sent(add_row("Good morning", {}), Sent(report={}), clock.now())
        assert event.wait(60)
        event.clear()
        store([arrival({"event_id": "$topic", "room_id": "!r", "state_key": ""})], clock.now())
        assert event.wait(60) and not hurry.is_set()
        store([arrival({"event_id": "$words", "room_id": "!r"})], clock.now())
        assert hurry.wait(60) and not awaited.is_set()
        store([arrival({"event_id": "$more", "room_id": "!r"})], clock.now(), is_awaited=True)
        assert awaited.wait(60)
        _ended(stop, listener)


class TestIdentity:
    def test_a_number_lives_with_its_connection_and_a_new_one_is_taken(self, database: str) -> None:
        identity = Identity()
        identity.keep()
        first = identity.number
        assert first in workers.living()
        identity.keep()
        assert identity.number == first
        connection.connection.close()
        identity.keep()
        assert identity.number is None, "nothing may be claimed without registration"
        identity.keep()
        assert identity.number not in (None, first)
        # The server gives up a closed connection's lock in its own time.
        eventually(lambda: workers.living() == [identity.number], "the end of the first number")


class Outside:
    """A channel of the test's own."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str]] = []
        self.at_once: dict[str, int] = {}
        self.most_at_once: dict[str, int] = {}
        self.answer: Callable[[OutboxRow], Sent] = lambda row: Sent(f"${row.pk}")
        self._lock = threading.Lock()

    def send(self, row: OutboxRow) -> Sent:
        with self._lock:
            self.calls.append((row.destination, row.kind))
            count = self.at_once[row.destination] = self.at_once.get(row.destination, 0) + 1
            self.most_at_once[row.destination] = max(count, self.most_at_once.get(row.destination, 0))
        try:
            time.sleep(0.005)
            return self.answer(row)
        finally:
            with self._lock:
                self.at_once[row.destination] -= 1


class Desk:
    """A dispatcher with its loop, and the channel it sends through."""

    def __init__(self) -> None:
        self.outside, self.identity, self.stop, wake = Outside(), Identity(), Stop(), threading.Event()
        self.identity.keep()
        self.is_behind = False
        self.dispatcher = Dispatcher(
            self.identity,
            wake,
            self.stop,
            senders=6,
            ways={"test": Way(self.outside.send, retry_delay)},
            is_behind=lambda: self.is_behind,
        )
        self.loop = Loop("outbox", self.dispatcher.step, self.stop, wake)

    def run_until(self, done: Callable[[], bool]) -> None:
        self.loop.start()
        eventually(done, "the outbox' work")
        assert self.dispatcher.drain(60)


@pytest.fixture
def desk_of_senders(database: str) -> Iterator[Desk]:
    desk = Desk()
    yield desk
    _ended(desk.stop, desk.loop)
    desk.dispatcher.end()


def states() -> list[str]:
    return list(OutboxRow.objects.order_by("id").values_list("state", flat=True))


def all_over() -> bool:
    return not OutboxRow.objects.filter(state__in=OutboxRow.ACTIVE).exists()


class TestDispatcher:
    def test_rows_go_out_in_order_one_at_a_time_for_each_destination(self, desk_of_senders: Desk) -> None:
        rows = [add_row(f"{number}", {}, channel="test", destination=f"d{number % 4}") for number in range(40)]
        desk_of_senders.run_until(all_over)
        calls = desk_of_senders.outside.calls
        for place in range(4):
            assert [kind for where, kind in calls if where == f"d{place}"] == [
                f"{n}" for n in range(40) if n % 4 == place
            ]
        assert set(desk_of_senders.outside.most_at_once.values()) == {1}
        assert OutboxRow.objects.get(pk=rows[0].pk).external_id == f"${rows[0].pk}"

    def test_a_row_goes_out_when_it_is_told_of_however_seldom_anybody_looks(
        self, desk_of_senders: Desk, database: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sending, "_IDLE", 3600.0)
        listener = Listener(database, {OUTBOX: desk_of_senders.loop.wake}, desk_of_senders.stop)
        desk_of_senders.loop.start()
        listener.start()
        add_row("told of until somebody listens", {}, channel="test")
        eventually(lambda: notify(OUTBOX) or states() == ["sent"], "a row to be sent")
        for number in range(2, 5):
            add_row("told of once", {}, channel="test")
            notify(OUTBOX)
            eventually(lambda number=number: states() == ["sent"] * number, "a row to be sent")
        _ended(desk_of_senders.stop, listener)

    def test_an_outage_is_waited_for_and_a_refusal_is_final(self, desk_of_senders: Desk) -> None:
        def answer(row: OutboxRow) -> Sent:
            if row.kind == "refused":
                raise Forbidden(403, "M_FORBIDDEN", "No.")
            if row.attempts == 1:
                raise Unreachable("ConnectError")
            return Sent()

        desk_of_senders.outside.answer = answer
        add_row("later", {}, channel="test", destination="a")
        add_row("behind", {}, channel="test", destination="a")
        add_row("refused", {}, channel="test", destination="b")
        add_row("lost", {}, channel="nobody", destination="c")
        desk_of_senders.run_until(all_over)
        assert states() == ["sent", "sent", "failed", "failed"]
        assert [kind for where, kind in desk_of_senders.outside.calls if where == "a"] == [
            "later",
            "later",
            "behind",
            "behind",
        ]
        failed = OutboxRow.objects.filter(state=State.FAILED).order_by("id").values_list("last_error", flat=True)
        assert list(failed) == [
            "The homeserver answered 403 M_FORBIDDEN: No.",
            'There is no channel "nobody" in this version.',
        ]

    def test_while_the_inbox_is_behind_few_go_on_with_the_most_urgent_first(self, desk_of_senders: Desk) -> None:
        desk, going = desk_of_senders, threading.Event()

        def answer(row: OutboxRow) -> Sent:
            assert going.wait(120)
            return Sent()

        desk.outside.answer, desk.is_behind = answer, True
        for number in range(8):
            add_row(f"{number}", {}, channel="test", priority=9 if number > 5 else 0)
        desk.loop.start()
        eventually(lambda: len(desk.outside.calls) == SENDERS_BESIDE, "the few senders' first rows")
        time.sleep(0.1)
        assert sorted(kind for _, kind in desk.outside.calls) == ["6", "7"]
        assert states().count("sending") == SENDERS_BESIDE
        desk.is_behind = False
        going.set()
        eventually(all_over, "everything goes out")

    def test_a_report_comes_back_through_the_inbox(self, desk_of_senders: Desk) -> None:
        desk_of_senders.outside.answer = lambda row: Sent("!room", {"room_id": "!room"}, {"room_id": "!room"})
        row = add_row("create_room", {}, channel="test")
        desk_of_senders.run_until(all_over)
        event = InboxEvent.objects.get(source="outbox")
        assert event.external_id == str(row.key) and '"room_id": "!room"' in event.raw

    def test_what_was_sent_is_noted_although_the_database_breaks_off(
        self, desk_of_senders: Desk, monkeypatch: Any
    ) -> None:
        from roomdesk.queues import outbox

        troubles, note = [OperationalError("gone"), OperationalError("gone")], outbox.note_sent

        def breaking(*args: Any) -> None:
            if troubles:
                raise troubles.pop()
            note(*args)

        monkeypatch.setattr(outbox, "note_sent", breaking)
        add_row("once", {}, channel="test")
        desk_of_senders.run_until(all_over)
        assert len(desk_of_senders.outside.calls) == 1 and states() == ["sent"]

    def test_nothing_is_claimed_without_a_registration(self, desk_of_senders: Desk) -> None:
        add_row("waiting", {}, channel="test")
        desk_of_senders.identity._number = None
        desk_of_senders.loop.start()
        time.sleep(0.3)
        assert states() == ["queued"]


class TestSweeper:
    def sweep(self, identity: Identity, held: list[int]) -> None:
        Sweeper(identity, lambda: held, lambda: 0).step()

    def test_rows_of_the_dead_and_lost_ones_of_ours_go_out_again(self, database: str) -> None:
        identity = Identity()
        identity.keep()
        number, old = identity.number, clock.now() - timedelta(minutes=1)
        sending = {"state": State.SENDING, "claimed_at": old}
        dead = add_row("dead", {}, **sending, claimed_by=10**9)
        lost = add_row("lost", {}, **sending, claimed_by=number)
        held = add_row("held", {}, **sending, claimed_by=number)
        young = add_row("young", {}, state=State.SENDING, claimed_at=clock.now(), claimed_by=number)
        self.sweep(identity, [held.pk])
        found = dict(OutboxRow.objects.values_list("pk", "state"))
        assert [found[row.pk] for row in (dead, lost, held, young)] == ["retry", "retry", "sending", "sending"]
        assert release_lost(int(number or 0), [held.pk], clock.now()) == 0


class TestTimers:
    def test_the_next_look_is_when_the_next_is_due(self, database: str, lane: int) -> None:
        assert timers.step(lambda: 0) == timers.LONGEST
        with clock.frozen(clock.now()) as time:
            Timer.objects.create(lane_id=lane, kind="x", subject_id=1, next_at=time.at + timedelta(milliseconds=400))
            assert timers.step(lambda: 0) == 0.4
            time.tick(timedelta(hours=1))
            assert timers.step(lambda: 0) == 0.05

    def test_all_that_is_due_is_fired(self, database: str) -> None:
        left = [200, 17]
        timers.step(lambda: left.pop(0) if left else 0)
        assert left == []


@pytest.fixture
def lane(database: str) -> int:
    from roomdesk.queues.models import Lane

    return Lane.objects.get_or_create(key="test")[0].pk


class TestPinger:
    def test_asks_until_it_is_reached_then_only_in_silence(
        self, database: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        class Homeserver:
            answers: list[Exception | None] = [Unreachable("x"), Unreachable("x"), None]
            asked = 0

            def ping(self) -> dict[str, Any]:
                self.asked += 1
                trouble = self.answers.pop(0)
                if trouble:
                    raise trouble
                return {}

        homeserver: Any = Homeserver()
        pinger = Pinger(lambda: homeserver)
        moment = 100.0
        monkeypatch.setattr(ping, "time", SimpleNamespace(monotonic=lambda: moment))
        waits = [pinger.step() for _ in range(3)]
        assert homeserver.asked == 3
        assert waits[0] < waits[1] < waits[2] == 60.0
        moment += 20
        assert pinger.step() == 40.0 and homeserver.asked == 3
