"""Chances of a simulated year: when things happen, and what people say."""

from __future__ import annotations

from datetime import timedelta
from random import Random

from tests.year.schedule import BEGIN, DAY, END, MINUTE, SECOND, instant, micros

HOUR = 60 * MINUTE
#: Days around which cases crowd: changes of the clock, Easter, the holidays of May, the end of the year (UTC dates).
CROWDED = ("03-27", "03-28", "03-29", "04-09", "04-13", "05-21", "05-22", "05-23", "05-25", "10-23", "10-24", "10-25", "12-23", "12-30")  # fmt: skip
TROUBLES = ("Orders cannot be saved.", "The report shows last year.", "Nobody can sign in.", "Фактурата не излиза.")
ANSWERS = ("We are on it.", "Please restart the client.", "Гледаме го.", "This is fixed in the next version.")


def opening_times(count: int, rng: Random) -> list[int]:
    """When so many cases begin, in order; nine of ten in what are about office hours."""
    times = [_opening(rng) for _ in range(count)]
    return sorted(min(at, END - DAY) for at in times)


def _opening(rng: Random) -> int:
    if rng.random() < 0.12:
        day = micros(instant(BEGIN).replace(month=1, day=1) + timedelta()) + _day_of(rng.choice(CROWDED)) * DAY
        return day + rng.randrange(DAY)
    return office(BEGIN + rng.randrange(END - BEGIN), rng)


def _day_of(name: str) -> int:
    month, day = (int(part) for part in name.split("-"))
    return (micros(instant(BEGIN).replace(month=month, day=day)) - BEGIN) // DAY


def office(at: int, rng: Random, share: float = 0.85) -> int:
    """`at`, or for this share of the cases a time in about office hours not before it. Whole milliseconds."""
    at = at // 1000 * 1000
    if rng.random() >= share:
        return at
    moved = instant(at)
    if moved.weekday() < 5 and 6 <= moved.hour < 16:
        return at
    while moved.weekday() >= 5 or moved.hour >= 16 or moved.hour < 6:
        moved = moved.replace(hour=6, minute=0, second=0, microsecond=0) + timedelta(days=moved.hour >= 6)
    return micros(moved) + rng.randrange(3 * HOUR) // 1000 * 1000


def answered_after(rng: Random) -> int:
    """How long staff take for an answer: mostly minutes, sometimes days."""
    low, high = rng.choices(
        ((4 * MINUTE, HOUR), (HOUR, 8 * HOUR), (8 * HOUR, 3 * DAY), (3 * DAY, 9 * DAY), (10 * DAY, 20 * DAY)),
        (45, 30, 15, 7, 3),
    )[0]
    return rng.randrange(low, high)


def worked_after(rng: Random) -> int:
    """How long until the next thing is done in a case."""
    low, high = rng.choices(((5 * MINUTE, 2 * HOUR), (2 * HOUR, 2 * DAY), (2 * DAY, 8 * DAY)), (45, 40, 15))[0]
    return rng.randrange(low, high)


def soon(rng: Random) -> int:
    """Within the ten minutes in which a merge can be undone."""
    return rng.randrange(20 * SECOND, 9 * MINUTE) // 1000 * 1000


def trouble(rng: Random) -> str:
    first = rng.random()
    return f"P0 {rng.choice(TROUBLES)}" if first < 0.06 else rng.choice(TROUBLES)
