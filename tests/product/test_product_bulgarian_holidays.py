"""D38: the days off of an office in Sofia are those of the law (Labour Code, article 154), worked out here a second time."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from roomdesk.product.calendars import CalendarFile
from roomdesk.product.schema import Product
from roomdesk.rules.calendars import parse_calendar
from roomdesk.rules.due_time import due, parse_target
from roomdesk.rules.instants import parse_instant
from roomdesk.rules.working_time import compile_calendar

FIXED = ((1, 1), (3, 3), (5, 1), (5, 6), (5, 24), (9, 6), (9, 22), (12, 24), (12, 25), (12, 26))
#: Days that the government gave once, each for itself; the library knows those that were decided when it was released.
BY_DECREE = {date(2025, 12, 31), date(2026, 1, 2)}
WEEK = {day: [["09:00", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}


def orthodox_easter(year: int) -> date:
    """Meeus' Julian algorithm, put into the Gregorian calendar of 1900 to 2099."""
    d = (19 * (year % 19) + 15) % 30
    e = (2 * (year % 4) + 4 * (year % 7) - d + 34) % 7
    month, day = divmod(d + e + 114, 31)
    return date(year, month, day + 1) + timedelta(days=13)


def days_off(year: int) -> set[date]:
    """Fixed days, Good Friday to Easter Monday, and the next working day for each fixed day on a weekend."""
    fixed = [date(year, month, day) for month, day in FIXED]
    days = {*fixed, *(orthodox_easter(year) + timedelta(days=n) for n in (-2, -1, 0, 1))}
    for day in fixed:
        if day.weekday() >= 5:
            while day in days or day.weekday() >= 5:
                day += timedelta(days=1)
            days.add(day)
    return days


@pytest.mark.parametrize("year", range(2024, 2037))
def test_the_office_is_closed_on_the_days_that_the_law_names(shipped: dict[str, Product], year: int) -> None:
    office = shipped["plana-business-cloud"].office
    stated = {day for day in office.holidays if day.year == year}
    assert stated - BY_DECREE == days_off(year) - BY_DECREE


def calendar(**rule: object) -> CalendarFile:
    years = {"country": "BG", "from_year": 2026, "to_year": 2027}
    return CalendarFile.model_validate({"timezone": "Europe/Sofia", "week": WEEK, "holidays": {**years, **rule}})


@pytest.mark.parametrize(
    ("start", "due_at"),
    [
        ("2026-04-09T14:30:00Z", "2026-04-14T08:30:00Z"),  # Thursday before Easter; Tuesday after it
        ("2026-05-22T14:30:00Z", "2026-05-26T08:30:00Z"),  # Friday; 24 May is a Sunday, so Monday is off
        ("2027-12-23T15:30:00Z", "2027-12-29T09:30:00Z"),  # Thursday; 25 and 26 are a weekend, so 27 and 28 are off
        ("2026-12-30T15:30:00Z", "2026-12-31T09:30:00Z"),  # New Year's Eve is worked
        ("2026-12-31T15:30:00Z", "2027-01-04T09:30:00Z"),
    ],
)
def test_three_business_hours_go_round_the_days_off(start: str, due_at: str) -> None:
    office = compile_calendar(parse_calendar(calendar().written_out().as_plain()))
    target = parse_target({"kind": "business_hours", "hours": 3})
    assert due(office, target, parse_instant(start, "start")) == parse_instant(due_at, "due")


def test_added_and_removed_days_are_written_out_with_the_rest() -> None:
    plain = calendar().written_out()
    changed = calendar(
        added=[{"date": date(2026, 6, 1), "name": "Office moves"}, {"date": date(2026, 3, 3), "name": "Our day"}],
        removed=[date(2026, 5, 25)],
    ).written_out()
    assert set(changed.holidays) == {*plain.holidays, date(2026, 6, 1)} - {date(2026, 5, 25)}
    assert changed.holiday_name(date(2026, 6, 1)) == "Office moves"
    assert changed.holiday_name(date(2026, 3, 3)) == "Our day"
    assert (changed.known_from, changed.known_to) == (2026, 2027)
