"""The three kinds of time as one: a position that only grows, its two inverses, and what follows from them.

Positions are exact: lengths of time for `elapsed` and `business_hours`, whole steps of a business day for
`business_days` (`working_table.py`). They may only be compared within one scale.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import timedelta
from fractions import Fraction
from typing import Generic, TypeVar

from roomdesk.rules.errors import NoWorkingTime
from roomdesk.rules.instants import HOUR, MICROSECOND, exactly, since_epoch, years_after
from roomdesk.rules.targets import Kind, Target, up_to_microsecond
from roomdesk.rules.working_table import SOON, Table
from roomdesk.rules.working_time import CompiledCalendar

Stretch = tuple[timedelta, timedelta | None]
"""A pause in times since 1970; an end of None is a pause that still lasts."""
Position = TypeVar("Position", timedelta, int)
_HOUR = HOUR // MICROSECOND
_ONE = Fraction(1)


class Scale(ABC, Generic[Position]):
    """One kind of time, ready for the instants it was made for. Instants are times since 1970."""

    __slots__ = ()

    @abstractmethod
    def position(self, at: timedelta) -> Position:
        """How much of this time has passed at `at`."""

    @abstractmethod
    def reach(self, position: Position) -> timedelta:
        """The EARLIEST instant with that position, up to a microsecond. TimeError when there is none to be told."""

    @abstractmethod
    def leave(self, position: Position) -> timedelta | None:
        """The LATEST instant with that position, down to a microsecond; None when it lies before this scale."""

    @abstractmethod
    def need(self, target: Target, fraction: Fraction | None) -> Position:
        """The target, or a fraction of it, up to the next position that there is."""

    @abstractmethod
    def amount(self, passed: Position) -> tuple[int, int]:
        """Hours, or business days, of a difference of positions: numerator and denominator."""

    def dues(
        self, begin: timedelta, target: Target, pauses: Sequence[Stretch], fractions: Sequence[Fraction | None]
    ) -> list[timedelta | None]:
        """When the un-paused time since `begin` reaches each fraction of the target (None: all of it)."""
        passed = self.position(begin)
        hidden = [(self.position(pause), None if back is None else self.position(back)) for pause, back in pauses]
        return [self._due(passed + self.need(target, fraction), hidden) for fraction in fractions]

    def _due(self, goal: Position, hidden: Sequence[tuple[Position, Position | None]]) -> timedelta | None:
        """Each pause that begins before the goal is reached moves it on by what it hides; None at an open one."""
        for here, back in hidden:
            if here >= goal:
                break
            if back is None:
                return None
            goal += back - here
        return self.reach(goal)

    def spent(self, begin: timedelta, end: timedelta, pauses: Sequence[Stretch]) -> tuple[int, int]:
        """Un-paused hours, or business days, in [begin, end): numerator and denominator."""
        passed = self.position(end) - self.position(begin)
        for pause, back in pauses:
            if pause >= end:
                break
            passed -= self.position(end if back is None or back > end else back) - self.position(pause)
        return self.amount(passed)

    def latest(self, end: timedelta, target: Target) -> timedelta:
        """The LATEST instant from which the target is reached by `end`, down to a microsecond."""
        scale = self
        while (at := scale.leave(scale.position(end) - scale.need(target, None))) is None:
            scale = scale.earlier()
        return at

    def earlier(self) -> "Scale[Position]":
        """A scale that begins earlier; its positions are others. TimeError at the year 1900."""
        return self

    def check_works_from(self, begin: timedelta) -> None:
        """Raise NoWorkingTime unless this time runs in [begin, begin + 10 years)."""

    def check_worked_before(self, end: timedelta) -> None:
        """Raise NoWorkingTime unless this time ran in [end - 10 years, end)."""


def scale_for(calendar: CompiledCalendar | None, kind: Kind, begin: timedelta, end: timedelta) -> "AnyScale":
    """The scale of a kind, ready for instants from `begin` to `end`. NoWorkingTime for a business kind without calendar."""
    if kind == "elapsed":
        return _ELAPSED
    if calendar is None:
        raise NoWorkingTime
    table = calendar.covering(begin, end)
    return Days(calendar, table) if kind == "business_days" else Hours(calendar, table)


class Lengths(Scale[timedelta]):
    """What the two kinds that count in hours share."""

    __slots__ = ()

    def need(self, target: Target, fraction: Fraction | None) -> timedelta:
        return target.length if fraction is None else up_to_microsecond(target.amount, fraction)

    def amount(self, passed: timedelta) -> tuple[int, int]:
        return passed // MICROSECOND, _HOUR


class Elapsed(Lengths):
    """Real time."""

    __slots__ = ()

    def position(self, at: timedelta) -> timedelta:
        return at

    def reach(self, position: timedelta) -> timedelta:
        return position

    def leave(self, position: timedelta) -> timedelta:
        return position


_ELAPSED = Elapsed()


class Working(Scale[Position]):
    """What the two business kinds share."""

    __slots__ = ("calendar", "table")

    def __init__(self, calendar: CompiledCalendar, table: Table) -> None:
        self.calendar = calendar
        self.table = table

    def earlier(self) -> "Scale[Position]":
        return type(self)(self.calendar, self.calendar.earlier(self.table))

    def check_works_from(self, begin: timedelta) -> None:
        self.calendar.check_has_work(begin, self.table)

    def check_worked_before(self, end: timedelta) -> None:
        if end - self.table.known_from < SOON and self.table.position(end):
            return
        begin = since_epoch(years_after(exactly(end), -10), "due - 10 years")
        table = self.calendar.covering(begin, end)
        if table.position(begin) == table.position(end):
            raise NoWorkingTime


class Hours(Working[timedelta], Lengths):
    """Working time."""

    __slots__ = ()

    def position(self, at: timedelta) -> timedelta:
        return self.table.position(at)

    def reach(self, position: timedelta) -> timedelta:
        table = self.table
        while (at := table.reach(position)) is None:
            table = self.calendar.later(table)
        return at

    def leave(self, position: timedelta) -> timedelta | None:
        return None if position.days < 0 else self.table.leave(position)


class Days(Working[int]):
    """Business days: s working seconds on a date with T in all are s/T day."""

    __slots__ = ()

    def position(self, at: timedelta) -> int:
        return self.table.steps_at(at)

    def reach(self, position: int) -> timedelta:
        table = self.table
        while (at := table.reach_steps(position)) is None:
            finer = self.calendar.later(table)
            # A date that is new in the table may ask for finer steps; every old length still divides them.
            table, position = finer, position * finer.steps // table.steps
        return at

    def leave(self, position: int) -> timedelta | None:
        return None if position < 0 else self.table.leave_steps(position)

    def need(self, target: Target, fraction: Fraction | None) -> int:
        if fraction is None and target.whole_days is not None:
            return target.whole_days * self.table.steps
        (days, per), (part, whole) = target.amount.as_integer_ratio(), (fraction or _ONE).as_integer_ratio()
        return -(-days * part * self.table.steps // (per * whole))

    def amount(self, passed: int) -> tuple[int, int]:
        return passed, self.table.steps


AnyScale = Elapsed | Hours | Days
