"""One worker process: loops for what came in, what must go out and what is due. Any number of them may run."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from django.db import connection

from roomdesk import bootstrap
from roomdesk.channels.matrix import client
from roomdesk.queues import outbox
from roomdesk.queues.signals import CALLS, INBOX, OUTBOX, TIMERS, URGENT
from roomdesk.runtime import ending
from roomdesk.worker import beat, importer, pager, ready, rooms, timers, urgent
from roomdesk.worker.filer import Filer
from roomdesk.worker.files import FileKeeper
from roomdesk.worker.gaps import GapFinder
from roomdesk.worker.identity import Identity
from roomdesk.worker.inbox import Drainer
from roomdesk.worker.listen import Listener
from roomdesk.worker.loops import Loop, Stop
from roomdesk.worker.outbox import Dispatcher
from roomdesk.worker.ping import Pinger
from roomdesk.worker.precedence import Precedence
from roomdesk.worker.sweep import Sweeper
from roomdesk.worker.watch import Watcher

_LOG = logging.getLogger("roomdesk.worker")

#: Seconds that rows in hand get at the end.
GRACE = 4.5
#: So many calls for somebody are under way at once, beside everything else that is sent.
CALLERS = 4


@dataclass(frozen=True, slots=True)
class Flow:
    """What the loops run: `drain` works off pending events, `drain_urgent` only where a P0 waits, `fire_timers` due timers, `put_away` what nobody claims.

    Each returns how many it did.
    """

    drain: Callable[[], int]
    drain_urgent: Callable[[], int]
    fire_timers: Callable[[], int]
    put_away: Callable[[], int]


def flow() -> Flow:
    """The installation's pipeline."""
    from roomdesk import pipeline, timers

    return Flow(pipeline.drain, pipeline.drain_urgent, timers.fire, pipeline.put_away_unrouted)


class Worker:
    """All loops of the process. `identity.keep()` must be called from one thread, now and then."""

    def __init__(self, run: Flow) -> None:
        assert bootstrap.settings.database_url is not None
        self._stop = Stop()
        self.identity = Identity()
        inbox, p0, out, calls, due = (threading.Event() for _ in range(5))
        self._watcher, first = Watcher(client.current, self.identity), Precedence()
        drainer = Drainer(first.after(run.drain), self._watcher.suspect)
        self._dispatcher = Dispatcher(
            self.identity, out, self._stop, is_behind=lambda: drainer.is_behind, before=first.wait
        )
        self._callers = Dispatcher(
            self.identity,
            calls,
            self._stop,
            senders=CALLERS,
            claim=outbox.claim_urgent,
            after=first.called,
            haste=True,
        )
        self._threads: list[threading.Thread] = [
            Loop("inbox", drainer.step, self._stop, inbox),
            Loop("urgent", urgent.step_of(run.drain_urgent, self._watcher.suspect, first, calls), self._stop, p0),
            Loop("calls", self._callers.step, self._stop, calls),
            Loop("backlog", drainer.second(), self._stop, drainer.backlog),
            Loop("outbox", self._dispatcher.step, self._stop, out),
            Loop("timers", lambda: timers.step(first.after(run.fire_timers)), self._stop, due),
            Loop("pager", pager.step, self._stop),
            Loop("beat", beat.step, self._stop),
            Loop("importer", importer.step, self._stop),
            Loop("sweeper", Sweeper(self.identity, self._held, run.put_away).step, self._stop),
            Loop("pinger", Pinger(client.current).step, self._stop),
            Loop("rooms", lambda: rooms.step(client.current), self._stop),
            Loop("watcher", self._watcher.step, self._stop),
            Loop("files", FileKeeper(client.current).step, self._stop),
            Loop("filer", Filer(lambda: drainer.is_busy).step, self._stop),
            Loop("gaps", GapFinder(client.current, self._watcher.suspect).step, self._stop),
            Listener(
                bootstrap.settings.database_url,
                {INBOX: inbox, URGENT: p0, OUTBOX: out, CALLS: calls, TIMERS: due},
                self._stop,
                drainer.hurry,
                drainer.awaited,
            ),
        ]

    def start(self) -> None:
        self.identity.keep()
        # Before anything is worked on: nobody of this process looked after the homeserver until now.
        self._watcher.suspect()
        for thread in self._threads:
            thread.start()

    def _held(self) -> list[int]:
        return [*self._dispatcher.held(), *self._callers.held()]

    def end(self) -> bool:
        """Asks all loops to end and waits for what is in hand; False where something was left (nothing is lost by it)."""
        until = time.monotonic() + GRACE
        self._stop.ask()
        done = self._callers.drain(GRACE) and self._dispatcher.drain(max(0.0, until - time.monotonic()))
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))
        connection.close()
        return done and not any(thread.is_alive() for thread in self._threads)


def main() -> None:
    """Runs until SIGTERM or SIGINT. Settings, clock and logs are configured by the caller."""
    ending.block()
    worker = Worker(flow())
    worker.start()
    ready.begin()
    _LOG.info("The worker is running.")
    while not ending.asked(1.0):
        worker.identity.keep()
    _LOG.info("The worker ends%s.", "" if worker.end() else "; what was in hand is done again by the next")
