"""R40: who is on call at every instant, by an oracle that walks a clock, and by what the rota's rules say."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roomdesk.rules.calendars import parse_calendar
from roomdesk.rules.rota import (
    Hours,
    Layer,
    Leave,
    Override,
    Rota,
    double_bookings,
    gaps,
    next_hand_over,
    on_call,
    shifts,
)
from tests.rules.rota_oracle import STEP, owners, utc

pytestmark = pytest.mark.part_of("R40")

SOFIA = "Europe/Sofia"
OFFICE = parse_calendar(
    {"timezone": SOFIA, "week": {day: [["09:00", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}}
)
#: Weekly from Monday, 5 January 2026 at 09:00, Sofia.
WEEKLY = Layer("first", 1, ("ivan", "petya", "dora"), SOFIA, date(2026, 1, 5), 540, timedelta(days=7))
NIGHTS = replace(WEEKLY, name="nights", hours=Hours(OFFICE, outside=True))
#: A day of a change of the clock each: winter to summer, summer to winter, half an hour, at midnight, in Ramadan.
CHANGES = [
    (SOFIA, "2026-03-29"), (SOFIA, "2026-10-25"), ("America/New_York", "2026-03-08"), ("America/New_York", "2026-11-01"),
    ("Australia/Lord_Howe", "2026-04-05"), ("Australia/Lord_Howe", "2026-10-04"), ("America/Havana", "2026-11-01"),
    ("Africa/Casablanca", "2026-02-15"), ("America/Sao_Paulo", "2026-07-01"),
]  # fmt: skip


def who(rota: Rota, at: str) -> list[str]:
    return [one.person for one in on_call(rota, utc(at))]


def test_people_take_turns_from_hand_over_to_hand_over() -> None:
    rota = Rota((WEEKLY,))
    assert who(rota, "2026-01-05T06:59:59") == []
    assert who(rota, "2026-01-05T07:00") == ["ivan"]
    assert who(rota, "2026-01-12T06:59:59") == ["ivan"]
    assert who(rota, "2026-01-12T07:00") == ["petya"]
    assert who(rota, "2026-01-26T07:00") == ["ivan"]


def test_a_hand_over_stays_at_its_hour_when_the_clock_changes() -> None:
    rota = Rota((WEEKLY,))
    assert next_hand_over(rota, utc("2026-03-25T00:00")) == utc("2026-03-30T06:00")
    assert next_hand_over(rota, utc("2026-03-18T00:00")) == utc("2026-03-23T07:00")


@pytest.mark.parametrize(
    ("day", "hand_over", "instant"),
    [("2026-03-29", 210, "2026-03-29T01:00"), ("2026-10-25", 210, "2026-10-25T00:30")],
    ids=["in the gap at the change", "in the fold the first time"],
)
def test_a_hand_over_within_the_change_has_one_instant(day: str, hand_over: int, instant: str) -> None:
    daily = replace(WEEKLY, length=timedelta(days=1), hand_over=hand_over)
    noon = utc(f"{day}T00:00") - timedelta(hours=12)
    assert next_hand_over(Rota((daily,)), noon) == utc(instant)


def test_after_hours_are_nights_weekends_and_holidays() -> None:
    calendar = replace(OFFICE, holidays=frozenset({date(2026, 3, 3)}))
    rota = Rota((replace(NIGHTS, hours=Hours(calendar, outside=True)),))
    assert who(rota, "2026-03-02T15:59") == []
    assert who(rota, "2026-03-02T16:00") == ["dora"]
    assert who(rota, "2026-03-03T10:00") == ["dora"]
    assert who(rota, "2026-03-07T10:00") == ["dora"]
    (night,) = on_call(rota, utc("2026-03-02T20:00"))
    assert (night.start, night.end) == (utc("2026-03-02T16:00"), utc("2026-03-04T07:00"))


def test_hours_that_end_where_the_clock_is_put_back_end_the_second_time() -> None:
    """03:00 comes twice in Sofia on 25 October: an end is its last occurrence, also where the fold begins with it."""
    early = Hours(replace(OFFICE, week=(*((),) * 6, ((0, 180),))))
    rota = Rota((replace(WEEKLY, hours=early),))
    assert [who(rota, f"2026-10-25T{at}") for at in ("00:00", "00:59", "01:00")] == [["dora"], ["dora"], []]


def test_whoever_is_on_leave_is_stood_in_for_by_the_next_and_the_turns_stay() -> None:
    rota = Rota((WEEKLY,), leave=(Leave("petya", utc("2026-01-14T00:00"), utc("2026-01-15T00:00")),))
    assert who(rota, "2026-01-13T12:00") == ["petya"]
    (stand_in,) = on_call(rota, utc("2026-01-14T12:00"))
    assert (stand_in.person, stand_in.stands_in_for) == ("dora", "petya")
    assert who(rota, "2026-01-15T00:00") == ["petya"]
    assert who(rota, "2026-01-19T07:00") == ["dora"]


def test_where_all_are_on_leave_there_is_a_gap() -> None:
    away = (utc("2026-01-14T00:00"), utc("2026-01-15T00:00"))
    rota = Rota((WEEKLY,), leave=tuple(Leave(person, *away) for person in WEEKLY.people))
    assert gaps(rota, utc("2026-01-10T00:00"), utc("2026-01-20T00:00")) == (away,)


def test_an_override_holds_outside_the_hours_and_during_leave_and_the_later_one_wins() -> None:
    start, end = utc("2026-03-03T08:00"), utc("2026-03-03T14:00")
    first = Override("nights", "kalina", start, end, "Migration")
    later = Override("nights", "petya", start + timedelta(hours=1), end - timedelta(hours=1))
    rota = Rota((NIGHTS,), (first, later), (Leave("petya", start, end),))
    assert who(rota, "2026-03-03T07:59") == []
    (during,) = on_call(rota, start)
    assert (during.person, during.reason, during.is_override) == ("kalina", "Migration", True)
    assert who(rota, "2026-03-03T09:00") == ["petya"]
    assert who(rota, "2026-03-03T13:00") == ["kalina"]
    assert who(rota, "2026-03-03T14:00") == []


def test_gaps_are_told_only_where_somebody_is_needed() -> None:
    begin, end = utc("2026-03-02T00:00"), utc("2026-03-04T00:00")
    rota = Rota((NIGHTS,))
    office = [(utc(f"2026-03-0{day}T07:00"), utc(f"2026-03-0{day}T16:00")) for day in (2, 3)]
    assert list(gaps(rota, begin, end)) == office
    assert gaps(replace(rota, needed=Hours(OFFICE, outside=True)), begin, end) == ()
    assert list(gaps(Rota(()), begin, end)) == [(begin, end)]


def test_the_same_person_twice_at_once_is_told_with_the_time_shared() -> None:
    second = replace(WEEKLY, name="second", level=2, people=("petya", "ivan"), hand_over=600)
    pairs = double_bookings(Rota((WEEKLY, second)), utc("2026-01-05T00:00"), utc("2026-02-02T00:00"))
    assert [(a.layer, b.layer, a.person, a.start, a.end) for a, b in pairs] == [
        ("second", "first", "petya", utc("2026-01-12T07:00"), utc("2026-01-12T08:00")),
        ("first", "second", "ivan", utc("2026-01-26T08:00"), utc("2026-02-02T00:00")),
    ]
    assert all((a.start, a.end) == (b.start, b.end) for a, b in pairs)


def test_layers_that_follow_the_sun_hand_over_to_each_other() -> None:
    def office(zone: str, first: str, last: str) -> Hours:
        week = {day: [[first, last]] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}
        return Hours(parse_calendar({"timezone": zone, "week": week}))

    offices = (
        ("Australia/Sydney", "07:00", "18:00"),
        (SOFIA, "09:00", "18:00"),
        ("America/New_York", "11:00", "16:00"),
    )
    rota = Rota(tuple(
        replace(WEEKLY, name=zone, people=(zone.rpartition("/")[2].lower(),), zone=zone, hours=office(zone, first, last))
        for zone, first, last in offices
    ))  # fmt: skip
    # In February Sydney is at UTC+11, Sofia at UTC+2, New York at UTC-5.
    assert [who(rota, f"2026-02-03T{hour}:00") for hour in ("21", "06", "08", "12", "17")] == [
        ["sydney"], ["sydney"], ["sofia"], ["sofia"], ["new_york"]
    ]  # fmt: skip
    assert gaps(rota, utc("2026-02-02T20:00"), utc("2026-02-05T20:00")) == ()
    # In July Sydney is an hour later by UTC and Sofia an hour earlier; New York's five hours no longer reach the former.
    assert [start.hour for start, _ in gaps(rota, utc("2026-07-06T20:00"), utc("2026-07-08T20:00"))] == [20, 20]


def test_level_and_layer_give_the_order() -> None:
    second = replace(WEEKLY, name="a-second", level=2, people=("kalina",))
    assert who(Rota((second, WEEKLY)), "2026-01-06T00:00") == ["ivan", "kalina"]


def test_nobody_ever_hands_over_where_one_person_is_always_on_call() -> None:
    assert next_hand_over(Rota((replace(WEEKLY, people=("ivan",)),)), utc("2026-01-06T00:00")) is None


@st.composite
def rotas(draw: st.DrawFn) -> tuple[Rota, datetime]:
    """A rota of up to three layers around a change of the clock; all of its times are multiples of the oracle's step."""
    zone, day = draw(st.sampled_from(CHANGES))
    middle = utc(f"{day}T00:00")
    minutes = st.integers(0, 47).map(lambda halves: halves * 30)
    instants = st.integers(-6 * 48, 6 * 48).map(lambda steps: middle + steps * STEP)
    people = st.sampled_from(["ivan", "petya", "dora", "kalina"])

    def hours() -> Hours | None:
        edges = sorted({*draw(st.lists(minutes, min_size=4, max_size=4, unique=True))})
        windows = ((edges[0], edges[1]), (edges[2], edges[3] if draw(st.booleans()) else 1440))
        week = tuple(windows if draw(st.booleans()) else () for _ in range(7))
        holidays = frozenset({(middle + timedelta(days=1)).date()}) if draw(st.booleans()) else frozenset()
        calendar = replace(OFFICE, zone=zone, week=week, holidays=holidays)
        return Hours(calendar, draw(st.booleans())) if draw(st.booleans()) else None

    layers = tuple(
        Layer(
            f"layer-{number}", draw(st.integers(1, 2)), tuple(draw(st.lists(people, min_size=1, unique=True))), zone,
            (middle - timedelta(days=draw(st.integers(-1, 40)))).date(), draw(minutes),
            draw(st.sampled_from([timedelta(hours=6), timedelta(hours=12), timedelta(days=1), timedelta(days=3), timedelta(days=7)])),
            hours(),
        )
        for number in range(draw(st.integers(1, 3)))
    )  # fmt: skip
    spans = st.lists(instants, min_size=2, max_size=2, unique=True).map(sorted)
    overrides = draw(st.lists(st.tuples(st.sampled_from([one.name for one in layers]), people, spans), max_size=3))
    leave = draw(st.lists(st.tuples(people, spans), max_size=3))
    rota = Rota(
        layers,
        tuple(Override(layer, person, *span) for layer, person, span in overrides),
        tuple(Leave(person, *span) for person, span in leave),
    )
    return rota, middle


@settings(max_examples=int(os.environ.get("ROOMDESK_EXAMPLES", "80")))
@given(rotas())
def test_every_instant_has_exactly_the_owners_that_the_rota_says(given_rota: tuple[Rota, datetime]) -> None:
    rota, middle = given_rota
    begin, end = middle - timedelta(days=4), middle + timedelta(days=4)
    found = shifts(rota, begin, end)
    for at, expected in owners(rota, begin, end):
        assert {(one.level, one.layer, one.person) for one in found if one.start <= at < one.end} == expected, at
    for one in found:
        assert begin <= one.start < one.end <= end
        assert (one.start - begin) % STEP == (one.end - begin) % STEP == timedelta()


@settings(max_examples=25)
@given(rotas(), st.integers(0, 8 * 48))
def test_who_when_and_gaps_agree_with_the_shifts(given_rota: tuple[Rota, datetime], steps: int) -> None:
    rota, middle = given_rota
    begin, end = middle - timedelta(days=4), middle + timedelta(days=4)
    at = begin + steps * STEP
    now = {(one.level, one.layer, one.person) for one in on_call(rota, at)}
    assert now == {
        (one.level, one.layer, one.person) for one in shifts(rota, at, at + STEP) if one.start <= at < one.end
    }
    after = next_hand_over(rota, at)
    if after is not None:
        assert {(one.level, one.layer, one.person) for one in on_call(rota, after)} != now
        assert {(one.level, one.layer, one.person) for one in on_call(rota, after - STEP)} == now
    spans = [(one.start, one.end) for one in shifts(rota, begin, end) if one.level == 1]
    covered, uncovered = _steps_in(spans, begin), _steps_in(gaps(rota, begin, end), begin)
    assert covered ^ uncovered == set(range(8 * 48))


def _steps_in(spans: Iterable[tuple[datetime, datetime]], begin: datetime) -> set[int]:
    given_spans = list(spans)
    return {step for step in range(8 * 48) if any(a <= begin + step * STEP < b for a, b in given_spans)}
