"""Moving the clock of a demo or test installation (D29): through each due instant in turn, or at once.

The workers do the work; this waits for them. A jump is what a machine that was switched off sees when it comes back.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Min

from roomdesk.queues import workers
from roomdesk.queues.models import InboxEvent, Timer
from roomdesk.refusals import Conflict
from roomdesk.runtime import clock

#: Real seconds without any progress after which waiting for the workers ends.
PATIENCE = 30.0
_BETWEEN = 0.02
#: A timer is due once its instant has passed.
_JUST_AFTER = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Waiting:
    """What workers have still to do at this instant."""

    events: int
    timers: int

    @property
    def total(self) -> int:
        return self.events + self.timers


def waiting() -> Waiting:
    """Events in lanes and timers that are due."""
    events = InboxEvent.objects.filter(state=InboxEvent.State.PENDING, lane__isnull=False).count()
    timers = Timer.objects.filter(state=Timer.State.PENDING, next_at__lt=clock.now()).count()
    return Waiting(events, timers)


def advance(
    delta: timedelta, *, patience: float = PATIENCE, stepped: Callable[[datetime], None] = lambda at: None
) -> int:
    """Moves the clock by `delta` through each due instant, each worked off before the next; returns their number.

    `stepped` is called with each instant. Refused, with nothing moved, where the clock may not be moved (`ClockRefused`)
    or no worker works (Conflict); Conflict too where work does not end: the clock then stays at the instant reached.
    """
    # Asks for permission: outside demo and test this raises before anything else does.
    clock.advance(timedelta())
    _check_workers(patience)
    _settle(patience)
    left, steps = delta, 0
    while (at := _next_timer(clock.now() + left)) is not None:
        step = max(timedelta(), min(left, at + _JUST_AFTER - clock.now()))
        clock.advance(step)
        left, steps = left - step, steps + 1
        stepped(at)
        _settle(patience)
    clock.advance(left)
    _settle(patience)
    return steps


def _next_timer(until: datetime) -> datetime | None:
    due = Timer.objects.filter(state=Timer.State.PENDING, next_at__lte=until)
    at: datetime | None = due.aggregate(at=Min("next_at"))["at"]
    return at


def _check_workers(patience: float) -> None:
    until = time.monotonic() + min(5.0, patience)
    while not workers.living():
        if time.monotonic() > until:
            raise Conflict(
                "No worker runs, so what becomes due would not be done; start the desk with `roomdesk up`, or use --jump."
            )
        time.sleep(_BETWEEN)


def _settle(patience: float) -> None:
    """Waits until nothing is left to do at this instant."""
    least, until = waiting(), time.monotonic() + patience
    left = least
    while left.total:
        if left.total < least.total:
            least, until = left, time.monotonic() + patience
        if time.monotonic() > until:
            raise Conflict(
                f"The clock stands at {clock.now().isoformat()}: {left.events} events and {left.timers} timers are still not done "
                f"after {patience:.0f} s. `roomdesk doctor` says why."
            )
        time.sleep(_BETWEEN)
        left = waiting()
