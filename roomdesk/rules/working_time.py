"""Working time of a calendar as prefix sums over UTC, so that a due time costs two binary searches, not a walk of days.

A *position* is the working time from the beginning of a table to an instant. All numbers are whole microseconds.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from functools import lru_cache
from zoneinfo import ZoneInfo

from roomdesk.rules.calendars import Calendar, Windows, parse_calendar
from roomdesk.rules.errors import CalendarError, NoWorkingTime, TimeError
from roomdesk.rules.instants import DAY, HOUR, MIN_YEAR, SECOND, exactly, micros, years_after
from roomdesk.rules.zones import EPOCH_DAY, first_instant, last_instant, offsets_at, zone_named

__all__ = ["Calendar", "CalendarError", "CompiledCalendar", "Table", "compile_calendar", "parse_calendar"]

_FIRST_DAY = date(MIN_YEAR - 1, 1, 1).toordinal()
_LAST_DAY = date(9998, 12, 31).toordinal()
_SOON = 3650 * DAY
_KEPT = 400 * 366
Span = tuple[int, int]
"""Half-open UTC microseconds."""


@dataclass(frozen=True, slots=True)
class Table:
    """Every span of working time of the local dates `first`..`last` (ordinals), with running sums.

    `after[i]` is the position at `ends[i]`; `day_of[i]` the number of the working date of span i; `day_from[k]` the
    position at which working date k begins (one more entry than dates); `days[k]` its ordinal.
    Complete for instants from `known_from` to `known_to`.
    """

    first: int
    last: int
    known_from: int
    known_to: int
    starts: list[int]
    ends: list[int]
    after: list[int]
    day_of: list[int]
    day_from: list[int]
    days: list[int]

    def position(self, at: int) -> int:
        """Working microseconds up to `at`."""
        i = bisect_right(self.ends, at)
        if i == len(self.ends):
            return self.day_from[-1]
        start = self.starts[i]
        return self.after[i] - self.ends[i] + max(start, at)

    def reach(self, position: int) -> int | None:
        """The EARLIEST instant with that position; None when it lies beyond this table."""
        i = bisect_left(self.after, position)
        if i == len(self.after):
            return None
        return self.ends[i] - self.after[i] + position

    def leave(self, position: int) -> int:
        """The LATEST instant with that position, which must be smaller than the table's whole."""
        i = bisect_right(self.after, position)
        return self.ends[i] - self.after[i] + position

    def day_and_part(self, at: int) -> tuple[int, int, int]:
        """Number of the working date at or after `at`, its working time before `at`, and its whole working time."""
        i = bisect_right(self.ends, at)
        if i == len(self.ends):
            return len(self.days), 0, 1
        start = self.starts[i]
        day = self.day_of[i]
        begin = self.day_from[day]
        return day, self.after[i] - self.ends[i] + max(start, at) - begin, self.day_from[day + 1] - begin

    def day_position(self, at: int) -> Fraction:
        """Business days up to `at`: whole dates, and s/T of the current one."""
        day, part, whole = self.day_and_part(at)
        return day + Fraction(part, whole)

    def reach_day(self, day: int, numerator: int, denominator: int) -> int | None:
        """The EARLIEST instant at `day` + numerator/denominator (< 1) business days, up to the next microsecond."""
        if day + (numerator > 0) >= len(self.day_from):
            return None
        begin = self.day_from[day]
        if numerator:
            begin -= -numerator * (self.day_from[day + 1] - begin) // denominator
        return self.reach(begin)

    def due_in_hours(self, begin: int, numerator: int, denominator: int) -> int | None:
        """The EARLIEST instant with so many working hours since `begin`; None when this table alone cannot tell."""
        ends, after = self.ends, self.after
        i = bisect_right(ends, begin)
        if i == len(ends) or (start := self.starts[i]) - begin > _SOON:
            return None
        goal = after[i] - ends[i] + (start if start > begin else begin) - (-numerator * HOUR // denominator)
        j = bisect_left(after, goal, i)
        return None if j == len(after) else ends[j] - after[j] + goal

    def due_in_days(self, begin: int, numerator: int, denominator: int) -> int | None:
        """The same for business days, up to the next microsecond."""
        day, part, whole = self.day_and_part(begin)
        if day == len(self.days) or self.starts[bisect_right(self.ends, begin)] - begin > _SOON:
            return None
        days, rest = divmod(part * denominator + numerator * whole, denominator * whole)
        return self.reach_day(day + days, rest, denominator * whole)

    def leave_day(self, position: Fraction) -> int:
        """The LATEST instant with that many business days, down to a microsecond."""
        day, part = divmod(position, 1)
        begin = self.day_from[day]
        return self.leave(begin + part.numerator * (self.day_from[day + 1] - begin) // part.denominator)

    def spans(self, begin: int, end: int) -> Iterator[tuple[int, int, int]]:
        """(start, end, number of working date) of working time within [begin, end), in order."""
        for i in range(bisect_right(self.ends, begin), bisect_left(self.starts, end)):
            yield max(self.starts[i], begin), min(self.ends[i], end), self.day_of[i]


class CompiledCalendar:
    """A calendar made ready for counting. To its users it never changes; inside, the table of years grows as they ask.

    A grown table replaces the old one in a single assignment and old ones stay valid, so threads need no lock.
    """

    __slots__ = ("_special", "_table", "definition", "zone")

    def __init__(self, definition: Calendar) -> None:
        self.definition = definition
        self.zone: ZoneInfo = zone_named(definition.zone)
        self._special = {day.toordinal(): hours for day, hours in definition.special_hours().items()}
        self._table: Table | None = None

    def hours(self, day: int) -> Windows:
        """Local windows of a date, given as ordinal."""
        special = self._special.get(day)
        return self.definition.week[(day - 1) % 7] if special is None else special

    def covering(self, begin: int, end: int) -> Table:
        """A table that is complete for all instants from `begin` to `end`."""
        table = self._table
        if table is not None and table.known_from <= begin and end < table.known_to:
            return table
        first, last = _new_year(begin) - 366, _new_year(end) + 3 * 366
        if table is not None:
            first, last = min(first, table.first), max(last, table.last)
        return self._keep(first, last)

    def later(self, table: Table) -> Table:
        """The same table, positions unchanged, reaching about twice as far; TimeError at the year 9998."""
        if table.last >= _LAST_DAY:
            raise TimeError("The due time would lie after the year 9998; use a smaller target.")
        return self._keep(table.first, 2 * table.last - table.first + 366)

    def earlier(self, table: Table) -> Table:
        """A table that begins about twice as early; its positions are others. TimeError at the year 1900."""
        if table.first <= _FIRST_DAY:
            raise TimeError(f"The start would lie before the year {MIN_YEAR}; use a smaller target.")
        return self._keep(2 * table.first - table.last - 366, table.last)

    def check_has_work(self, start: datetime, table: Table) -> None:
        """Raise NoWorkingTime unless working time lies in [start, start + 10 years)."""
        begin = micros(start)
        i = bisect_right(table.ends, begin)
        if i < len(table.ends) and table.starts[i] - begin < _SOON:
            return
        end = micros(years_after(start, 10), "start + 10 years")
        table = self.covering(begin, end)
        if table.position(end) == table.position(begin):
            raise NoWorkingTime

    def is_working(self, at: datetime) -> bool:
        """Whether `at` lies in working time (half-open)."""
        instant = micros(at, "at")
        table = self.covering(instant, instant)
        i = bisect_right(table.ends, instant)
        return i < len(table.ends) and table.starts[i] <= instant

    def next_working(self, at: datetime) -> datetime:
        """`at` itself in working time, otherwise the next opening (UTC). NoWorkingTime when there is none in ten years."""
        instant = micros(at, "at")
        table = self.covering(instant, instant)
        self.check_has_work(at, table)
        while table.ends[-1:] <= [instant]:
            table = self.later(table)
        return exactly(max(instant, table.starts[bisect_right(table.ends, instant)]))

    def _keep(self, first: int, last: int) -> Table:
        table = _build(self, max(first, _FIRST_DAY), min(last, _LAST_DAY))
        if last - first < _KEPT:
            self._table = table
        return table


@lru_cache(maxsize=512)
def compile_calendar(definition: Calendar) -> CompiledCalendar:
    """The calendar ready for counting; the same definition gives the same object."""
    return CompiledCalendar(definition)


def _build(calendar: CompiledCalendar, first: int, last: int) -> Table:
    starts: list[int] = []
    ends: list[int] = []
    after: list[int] = []
    day_of: list[int] = []
    day_from = [0]
    days: list[int] = []
    total = 0
    for day, spans in _dates(calendar, first, last):
        for start, end in spans:
            total += end - start
            starts.append(start)
            ends.append(end)
            after.append(total)
            day_of.append(len(days))
        days.append(day)
        day_from.append(total)
    zone = calendar.zone
    return Table(
        first, last, last_instant(zone, _midnight(first)), first_instant(zone, _midnight(last + 1)),
        starts, ends, after, day_of, day_from, days,
    )  # fmt: skip


def _dates(calendar: CompiledCalendar, first: int, last: int) -> Iterator[tuple[int, list[Span]]]:
    """Dates with working time and their spans. A second claimed by two dates belongs to the earlier one
    (decision cross-date-fold), which is why the walk begins two dates before the first."""
    claimed, opening = -(10**20), None
    for day in range(first - 2, last + 1):
        windows = calendar.hours(day)
        if not windows:
            opening = None
            continue
        opening = opening or offsets_at(calendar.zone, _midnight(day))
        closing = offsets_at(calendar.zone, _midnight(day + 1))
        spans = _free(_mapped(calendar.zone, day, windows, {*opening, *closing}), claimed)
        opening = closing
        if spans:
            claimed = spans[-1][1]
            if day >= first:
                yield day, spans


def _mapped(zone: ZoneInfo, day: int, windows: Windows, offsets: set[int]) -> list[Span]:
    """Windows of a date as instants; `offsets` are all that occur at its two midnights."""
    midnight = _midnight(day)
    if len(offsets) == 1:
        base = (midnight - offsets.pop()) * SECOND
        return [(base + start * 60 * SECOND, base + end * 60 * SECOND) for start, end in windows]
    return [
        (first_instant(zone, midnight + start * 60), last_instant(zone, midnight + end * 60)) for start, end in windows
    ]


def _free(spans: list[Span], claimed: int) -> list[Span]:
    """The parts after `claimed`, each second once (windows that touch on the wall may overlap in a fold)."""
    free = []
    for start, end in spans:
        start = max(start, claimed)
        if start < end:
            free.append((start, end))
            claimed = end
    return free


def _midnight(day: int) -> int:
    """Beginning of a date in seconds on the wall since 1970."""
    return (day - EPOCH_DAY) * 86400


def _new_year(at: int) -> int:
    """Ordinal of 1 January of the UTC year of an instant."""
    return date(exactly(at).year, 1, 1).toordinal()
