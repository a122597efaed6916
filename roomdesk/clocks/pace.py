"""When a running clock begins to press: three quarters of its target are used."""

from __future__ import annotations

from datetime import datetime
from fractions import Fraction

from roomdesk.clocks.measure import pauses_of, promise_of
from roomdesk.clocks.models import Clock
from roomdesk.clocks.policy import calendar_of
from roomdesk.rules.due_time import warn_times

#: From here on a clock is shown as due soon (D18 warns the lead at the same point).
SOON = Fraction(3, 4)


def soon_at(clock: Clock) -> datetime | None:
    """The instant from which the clock is due soon; None where nothing is due."""
    if clock.due_at is None:
        return None
    promise = promise_of(clock)
    return warn_times(promise.compiled, promise.target, promise.counted_from, pauses_of(clock), (SOON,))[0]


def zone_of(clock: Clock) -> str:
    """The zone in which the clock's times are told: its calendar's; UTC where it has none."""
    return calendar_of(clock.product_version_id, clock.calendar).definition.zone if clock.calendar else "UTC"
