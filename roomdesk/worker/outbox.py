"""Sending: one dispatcher that claims rows, and sender threads that carry them out, each row by itself."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime

from django.db import InterfaceError, OperationalError, connection

from roomdesk.channels.ways import Way
from roomdesk.queues import outbox
from roomdesk.queues.models import OutboxRow
from roomdesk.queues.outbox import Sent
from roomdesk.runtime import clock, faults
from roomdesk.worker.identity import Identity
from roomdesk.worker.loops import BACK_OFF, Stop, first_line
from roomdesk.worker.ways import WAYS

_LOG = logging.getLogger("roomdesk.outbox")

#: As many as the homeserver makes most of: it serves 32 calls at once faster than 16.
SENDERS = 32
#: So many go on while the inbox is behind: first everything is on record with its clocks running, then it is talked about.
SENDERS_BESIDE = 2
#: Least time between two claims: many rows finishing together are followed up by one claim, not by one each.
_GAP = 0.01
#: The same while the inbox is behind: what is urgent loses no more than this, and every call takes time from the flow.
_GAP_BEHIND = 0.25
#: Where more waits than there are senders: the next claim is made when a quarter of them are free again, or after so many seconds.
#: A claim looks at every destination that waits, and one for each sender that becomes free would cost more than the sending.
_GAP_FULL = 0.2
_IDLE = 1.0

#: Takes up to so many rows for the worker of this number, as they stand at an instant.
Claim = Callable[[int, int, datetime], list[OutboxRow]]


def send_one(row: OutboxRow, ways: Mapping[str, Way] = WAYS) -> None:
    """Carries out one claimed row and notes what became of it, waiting for the database as long as that takes."""
    faults.point("outbox-claimed")
    way = ways.get(row.channel)
    if way is None:
        _noted(lambda: _give_up(row, f'There is no channel "{row.channel}" in this version.'))
        return
    result = _attempt(row, way)
    if isinstance(result, Exception):
        _noted(lambda: _note_error(row, result, way))
        return
    faults.point("outbox-called")
    _noted(lambda: outbox.note_sent(row, result, clock.now()))


def _attempt(row: OutboxRow, way: Way) -> Sent | Exception:
    try:
        return way.send(row)
    except Exception as error:  # noqa: BLE001 - every error is the row's, and is noted on it
        return error


def _note_error(row: OutboxRow, error: Exception, way: Way) -> None:
    text = str(error) or type(error).__name__
    delay = way.retry_delay(error, row.attempts, str(row.key))
    if delay is None:
        _give_up(row, text)
    else:
        _LOG.debug("Row %d (%s) is tried again in %s: %s", row.pk, row.kind, delay, text)
        outbox.note_retry(row, text, delay, clock.now())


def _give_up(row: OutboxRow, text: str) -> None:
    outbox.note_failed(row, text, clock.now())
    _LOG.error("Row %d (%s to %s) was given up: %s", row.pk, row.kind, row.destination, text)


def _noted(note: Callable[[], None]) -> None:
    """Notes, waiting for the database as long as it takes: what was sent must not be forgotten."""
    wait = BACK_OFF[0]
    while True:
        try:
            note()
            return
        except (OperationalError, InterfaceError) as error:
            if wait == BACK_OFF[0]:
                _LOG.warning("A sender waits for the database: %s", first_line(error))
            connection.close()
            time.sleep(wait)
            wait = min(wait * 2, BACK_OFF[1])
        finally:
            connection.close()


class Dispatcher:
    """Claims as many rows as there are free senders. `step` is a loop's step; `held` are the rows in hand.

    `before` is done before a claim and before each row; `after` after each row, and where there was none. One that is in
    `haste` waits for nothing between two claims.
    """

    def __init__(
        self,
        identity: Identity,
        wake: threading.Event,
        stop: Stop,
        *,
        senders: int = SENDERS,
        ways: Mapping[str, Way] = WAYS,
        is_behind: Callable[[], bool] = lambda: False,
        claim: Claim = outbox.claim,
        before: Callable[[], None] = lambda: None,
        after: Callable[[], None] = lambda: None,
        haste: bool = False,
    ) -> None:
        self._identity = identity
        self._wake = wake
        self._stop = stop
        self._ways = ways
        self._senders = senders
        self._is_behind = is_behind
        self._claim = claim
        self._before, self._after = before, after
        self._haste = haste
        self._todo: queue.SimpleQueue[OutboxRow | None] = queue.SimpleQueue()
        self._held: set[int] = set()
        self._lock = threading.Lock()
        for number in range(1, senders + 1):
            name = f"{'caller' if haste else 'sender'}-{number}"
            threading.Thread(target=self._send, name=name, daemon=True).start()

    def held(self) -> list[int]:
        with self._lock:
            return sorted(self._held)

    def step(self) -> float:
        """Claims and hands out; then waits for a notification or a sender that becomes free."""
        number, free = self._identity.number, self._at_once() - len(self.held())
        if number is None or free <= 0 or self._stop.asked:
            return _IDLE
        self._before()
        rows = self._claim(number, free, clock.now())
        with self._lock:
            self._held.update(row.pk for row in rows)
        for row in rows:
            self._todo.put(row)
        if self._haste:
            return self._hastened(rows)
        time.sleep(_GAP_BEHIND if self._is_behind() else _GAP)
        if len(rows) == free:
            self._await_some_free()
        return _IDLE

    def _hastened(self, rows: list[OutboxRow]) -> float:
        if not rows:
            self._after()
        return _IDLE

    def _await_some_free(self) -> None:
        until, enough = time.monotonic() + _GAP_FULL, max(1, self._senders // 4)
        while self._senders - len(self.held()) < enough and time.monotonic() < until and not self._stop.asked:
            time.sleep(_GAP)

    def _at_once(self) -> int:
        """What is urgent is claimed first, so fewer senders hold up only what is not."""
        return min(self._senders, SENDERS_BESIDE) if self._is_behind() else self._senders

    def drain(self, seconds: float) -> bool:
        """Waits for the rows in hand at the end; False where some are left (they are sent again by others)."""
        until = time.monotonic() + seconds
        while self.held() and time.monotonic() < until:
            time.sleep(0.02)
        return not self.held()

    def end(self) -> None:
        """Ends the sender threads, each after the row in its hand."""
        for _ in range(self._senders):
            self._todo.put(None)

    def _send(self) -> None:
        while (row := self._todo.get()) is not None:
            try:
                self._before()
                send_one(row, self._ways)
            except Exception:  # noqa: BLE001 - a sender never ends by an error
                # The row stays claimed by us and unheld: the sweeper finds it.
                _LOG.exception("Row %d could not be noted.", row.pk)
            finally:
                with self._lock:
                    self._held.discard(row.pk)
                self._after()
                self._wake.set()
