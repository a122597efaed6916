"""Working calendars made ready for counting: tables of working time that grow with the years asked for."""

from bisect import bisect_right
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from roomdesk.rules.calendars import Calendar, Windows, parse_calendar
from roomdesk.rules.errors import CalendarError, NoWorkingTime, TimeError
from roomdesk.rules.instants import MIN_YEAR, exactly, since_epoch, years_after
from roomdesk.rules.working_table import SOON, Span, Table, table_of
from roomdesk.rules.zones import EPOCH_DAY, first_instant, last_instant, offsets_at, zone_named

__all__ = ["Calendar", "CalendarError", "CompiledCalendar", "Table", "compile_calendar", "parse_calendar"]

_FIRST_DAY = date(MIN_YEAR - 1, 1, 1).toordinal()
_LAST_DAY = date(9998, 12, 31).toordinal()
_KEPT = 400 * 366
_BEFORE, _BEYOND = 7, 93
"""Dates around what is asked for: most targets end within a quarter, and building takes time for each date."""


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

    def covering(self, begin: timedelta, end: timedelta) -> Table:
        """A table that is complete for all instants from `begin` to `end`."""
        table = self._table
        if table is not None and table.known_from <= begin and end < table.known_to:
            return table
        first, last = _date(begin) - _BEFORE, _date(end) + _BEYOND
        grown = _grown(table, first, last) if table is not None else (first, last)
        # Far apart from what is there, it is better built alone: a table of all years between would not be kept.
        return self._keep(*(grown if grown[1] - grown[0] < _KEPT else (first, last)))

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

    def check_has_work(self, begin: timedelta, table: Table) -> None:
        """Raise NoWorkingTime unless working time lies in [begin, begin + 10 years); `table` covers `begin`."""
        i = bisect_right(table.ends, begin)
        if i < len(table.ends) and table.starts[i] - begin < SOON:
            return
        end = since_epoch(years_after(exactly(begin), 10), "start + 10 years")
        table = self.covering(begin, end)
        if table.position(end) == table.position(begin):
            raise NoWorkingTime

    def is_working(self, at: datetime) -> bool:
        """Whether `at` lies in working time (half-open)."""
        instant = since_epoch(at, "at")
        table = self.covering(instant, instant)
        i = bisect_right(table.ends, instant)
        return i < len(table.ends) and table.starts[i] <= instant

    def next_working(self, at: datetime) -> datetime:
        """`at` itself in working time, otherwise the next opening (UTC). NoWorkingTime when there is none in ten years."""
        instant = since_epoch(at, "at")
        table = self.covering(instant, instant)
        self.check_has_work(instant, table)
        while not table.ends or table.ends[-1] <= instant:
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
    known = last_instant(calendar.zone, _midnight(first)), first_instant(calendar.zone, _midnight(last + 1))
    return table_of(_dates(calendar, first, last), first, last, known)


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
        base = midnight - offsets.pop()
        return [(base + start * 60, base + end * 60) for start, end in windows]
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


def _date(at: timedelta) -> int:
    """Ordinal of the UTC date of an instant."""
    return EPOCH_DAY + at.days


def _grown(table: Table, first: int, last: int) -> tuple[int, int]:
    """First and last date of a table with those dates that is, where it grows, at least twice as long as the old one."""
    length = table.last - table.first
    return (
        min(first, table.first - length) if first < table.first else table.first,
        max(last, table.last + length) if last > table.last else table.last,
    )
