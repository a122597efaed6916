"""R21: the words for a due time name every window, holiday and pause."""

import json
from datetime import UTC, datetime
from fractions import Fraction

from roomdesk.rules.due_time import Target
from roomdesk.rules.due_words import lines
from roomdesk.rules.explain_due import as_json, explain_due
from roomdesk.rules.working_time import compile_calendar, parse_calendar

WEEK = {day: [["09:00", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
CALENDAR = compile_calendar(
    parse_calendar(
        {
            "timezone": "Europe/Sofia",
            "week": WEEK,
            "holidays": {"2026-03-03": "Liberation Day"},
            "closures": ["2026-03-04"],
        }
    )
)


def test_the_lines_tell_the_whole_story():
    pause = datetime(2026, 3, 5, 8, tzinfo=UTC), datetime(2026, 3, 5, 9, tzinfo=UTC)
    explained = explain_due(
        CALENDAR, Target("business_hours", Fraction(4)), datetime(2026, 2, 27, 15, tzinfo=UTC), [pause]
    )
    assert lines(explained) == [
        "Target: 4 business hours, counted in Europe/Sofia from Fri 2026-02-27 17:00 (UTC+02:00).",
        "Fri 2026-02-27: 17:00–18:00 count 1 h; 25.0 % of the target used.",
        "Sat 2026-02-28 to Sun 2026-03-01: closed, nothing counts.",
        "Mon 2026-03-02: 09:00–12:00 count 3 h; 100.0 % of the target used.",
        "Due Mon 2026-03-02 12:00 (UTC+02:00).",
    ]
    longer = lines(
        explain_due(
            CALENDAR, Target("business_days", Fraction(3, 2), soft=True), datetime(2026, 3, 2, 7, tzinfo=UTC), [pause]
        )
    )
    assert longer[1:] == [
        "Mon 2026-03-02: 09:00–18:00 count 9 h of 9 h; 66.6 % of the target used.",
        "Tue 2026-03-03: holiday (Liberation Day), nothing counts.",
        "Wed 2026-03-04: closed by exception, nothing counts.",
        "Thu 2026-03-05: 09:00–10:00 and 11:00–14:30 count 4 h, 30 min of 9 h; 100.0 % of the target used.",
        "Paused from Thu 2026-03-05 10:00 (UTC+02:00) to Thu 2026-03-05 11:00 (UTC+02:00); that time does not count.",
        "Due Thu 2026-03-05 14:30 (UTC+02:00).",
    ]


def test_an_open_pause_is_told():
    pause = datetime(2026, 3, 2, 8, tzinfo=UTC), None
    explained = explain_due(CALENDAR, Target("elapsed", Fraction(4)), datetime(2026, 3, 2, 7, tzinfo=UTC), [pause])
    assert lines(explained)[-2:] == [
        "Paused from Mon 2026-03-02 10:00 (UTC+02:00) and still is; that time does not count.",
        "There is no due time while the pause lasts.",
    ]
    assert json.loads(json.dumps(as_json(explained)))["due"] is None
    assert (
        lines(explain_due(CALENDAR, Target("none"), datetime(2026, 3, 2, 7, tzinfo=UTC)))[-1] == "There is no due time."
    )


def test_a_start_in_the_hour_that_the_clock_repeats_after_midnight_counts_for_the_date_before():
    calendar = compile_calendar(
        parse_calendar(
            {"timezone": "Atlantic/Azores", "week": {"sat": [["22:00", "24:00"]], "sun": [["22:00", "24:00"]]}}
        )
    )
    # Sunday 2026-10-25, 00:30 for the first time: until 00:00 is shown again at 01:00 UTC, Saturday's window goes on.
    explained = explain_due(calendar, Target("business_hours", Fraction(1)), datetime(2026, 10, 25, 0, 30, tzinfo=UTC))
    assert [(segment.first.isoformat(), segment.counted.total_seconds()) for segment in explained.segments] == [
        ("2026-10-24", 1800),
        ("2026-10-25", 1800),
    ]
