"""Marks of when a message was said, so that the index of words alone knows what was said in a span of time. Pure.

Each message has two: of its day (`d:`, in UTC, counted from 1970) and of the 32 days in which that lies (`m:`). A short span is its
days, a longer one the whole 32s of it: each hit costs the index a look at every mark, so few marks that hold a little more are quicker.
"""

from __future__ import annotations

from datetime import datetime

DAY = 86_400
#: Days of the longer kind of mark.
MANY = 32
#: A span that takes more marks than these (some twenty years) is not worth asking for.
MOST = 300
#: A mark costs a hit as much as reading so many hits more costs all of them, in hundreds and days: measured, not reasoned.
_WORTH = 150


def marks(at: datetime) -> tuple[str, str]:
    """Those of a message that was said then."""
    day = _day(at)
    return _of_day(day), _of_many(day // MANY)


def covering(start: datetime, end: datetime) -> list[str] | None:
    """Marks of which one is on each message that was said from `start` to `end`; None where it would take too many.

    Some messages before and after have one too: those of the first and last day, or of the first and last 32.
    """
    first, last = _day(start), _day(end)
    if last - first < MANY:
        return [_of_day(day) for day in range(first, last + 1)]
    whole = range((first + _single(first, last)) // MANY, last // MANY + 1)
    found = [*map(_of_day, range(first, whole.start * MANY)), *map(_of_many, whole)]
    return found if len(found) <= MOST else None


def _single(first: int, last: int) -> int:
    """How many days at the beginning are better taken singly; none where the 32 they lie in hold little more than the span does."""
    rest = -first % MANY
    return rest if rest * (last - first) < _WORTH * (MANY - rest) else 0


def _day(at: datetime) -> int:
    return int(at.timestamp() // DAY)


def _of_day(day: int) -> str:
    return f"d:{day}"


def _of_many(number: int) -> str:
    return f"m:{number}"
