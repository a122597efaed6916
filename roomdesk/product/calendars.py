"""Working time of a product: weeks and days off in a file, and the same written out date by date.

Holidays by country are looked up once, when the files are read, and kept as dates (D38): a pinned version of a
product does not move when the `holidays` library is upgraded.
"""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from typing import Annotated, Any, Literal, Self

import holidays
from pydantic import AfterValidator, Field, model_validator

from roomdesk.product.fields import Flag, LocalTime, Part, Text, Whole, Zone, refuse

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def _window(value: tuple[str, str]) -> tuple[str, str]:
    if value[0] >= value[1]:
        raise refuse("A window must end after it begins, this one is {a}–{b}.", a=value[0], b=value[1])
    return value


def _windows(value: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    value = tuple(sorted(value))
    for (a, b), (c, d) in pairwise(value):
        if c < b:
            raise refuse("The windows {a}–{b} and {c}–{d} overlap.", a=a, b=b, c=c, d=d)
    return value


Window = Annotated[tuple[LocalTime, LocalTime], AfterValidator(_window)]
Windows = Annotated[tuple[Window, ...], AfterValidator(_windows)]


class Week(Part):
    """Local windows of working time by day, half-open, sorted, disjoint."""

    mon: Windows = ()
    tue: Windows = ()
    wed: Windows = ()
    thu: Windows = ()
    fri: Windows = ()
    sat: Windows = ()
    sun: Windows = ()

    @model_validator(mode="after")
    def _has_working_time(self) -> Self:
        if not any(getattr(self, day) for day in type(self).model_fields):
            raise refuse("This week has no working time.")
        return self


class DayOff(Part):
    """A date without working time, with the name that explanations give it."""

    date: date
    name: Text


class Calendar(Part):
    """One calendar written out; `holidays` has every date off within the years `known_from`–`known_to`.

    A date's hours are the week's (none on a holiday), minus its closures, plus its openings.
    """

    timezone: Zone
    week: Week
    days_off: tuple[DayOff, ...] = ()
    closures: dict[date, Windows] = Field(default_factory=dict)
    openings: dict[date, Windows] = Field(default_factory=dict)
    known_from: int | None = None
    known_to: int | None = None
    example: Flag = False

    @property
    def holidays(self) -> tuple[date, ...]:
        return tuple(day.date for day in self.days_off)

    def holiday_name(self, day: date) -> str | None:
        return next((off.name for off in self.days_off if off.date == day), None)

    def as_plain(self) -> dict[str, Any]:
        """The calendar as `rules.calendars.parse_calendar` reads it; `holidays` is a table date → name."""
        return {
            "timezone": self.timezone,
            "week": {day: _plain(windows) for day, windows in self.week},
            "holidays": {off.date.isoformat(): off.name for off in self.days_off},
            "closures": {day.isoformat(): _plain(windows) for day, windows in self.closures.items()},
            "openings": {day.isoformat(): _plain(windows) for day, windows in self.openings.items()},
        }


def _plain(windows: Windows) -> list[list[str]]:
    return [list(window) for window in windows]


class HolidayRule(Part):
    """Where the days off of a calendar come from: a country's public holidays in a span of years, and corrections."""

    country: Text
    subdivision: Text | None = None
    language: Text = "en_US"
    from_year: Annotated[Whole, Field(ge=1970, le=2100)]
    to_year: Annotated[Whole, Field(ge=1970, le=2100)]
    added: tuple[DayOff, ...] = ()
    removed: tuple[date, ...] = ()

    @model_validator(mode="after")
    def _can_be_written_out(self) -> Self:
        if self.to_year < self.from_year:
            raise refuse("The years end in {b}, before they begin in {a}.", a=self.from_year, b=self.to_year)
        supported = holidays.list_supported_countries()
        if self.country not in supported:
            raise refuse('Holidays of the country "{c}" are not known; use a code such as BG.', c=self.country)
        if self.subdivision and self.subdivision not in supported[self.country]:
            raise refuse('The country {c} has no subdivision "{s}".', c=self.country, s=self.subdivision)
        return self

    @model_validator(mode="after")
    def _removes_what_exists(self) -> Self:
        known = self._public()
        for day in self.removed:
            if day not in known:
                raise refuse("{d} cannot be removed: it is no public holiday of {c}.", d=day, c=self.country)
        return self

    def days_off(self) -> tuple[DayOff, ...]:
        """Every date off of the span, in order; an added day names itself over a public one."""
        days = {day: name for day, name in self._public().items() if day not in self.removed}
        days |= {day.date: day.name for day in self.added}
        return tuple(DayOff(date=day, name=name) for day, name in sorted(days.items()))

    def _public(self) -> dict[date, str]:
        years = range(self.from_year, self.to_year + 1)
        found = holidays.country_holidays(self.country, subdiv=self.subdivision, years=years, language=self.language)
        return dict(found.items())


class CalendarFile(Part):
    """A calendar as a file states it, with a rule instead of dates. Closures and openings are hours of single dates."""

    timezone: Zone
    week: Week
    holidays: HolidayRule | None = None
    closures: dict[date, Windows] = Field(default_factory=dict)
    openings: dict[date, Windows] = Field(default_factory=dict)
    example: Flag = False

    def written_out(self) -> Calendar:
        """The same calendar with its days off as dates."""
        rule = self.holidays
        return Calendar(
            timezone=self.timezone,
            week=self.week,
            days_off=rule.days_off() if rule else (),
            closures=self.closures,
            openings=self.openings,
            known_from=rule.from_year if rule else None,
            known_to=rule.to_year if rule else None,
            example=self.example,
        )
