"""When the simulated desk's worker works: passes on a grid, with hours in which it is switched off.

Desk and replay both read this, and nothing else of each other: it stands for the operator's log, which no audit holds.
Instants are whole microseconds since 1970.
"""

from __future__ import annotations

from bisect import bisect_right
from datetime import UTC, datetime, timedelta

MICROSECOND = timedelta(microseconds=1)
SECOND = 1_000_000
MINUTE = 60 * SECOND
DAY = 86_400 * SECOND
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def micros(at: datetime) -> int:
    return (at - EPOCH) // MICROSECOND


def instant(at: int) -> datetime:
    return EPOCH + at * MICROSECOND


def _at(text: str) -> int:
    return micros(datetime.fromisoformat(f"{text}Z"))


BEGIN, END = _at("2026-01-01T00:00"), _at("2026-12-31T23:59")
#: Hours in which no worker runs: over a change to summer time, over a night, over a long weekend.
OFF = [
    (_at("2026-03-28T20:00"), _at("2026-03-29T09:00")),
    (_at("2026-06-16T13:00"), _at("2026-06-17T05:20")),
    (_at("2026-10-23T15:30"), _at("2026-10-26T06:00")),
]
#: Passes stand half a second after whole minutes: never at the very instant of a step, which is a whole second.
_AFTER = SECOND // 2


def step_of(day: int) -> int:
    """How far the passes of a day are apart: a minute on every 24th day, else an hour."""
    return MINUTE if day % 24 == 0 else 60 * MINUTE


def next_pass(after: int) -> int:
    """The first pass later than `after`."""
    day = (after - _AFTER) // DAY
    step = step_of(day)
    found = ((after - _AFTER) // step + 1) * step + _AFTER
    off = OFF[bisect_right(OFF, (found, END)) - 1]
    return next_pass(off[1]) if off[0] <= found < off[1] else found
