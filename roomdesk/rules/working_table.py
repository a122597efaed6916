"""Working time as running sums over UTC, so that a due time costs two binary searches, not a walk of days.

Instants are times since 1970 (`instants.py`). A *position* is the working time from the beginning of a table to an
instant. A *step* is the part of a business day in which s/T of a date is a whole number of steps for every date of
the table: with it business days are counted exactly in whole numbers.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from itertools import pairwise
from math import lcm

from roomdesk.rules.instants import DAY, MICROSECOND, NOTHING

SOON = 3650 * DAY
"""Less than any ten years: working time that begins within it needs no closer look."""
Span = tuple[int, int]
"""Half-open UTC seconds since 1970."""


@dataclass(frozen=True)
class Table:
    """Every span of working time of the local dates `first`..`last` (ordinals), with running sums.

    `after[i]` is the position at `ends[i]`, `ahead[i]` what a position is more than the instant within span i;
    `day_of[i]` the number of the working date of span i; `day_from[k]` the position at which working date k begins (one
    more entry than dates), `lengths[k]` its whole working time, `days[k]` its ordinal.
    Complete for instants from `known_from` to `known_to`.
    """

    first: int
    last: int
    known_from: timedelta
    known_to: timedelta
    starts: Sequence[timedelta]
    ends: Sequence[timedelta]
    after: Sequence[timedelta]
    ahead: Sequence[timedelta]
    day_of: Sequence[int]
    day_from: Sequence[timedelta]
    lengths: Sequence[timedelta]
    days: Sequence[int]

    @cached_property
    def steps(self) -> int:
        """Steps of one business day."""
        return lcm(*(length // MICROSECOND for length in set(self.lengths)))

    @cached_property
    def rates(self) -> Sequence[int]:
        """Steps of a microsecond of each working date."""
        known = {length: self.steps // (length // MICROSECOND) for length in set(self.lengths)}
        return tuple(known[length] for length in self.lengths)

    def position(self, at: timedelta) -> timedelta:
        """Working time up to `at`."""
        i = bisect_right(self.ends, at)
        if i == len(self.ends):
            return self.day_from[-1]
        start = self.starts[i]
        return self.ahead[i] + (at if at > start else start)

    def reach(self, position: timedelta) -> timedelta | None:
        """The EARLIEST instant with that position; None when it lies beyond this table."""
        i = bisect_left(self.after, position)
        return None if i == len(self.after) else position - self.ahead[i]

    def leave(self, position: timedelta) -> timedelta:
        """The LATEST instant with that position, which must be smaller than the table's whole."""
        return position - self.ahead[bisect_right(self.after, position)]

    def steps_at(self, at: timedelta) -> int:
        """Business days up to `at`, in steps."""
        i = bisect_right(self.ends, at)
        if i == len(self.ends):
            return len(self.days) * self.steps
        day, start = self.day_of[i], self.starts[i]
        part = self.ahead[i] + (at if at > start else start) - self.day_from[day]
        return day * self.steps + (part // MICROSECOND) * self.rates[day]

    def reach_steps(self, steps: int) -> timedelta | None:
        """The EARLIEST instant with so many steps, up to the next microsecond; None when it lies beyond this table."""
        day, rest = divmod(steps, self.steps)
        if not rest:
            return self.reach(self.day_from[day]) if day < len(self.day_from) else None
        return (
            self.reach(self.day_from[day] + -(-rest // self.rates[day]) * MICROSECOND) if day < len(self.days) else None
        )

    def leave_steps(self, steps: int) -> timedelta:
        """The LATEST instant with so many steps, down to a microsecond; fewer than the table's whole."""
        day, rest = divmod(steps, self.steps)
        return self.leave(self.day_from[day] + rest // self.rates[day] * MICROSECOND)

    def due_in_hours(self, begin: timedelta, length: timedelta) -> timedelta | None:
        """The EARLIEST instant with so much working time since `begin`; None when this table alone cannot tell."""
        i = bisect_right(self.ends, begin)
        if i == len(self.ends):
            return None
        if (start := self.starts[i]) > begin:
            if start - begin > SOON:
                return None
            begin = start
        goal = self.ahead[i] + begin + length
        j = bisect_left(self.after, goal, i)
        return None if j == len(self.after) else goal - self.ahead[j]

    def due_in_days(self, begin: timedelta, days: int | None) -> timedelta | None:
        """The same for whole business days that end on a date as long as the one they begin on; None for others."""
        i = bisect_right(self.ends, begin)
        if days is None or i == len(self.ends):
            return None
        if (start := self.starts[i]) > begin:
            if start - begin > SOON:
                return None
            begin = start
        day = self.day_of[i]
        last = day + days
        if last >= len(self.lengths) or self.lengths[last] != self.lengths[day]:
            return None
        goal = self.ahead[i] + begin + (self.day_from[last] - self.day_from[day])
        return goal - self.ahead[bisect_left(self.after, goal, i)]

    def spans(self, begin: timedelta, end: timedelta) -> Iterator[tuple[timedelta, timedelta, int]]:
        """(start, end, number of working date) of working time within [begin, end), in order."""
        for i in range(bisect_right(self.ends, begin), bisect_left(self.starts, end)):
            yield max(self.starts[i], begin), min(self.ends[i], end), self.day_of[i]


def table_of(dates: Iterator[tuple[int, list[Span]]], first: int, last: int, known: Span) -> Table:
    """The table of dates (ordinal, spans) with working time, in order; `known` is what it is complete for."""
    starts, ends, after, ahead, day_of = [], [], [], [], []
    day_from, days, total = [NOTHING], [], NOTHING
    for number, (day, spans) in enumerate(dates):
        for start, end in spans:
            total += timedelta(0, end - start)
            starts.append(timedelta(0, start))
            ends.append(timedelta(0, end))
            after.append(total)
            ahead.append(total - ends[-1])
            day_of.append(number)
        days.append(day)
        day_from.append(total)
    lengths = tuple(end - begin for begin, end in pairwise(day_from))
    return Table(
        first, last, timedelta(0, known[0]), timedelta(0, known[1]),
        tuple(starts), tuple(ends), tuple(after), tuple(ahead), tuple(day_of), tuple(day_from), lengths, tuple(days),
    )  # fmt: skip
