"""R40, minute by minute: years with changes of the clock in five zones, against the oracle that walks a clock on the wall."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roomdesk.rules.calendars import parse_calendar
from roomdesk.rules.rota import Hours, Layer, Leave, Override, Rota, Shift, shifts
from roomdesk.rules.zones import zone_named
from tests.rules.rota_oracle import MINUTE, Owner, owners

pytestmark = pytest.mark.part_of("R40")
#: An hour ahead and back, half an hour, the south, at midnight, and a zone that changes for Ramadan.
ZONES = ("Europe/Sofia", "America/New_York", "Australia/Lord_Howe", "America/Santiago", "Africa/Casablanca")
YEARS = range(2024, 2031)
OFFICE = parse_calendar(
    {"timezone": "Europe/Sofia", "week": {day: [["09:07", "17:53"]] for day in ("mon", "tue", "thu")}}
)


@cache
def changes(zone: str) -> tuple[date, ...]:
    """The days of these years on which the zone's clock changes, found by looking at it at every midnight of UTC."""
    first = datetime(YEARS[0], 1, 1, tzinfo=UTC)
    days = [first + timedelta(days=number) for number in range(366 * len(YEARS))]
    there = [day.astimezone(zone_named(zone)).utcoffset() for day in days]
    return tuple(day.date() for day, now, after in zip(days, there, there[1:], strict=False) if now != after)


@st.composite
def rotas(draw: st.DrawFn) -> tuple[Rota, datetime]:
    """Two layers, in time of minutes, around a change of the clock in some year."""
    zone = draw(st.sampled_from(ZONES))
    day = draw(st.sampled_from(changes(zone)))
    middle = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    minutes, people = st.integers(0, 1439), ("ivan", "petya", "dora")
    calendar = replace(OFFICE, zone=zone, week=tuple(((a, b),) for a, b in draw(
        st.lists(st.tuples(st.integers(0, 700), st.integers(701, 1440)), min_size=7, max_size=7))))  # fmt: skip
    layers = tuple(
        Layer(
            name, level, people[: draw(st.integers(1, 3))], zone, day - timedelta(days=draw(st.integers(0, 400))), draw(minutes),
            draw(st.sampled_from([timedelta(hours=5), timedelta(hours=24), timedelta(days=7)])),
            draw(st.sampled_from([None, Hours(calendar), Hours(calendar, outside=True)])),
        )
        for name, level in (("first", 1), ("second", 2))
    )  # fmt: skip
    at = st.integers(-1500, 1500).map(lambda minute: middle + minute * MINUTE)
    span = st.lists(at, min_size=2, max_size=2, unique=True).map(sorted)
    override, leave = draw(span), draw(span)
    return Rota(layers, (Override("first", "kalina", *override),), (Leave("petya", *leave),)), middle


@settings(max_examples=int(os.environ.get("ROOMDESK_EXAMPLES", "25")), deadline=None)
@given(rotas())
def test_every_minute_around_any_change_of_the_clock_has_exactly_the_owners_that_the_rota_says(
    drawn: tuple[Rota, datetime],
) -> None:
    rota, middle = drawn
    begin, end = middle - timedelta(hours=24), middle + timedelta(hours=24)
    check(rota, begin, end)


@pytest.mark.deep
@pytest.mark.parametrize("zone", ZONES)
def test_every_minute_of_three_years(zone: str) -> None:
    nights = Layer("nights", 1, ("ivan", "petya", "dora"), zone, date(2025, 1, 6), 150, timedelta(days=1), Hours(replace(OFFICE, zone=zone), outside=True))  # fmt: skip
    weeks = Layer("weeks", 2, ("kalina", "lena"), zone, date(2025, 1, 6), 23 * 60 + 59, timedelta(days=7))
    away = Leave("petya", datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 9, 3, 17, tzinfo=UTC))
    rota = Rota((nights, weeks), leave=(away,))
    for year in (2025, 2026, 2027):
        check(rota, datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC))


def check(rota: Rota, begin: datetime, end: datetime) -> None:
    coming = iter([*shifts(rota, begin, end), None])
    following, there = next(coming), list[Shift]()
    for at, expected in owners(rota, begin, end, MINUTE):
        while following is not None and following.start <= at:
            there.append(following)
            following = next(coming)
        there = [one for one in there if one.end > at]
        found: set[Owner] = {(one.level, one.layer, one.person) for one in there}
        assert found == expected and len(there) == len(found), at
