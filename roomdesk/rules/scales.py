"""The three kinds of time as one: a position that only grows, and its two inverses.

Positions are microseconds for `elapsed` and `business_hours` and business days (Fractions) for `business_days`; they
may only be compared within one scale and the ones that `reach` grew from it.
"""

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Protocol

from roomdesk.rules.errors import NoWorkingTime
from roomdesk.rules.instants import exactly, micros, years_after
from roomdesk.rules.targets import Kind
from roomdesk.rules.working_time import CompiledCalendar, Table

_SHIFT = 10**17
"""Lets elapsed positions of all years be positive, as the others are."""


class Scale(Protocol):
    def position(self, at: int) -> int | Fraction:
        """How much of this time has passed at `at` (UTC microseconds)."""

    def reach(self, position: int | Fraction) -> int:
        """The EARLIEST instant with that position, up to a microsecond. TimeError when there is none to be told."""

    def leave(self, position: Fraction) -> int:
        """The LATEST instant with that position (not negative), down to a microsecond."""

    def earlier(self) -> "Scale":
        """A scale that begins earlier. TimeError at the year 1900."""

    def check_works_from(self, start: datetime) -> None:
        """Raise NoWorkingTime unless this time runs in [start, start + 10 years)."""

    def check_worked_before(self, end: int) -> None:
        """Raise NoWorkingTime unless this time ran in [end - 10 years, end)."""


def scale_for(calendar: CompiledCalendar | None, kind: Kind, begin: int, end: int) -> Scale:
    """The scale of a kind, ready for instants from `begin` to `end`. NoWorkingTime for a business kind without calendar."""
    if kind == "elapsed":
        return Elapsed()
    if calendar is None:
        raise NoWorkingTime
    table = calendar.covering(begin, end)
    return Days(calendar, table) if kind == "business_days" else Hours(calendar, table)


@dataclass(frozen=True, slots=True)
class Elapsed:
    """Real time."""

    def position(self, at: int) -> int:
        return at + _SHIFT

    def reach(self, position: int | Fraction) -> int:
        return -(-position // 1) - _SHIFT

    def leave(self, position: Fraction) -> int:
        return position // 1 - _SHIFT

    def earlier(self) -> "Elapsed":
        return self

    def check_works_from(self, start: datetime) -> None:
        """It always runs."""

    def check_worked_before(self, end: int) -> None:
        """It always ran."""


@dataclass(frozen=True, slots=True)
class Working:
    """What the two business kinds share."""

    calendar: CompiledCalendar
    table: Table

    def check_works_from(self, start: datetime) -> None:
        self.calendar.check_has_work(start, self.table)

    def check_worked_before(self, end: int) -> None:
        begin = micros(years_after(exactly(end), -10), "due - 10 years")
        table = self.calendar.covering(begin, end)
        if table.position(begin) == table.position(end):
            raise NoWorkingTime


class Hours(Working):
    """Working time."""

    __slots__ = ()

    def position(self, at: int) -> int:
        return self.table.position(at)

    def reach(self, position: int | Fraction) -> int:
        goal, table = -(-position // 1), self.table
        while (at := table.reach(goal)) is None:
            table = self.calendar.later(table)
        return at

    def leave(self, position: Fraction) -> int:
        return self.table.leave(position // 1)

    def earlier(self) -> "Hours":
        return Hours(self.calendar, self.calendar.earlier(self.table))


class Days(Working):
    """Business days: s working seconds on a date with T in all are s/T day."""

    __slots__ = ()

    def position(self, at: int) -> Fraction:
        return self.table.day_position(at)

    def reach(self, position: int | Fraction) -> int:
        day, part = divmod(position, 1)
        table = self.table
        while (at := table.reach_day(day, part.numerator, part.denominator)) is None:
            table = self.calendar.later(table)
        return at

    def leave(self, position: Fraction) -> int:
        return self.table.leave_day(position)

    def earlier(self) -> "Days":
        return Days(self.calendar, self.calendar.earlier(self.table))
