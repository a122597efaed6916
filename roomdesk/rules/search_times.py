"""Marks of when a message was said, so that the index of words alone knows what was said in a span of time. Pure.

Each message has two: of its day (`d:`, in UTC, counted from 1970) and of the 32 days in which that lies (`m:`). A span is the
whole 32s in it and the days at its ends: few marks, however long it is.
"""

from __future__ import annotations

from datetime import datetime

DAY = 86_400
#: Days of the longer kind of mark.
MANY = 32
#: A span that takes more marks than these (some twenty years) is not worth asking for.
MOST = 300


def marks(at: datetime) -> tuple[str, str]:
    """Those of a message that was said then."""
    day = _day(at)
    return _of_day(day), _of_many(day // MANY)


def covering(start: datetime, end: datetime) -> list[str] | None:
    """Marks of which one is on each message that was said from `start` to `end`; None where it would take too many.

    Messages of the rest of the first and last day have one too.
    """
    first, last = _day(start), _day(end)
    whole = range(-(-first // MANY), (last + 1) // MANY)
    if not whole:
        days = [*range(first, last + 1)]
    else:
        days = [*range(first, whole.start * MANY), *range(whole.stop * MANY, last + 1)]
    found = [*map(_of_day, days), *map(_of_many, whole)]
    return found if len(found) <= MOST else None


def _day(at: datetime) -> int:
    return int(at.timestamp() // DAY)


def _of_day(day: int) -> str:
    return f"d:{day}"


def _of_many(number: int) -> str:
    return f"m:{number}"
