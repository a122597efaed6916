"""Rows that call somebody are claimed apart from all others, by senders of their own."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from django.db import connection, transaction

from roomdesk.channels.matrix.retry import retry_delay
from roomdesk.channels.ways import Way
from roomdesk.queues import outbox
from roomdesk.queues.models import OutboxRow
from roomdesk.queues.outbox import Sent, claim_urgent
from roomdesk.runtime import clock
from roomdesk.worker.identity import Identity
from roomdesk.worker.loops import Loop, Stop
from roomdesk.worker.outbox import Dispatcher
from tests.channels.rows import add_row
from tests.harness.live import eventually

State = OutboxRow.State


def called(kind: str, **fields: object) -> OutboxRow:
    return add_row(kind, {"call": kind}, **{"priority": outbox.URGENT, "channel": "test", **fields})


def claimed(limit: int = 10) -> list[str]:
    return [row.kind for row in claim_urgent(7, limit, clock.now())]


def test_only_what_is_urgent_and_due_and_first_of_its_destination_is_claimed_once(database: str) -> None:
    later = clock.now() + timedelta(minutes=1)
    add_row("ordinary", {}, priority=10)
    called("later", next_at=later)
    called("over", state=State.SENT)
    called("first", destination="a")
    called("behind", destination="a")
    add_row("before", {}, destination="b")
    called("waits", destination="b")
    called("alone")
    assert claimed(1) == ["first"]
    assert claimed() == ["alone"]
    assert claimed() == []
    assert set(OutboxRow.objects.exclude(state=State.SENDING).values_list("kind", flat=True)) == {
        "ordinary",
        "later",
        "over",
        "behind",
        "before",
        "waits",
    }


def test_a_claim_says_who_has_it_and_since_when_and_gives_the_row_as_it_is_then(database: str) -> None:
    made = called("one", state=State.RETRY, attempts=2)
    (row,) = claim_urgent(7, 10, clock.now())
    there = OutboxRow.objects.get(pk=made.pk)
    for found in (row, there):
        assert (found.state, found.attempts, found.claimed_by, found.payload) == ("sending", 3, 7, made.payload)
        assert found.claimed_at is not None and found.first_claimed_at == found.claimed_at


def test_what_another_claims_just_now_is_passed_over(database: str) -> None:
    row = called("one")
    called("two")
    held, ended = threading.Event(), threading.Event()
    thread = threading.Thread(target=_hold, args=(row.pk, held, ended))
    thread.start()
    try:
        assert held.wait(60)
        assert claimed() == ["two"]
    finally:
        ended.set()
        thread.join(60)


def _hold(pk: int, held: threading.Event, ended: threading.Event) -> None:
    try:
        with transaction.atomic():
            OutboxRow.objects.select_for_update(no_key=True).get(pk=pk)
            held.set()
            assert ended.wait(120)
    finally:
        connection.close()


@dataclass
class Callers:
    """A dispatcher of nothing else than calls, and what happened in its order."""

    done: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.identity, self.stop, wake = Identity(), Stop(), threading.Event()
        self.identity.keep()
        self.dispatcher = Dispatcher(
            self.identity,
            wake,
            self.stop,
            senders=2,
            ways={"test": Way(self._send, retry_delay)},
            claim=claim_urgent,
            after=lambda: self.done.append("after"),
            haste=True,
        )
        self.loop = Loop("calls", self.dispatcher.step, self.stop, wake)

    def _send(self, row: OutboxRow) -> Sent:
        self.done.append(row.kind)
        return Sent()


@pytest.fixture
def callers(database: str) -> Iterator[Callers]:
    made = Callers()
    yield made
    made.stop.ask()
    if made.loop.ident:
        made.loop.join(60)
    made.dispatcher.end()


def test_calls_go_out_however_many_others_wait_and_each_is_told_of(callers: Callers) -> None:
    for number in range(50):
        add_row(f"{number}", {}, channel="test")
    row = called("call")
    callers.loop.start()
    eventually(lambda: OutboxRow.objects.get(pk=row.pk).state == State.SENT, "the call")
    assert callers.dispatcher.drain(60)
    assert callers.done[:2] == ["call", "after"]
    assert OutboxRow.objects.filter(state=State.QUEUED).count() == 50


def test_where_there_is_nobody_to_call_that_is_told_at_once(callers: Callers) -> None:
    assert callers.dispatcher.step() > 0
    assert callers.done == ["after"]
