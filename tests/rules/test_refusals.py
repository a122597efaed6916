"""Broken calendars, targets, times and lines are refused with a sentence, and a broken line stops nothing."""

import json
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

import pytest

from roomdesk.rules.due_time import Target, consumed, due, latest_start, parse_target, state, warn_times
from roomdesk.rules.errors import CalendarError, NoWorkingTime, TargetError, TimeError
from roomdesk.rules.sla_lines import answer_line
from roomdesk.rules.working_time import compile_calendar, parse_calendar

OFFICE = {
    "timezone": "Europe/Sofia",
    "week": {day: [["09:00", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri")},
    "holidays": [],
}
LINE = {
    "id": "x",
    "calendar": OFFICE,
    "target": {"kind": "business_hours", "hours": "4"},
    "start": "2026-03-06T14:30:00Z",
}
START = datetime(2026, 3, 6, 14, 30, tzinfo=UTC)
HOURS = Target("business_hours", Fraction(4))


def office(**changes):
    return parse_calendar({**OFFICE, **changes})


def week(*windows):
    return {"week": {"mon": list(windows)}}


WRONG_CALENDARS = [
    ({"timezone": "Europe/Sofya"}, "calendar.timezone 'Europe/Sofya' is no IANA time zone"),
    ({"timezone": "../../etc/passwd"}, "is no IANA time zone"),
    ({"timezone": ""}, "is no IANA time zone"),
    ({"timezone": "tzdata.zi"}, "is no IANA time zone"),
    ({"timezone": "Europe"}, "is no IANA time zone"),
    ({"timezone": "Europe/__init__"}, "is no IANA time zone"),
    ({"timezone": 7}, "calendar.timezone must be an IANA name"),
    ({"week": None}, "calendar.week must be a table"),
    ({"week": {"monday": []}}, "calendar.week has an unknown weekday 'monday'; the days are mon, tue"),
    ({"week": {"mon": "09:00"}}, "calendar.week.mon must be a list of windows"),
    (
        week(["09:00", "12:00"], ["11:59", "18:00"]),
        "calendar.week.mon has windows that overlap: 09:00–12:00 and 11:59–18:00.",
    ),
    (week(["18:00", "09:00"]), "does not start before it ends: 18:00–09:00"),
    (week(["09:00", "09:00"]), "does not start before it ends"),
    (week(["9:00", "18:00"]), "written HH:MM, not '9:00'"),
    (week(["09:00", "24:01"]), "written HH:MM, not '24:01'"),
    (week(["09:60", "18:00"]), "written HH:MM"),
    (week(["０9:00", "18:00"]), "written HH:MM"),
    (week([900, "18:00"]), "written HH:MM, not 900"),
    (week(["09:00"]), "must have windows like"),
    (
        {"holidays": ["2026-02-30"]},
        "calendar.holidays must have dates written YYYY-MM-DD that exist, not '2026-02-30'.",
    ),
    ({"holidays": ["20260203"]}, "dates written YYYY-MM-DD"),
    ({"holidays": [START]}, "dates written YYYY-MM-DD"),
    ({"holidays": 3}, "calendar.holidays must be a table"),
    ({"openings": {"2026-03-07": [["10:00", "09:00"]]}}, "calendar.openings.2026-03-07 has a window"),
    ({"closures": {"2026-03-06": "all"}}, "calendar.closures.2026-03-06 must be a list"),
]


@pytest.mark.parametrize(("changes", "sentence"), WRONG_CALENDARS)
def test_a_wrong_calendar_is_refused(changes, sentence):
    with pytest.raises(CalendarError) as refusal:
        office(**changes)
    assert sentence in str(refusal.value)
    assert str(refusal.value).endswith(".")
    assert answer_line(json.dumps({**LINE, "calendar": {**OFFICE, **changes}}, default=str)).keys() == {"id", "error"}


WRONG_TARGETS = [
    (None, "target must be a table"),
    (
        {"kind": "hours", "hours": 4},
        "target.kind must be one of elapsed, business_hours, business_days, none, not 'hours'.",
    ),
    ({"kind": ["elapsed"]}, "target.kind must be one of"),
    ({"kind": "elapsed"}, "target.hours must be a whole number or a decimal string"),
    ({"kind": "elapsed", "days": 4}, "target.days does not belong to the kind elapsed, which is given in hours."),
    ({"kind": "business_days", "days": "4", "hours": 4}, "target.hours does not belong"),
    ({"kind": "elapsed", "hours": -4}, "not -4"),
    ({"kind": "elapsed", "hours": "-4"}, "decimal string"),
    ({"kind": "elapsed", "hours": 0}, "target.hours must be more than 0."),
    ({"kind": "elapsed", "hours": "0.00"}, "must be more than 0"),
    ({"kind": "elapsed", "hours": "1.234"}, "at most two places, not '1.234'"),
    ({"kind": "elapsed", "hours": 1.5}, "decimal string"),
    ({"kind": "elapsed", "hours": True}, "decimal string"),
    ({"kind": "elapsed", "hours": "٤"}, "decimal string"),
    ({"kind": "elapsed", "hours": "1e3"}, "decimal string"),
    ({"kind": "elapsed", "hours": 10**9}, "must be at most"),
    ({"kind": "business_days", "days": 10**6}, "must be at most"),
    ({"kind": "elapsed", "hours": 1, "soft": "yes"}, "target.soft must be true or false"),
]


@pytest.mark.parametrize(("target", "sentence"), WRONG_TARGETS)
def test_a_wrong_target_is_refused(target, sentence):
    with pytest.raises(TargetError) as refusal:
        parse_target(target)
    assert sentence in str(refusal.value)
    assert answer_line(json.dumps({**LINE, "target": target})) == {"id": "x", "error": str(refusal.value)}


WRONG_LINES = [
    ({"start": "0001-01-01T00:00:00Z"}, "start must lie in the years 1900 to 9000"),
    ({"start": "9999-12-31T23:59:59Z"}, "start must lie in the years 1900 to 9000"),
    ({"start": "2026-03-06T14:30:00"}, "start must be a time like 2026-03-06T14:30:00Z, not '2026-03-06T14:30:00'"),
    ({"start": "2026-03-06"}, "start must be a time like"),
    ({"start": "2026-02-30T00:00:00Z"}, "start is no existing time: '2026-02-30T00:00:00Z'"),
    ({"start": "2026-03-06T24:00:01Z"}, "start is no existing time"),
    ({"start": "2026-W10-5T00:00:00Z"}, "start must be a time like"),
    ({"start": 0}, "start must be a time like"),
    ({"start": None}, "start must be a time like"),
    ({"start": "0001-01-01T00:00:00+14:00"}, "start is no existing time"),
    ({"pauses": None}, "pauses must be a list"),
    ({"pauses": [["2026-03-06T15:00:00Z"]]}, "pause 1 must be a pair of times"),
    ({"pauses": ["x"]}, "pause 1 must be a pair of times"),
    ({"pauses": [["2026-03-06T15:00:00Z", "2026-03-06T14:00:00Z"]]}, "pause 1 ends before it begins"),
    ({"pauses": [[None, None]]}, "pause 1 must be a time like"),
    ({"pauses": [["0001-01-01T00:00:00Z", None]]}, "pause 1 must lie in the years 1900 to 9000"),
    (
        {"pauses": [["2026-03-06T15:00:00Z", None], ["2026-03-06T16:00:00Z", None]]},
        "pause 2 follows a pause that has no end",
    ),
    (
        {"pauses": [["2026-03-06T15:00:00Z", "2026-03-06T17:00:00Z"], ["2026-03-06T16:00:00Z", None]]},
        "pause 2 begins before the one before it ends",
    ),
    (
        {
            "pauses": [
                ["2026-03-08T15:00:00Z", "2026-03-08T17:00:00Z"],
                ["2026-03-06T16:00:00Z", "2026-03-06T17:00:00Z"],
            ]
        },
        "pause 2 begins before the one before it ends",
    ),
    ({"probes": [{"stopped_at": None}]}, "probe 1, at, must be a time like"),
    ({"probes": [{"at": "0001-01-01T00:00:00Z"}]}, "probe 1, at, must lie in the years"),
    ({"probes": [1]}, "probe 1 must be like"),
    ({"probes": {}}, "probes must be a list"),
    ({"probes": [{"at": "2026-03-06T15:00:00Z", "stopped_at": 5}]}, "probe 1, stopped_at, must be a time like"),
    ({"calendar": None}, "calendar must be a table"),
    ({"calendar": {}}, "calendar.timezone must be an IANA name"),
    (
        {"target": {"kind": "elapsed", "hours": 900_000}, "start": "9000-12-31T00:00:00Z", "calendar": 1},
        "calendar must be a table, not 1",
    ),
    ({"target": {"kind": "business_hours", "hours": -4}}, "target.hours must be a whole number or a decimal string"),
]


@pytest.mark.parametrize(("changes", "sentence"), WRONG_LINES)
def test_a_broken_line_gets_a_sentence(changes, sentence):
    answer = answer_line(json.dumps({**LINE, **changes}))
    assert answer.keys() == {"id", "error"}
    assert answer["id"] == "x"
    assert sentence in answer["error"]
    assert answer["error"].endswith(".")


@pytest.mark.parametrize("line", ["", "{", "[]", "7", "null", "[" * 100_000, '{"id": "x"} {}', "\ud800", "9" * 5000])
def test_a_line_that_is_no_object_has_no_id(line):
    answer = answer_line(line)
    assert answer.keys() == {"id", "error"}
    assert answer["id"] is None


def test_times_that_cannot_be_used_are_refused():
    calendar = compile_calendar(office())
    for start in (datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC), datetime(2026, 3, 6)):  # noqa: DTZ001
        for target in (HOURS, Target("business_days", Fraction(1)), Target("elapsed", Fraction(1))):
            with pytest.raises(TimeError):
                due(calendar, target, start)
    far = datetime(9000, 6, 1, tzinfo=UTC)
    with pytest.raises(TimeError, match="use a smaller target"):
        due(compile_calendar(office(week={"mon": [["09:00", "09:01"]]})), Target("business_hours", Fraction(1000)), far)
    with pytest.raises(TimeError, match="use a smaller target"):
        latest_start(calendar, Target("business_days", Fraction(90_000)), START)
    with pytest.raises(TimeError, match="no latest start"):
        latest_start(calendar, Target("none"), START)


def test_a_calendar_without_work_is_told_apart_from_a_broken_one():
    empty = compile_calendar(office(week={}))
    for target in (HOURS, Target("business_days", Fraction(1))):
        for ask in (due, warn_times, latest_start):
            with pytest.raises(NoWorkingTime):
                ask(empty, target, START)
    with pytest.raises(NoWorkingTime):
        due(None, HOURS, START)
    assert (
        due(empty, Target("elapsed", Fraction(4)), START)
        == due(None, Target("elapsed", Fraction(4)), START)
        == START + timedelta(hours=4)
    )
    assert answer_line(json.dumps({**LINE, "calendar": {**OFFICE, "week": {}}})) == {
        "id": "x",
        "expect": {"error": "calendar has no working time"},
    }


def test_ten_years_are_half_open():
    """The only working date lies just inside or just at the end of [start, start + 10 years)."""
    only = compile_calendar(office(week={}, openings={"2036-03-06": [["09:00", "10:00"]]}))
    opening = datetime(2036, 3, 6, 7, tzinfo=UTC)
    start = datetime(2026, 3, 6, 7, tzinfo=UTC)
    for target in (Target("business_hours", Fraction(1, 2)), Target("business_days", Fraction(1, 2))):
        assert due(only, target, start + timedelta(seconds=1)) == opening + timedelta(minutes=30)
        with pytest.raises(NoWorkingTime):
            due(only, target, start)


def test_closures_and_openings_change_single_dates():
    calendar = compile_calendar(
        office(
            holidays={"2026-03-03": "Liberation Day"},
            closures={"2026-03-04": [["12:00", "18:00"]], "2026-03-05": [["00:00", "24:00"]]},
            openings={date(2026, 3, 7): [["10:00", "12:00"]], "2026-03-03": [["09:00", "10:00"]]},
        )
    )
    start = datetime(2026, 3, 3, tzinfo=UTC)
    assert due(calendar, HOURS, start) == datetime(2026, 3, 4, 10, tzinfo=UTC)
    assert (
        consumed(calendar, Target("business_hours", Fraction(1)), start, (), datetime(2026, 3, 9, tzinfo=UTC))
        == 1 + 3 + 9 + 2
    )
    assert calendar.next_working(datetime(2026, 3, 4, 10, tzinfo=UTC)) == datetime(2026, 3, 6, 7, tzinfo=UTC)
    assert calendar.is_working(datetime(2026, 3, 7, 8, tzinfo=UTC))
    assert not calendar.is_working(datetime(2026, 3, 7, 10, tzinfo=UTC))
    assert compile_calendar(office(closures=["2026-03-05"])).hours(date(2026, 3, 5).toordinal()) == ()


def test_a_target_of_none_has_no_due_and_is_never_overdue():
    none = parse_target({"kind": "none"})
    assert due(None, none, START) is None
    assert warn_times(None, none, START) == (None, None, None)
    assert consumed(None, none, START, (), START + timedelta(days=9)) == 0
    assert state(none, None, START + timedelta(days=9)) == "running"


def test_the_answer_does_not_depend_on_what_was_asked_before():
    fresh, used = office(holidays=["2026-03-09"]), compile_calendar(office(holidays=["2026-03-10"]))
    for year in (2040, 1950, 2026):
        start = datetime(year, 3, 6, 14, 30, tzinfo=UTC)
        for target in (HOURS, Target("business_days", Fraction(700)), Target("elapsed", Fraction(3))):
            assert due(used, target, start) == due(type(used)(used.definition), target, start)
            assert latest_start(used, target, start) == latest_start(type(used)(used.definition), target, start)
    assert compile_calendar(fresh) is compile_calendar(office(holidays=["2026-03-09"]))


def test_a_target_that_is_never_reached_is_refused():
    only = compile_calendar(office(week={}, openings={"2026-03-06": [["09:00", "18:00"]]}))
    with pytest.raises(TimeError, match="after the year 9998"):
        due(only, Target("business_hours", Fraction(10)), START - timedelta(days=1))
