"""The clock engine against the slow oracle, on calendars, zones and pauses that hypothesis invents around clock changes."""

import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))
import oracle

from roomdesk.rules.due_time import consumed, due, latest_start, parse_target, state, warn_times
from roomdesk.rules.errors import NoWorkingTime
from roomdesk.rules.explain_due import as_json, explain_due
from roomdesk.rules.working_time import compile_calendar, parse_calendar

EXAMPLES = 20_000 if os.environ.get("ROOMDESK_DEEP") else 300
LAST = (oracle.DAYS - 5) * 86400
often = settings(max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
minutes = st.one_of(
    st.integers(0, 1440), st.integers(0, 24).map(lambda hour: hour * 60), st.integers(0, 10).map(lambda n: n * 30)
)


def written(minute):
    return f"{minute // 60:02}:{minute % 60:02}"


@st.composite
def windows(draw):
    edges = sorted(draw(st.lists(minutes, max_size=6)))
    pairs = [(a, b) for a, b in zip(edges[::2], edges[1::2], strict=False) if a < b]
    if draw(st.booleans()):
        pairs = [(0, 1440)] if draw(st.booleans()) else pairs
    return [[written(a), written(b)] for a, b in pairs]


@st.composite
def questions(draw):
    zone, base = draw(st.sampled_from(oracle.BASES))
    usual = draw(windows())
    week = {day: usual if draw(st.integers(0, 3)) else draw(windows()) for day in oracle.NAMES}
    holidays = [(base + timedelta(days=n)).isoformat() for n in draw(st.sets(st.integers(10, 40), max_size=4))]
    kind = draw(st.sampled_from(["business_hours", "business_days", "elapsed"]))
    hundredths = draw(st.one_of(st.integers(1, 900), st.integers(1, 40).map(lambda n: n * 100)))
    target = {
        "kind": kind,
        "days" if kind == "business_days" else "hours": f"{hundredths // 100}.{hundredths % 100:02}",
    }
    start = draw(st.one_of(st.integers(5 * 86400, 30 * 86400), st.integers(5 * 48, 30 * 48).map(lambda n: n * 1800)))
    steps = draw(st.lists(st.one_of(st.integers(0, 200_000), st.integers(0, 48).map(lambda n: n * 1800)), max_size=6))
    points = [start - 40_000]
    for step in steps:
        points.append(points[-1] + step)
    pauses = [list(pair) for pair in zip(points[1::2], points[2::2], strict=False)]
    if len(points) % 2 == 0:
        pauses.append([points[-1], None])
    at = draw(st.integers(start, min(LAST, start + 20 * 86400)))
    return {"timezone": zone, "week": week, "holidays": holidays}, base, target, start, pauses, at


@often
@given(questions())
def test_the_engine_gives_what_the_oracle_gives(question):
    definition, base, target, start, pauses, at = question
    epoch = datetime(base.year, base.month, base.day, tzinfo=UTC)
    runs = oracle.working_runs(definition, base)
    calendar, goal = compile_calendar(parse_calendar(definition)), parse_target(target)

    def instant(seconds):
        return None if seconds is None else epoch + timedelta(seconds=seconds)

    begin, waits = instant(start), [(instant(a), instant(b)) for a, b in pauses]
    try:
        due_at = due(calendar, goal, begin, waits)
    except NoWorkingTime:
        assert not any(definition["week"].values())
        return
    assert consumed(calendar, goal, begin, waits, instant(at)) == oracle.used(runs, target, start, at, pauses)
    parts = zip((1, 0.5, 0.75, 0.9), (due_at, *warn_times(calendar, goal, begin, waits)), strict=True)
    for part, answer in parts:
        exact = oracle.Fraction(str(part))
        second = oracle.first_second(
            lambda now, exact=exact: oracle.used(runs, target, start, now, pauses) >= exact, start, LAST
        )
        if second is None:
            assert answer is None if pauses and pauses[-1][1] is None else answer > instant(LAST)
        else:
            assert answer == instant(second)
    if due_at is not None and due_at < instant(LAST):
        explained = as_json(explain_due(calendar, goal, begin, waits))
        spent = sum(segment["seconds"] for segment in explained["segments"] if segment["what"] == "counted")
        assert spent == sum(
            oracle.free(max(a, start), min(b, (due_at - epoch).total_seconds()), pauses)
            for _, a, b in ([(0, start, LAST)] if target["kind"] == "elapsed" else runs)
        )


@often
@given(questions())
def test_the_latest_start_is_the_last_second_that_is_still_in_time(question):
    definition, base, target, _, _, end = question
    epoch = datetime(base.year, base.month, base.day, tzinfo=UTC)
    runs = oracle.working_runs(definition, base)
    if oracle.used(runs, target, 3 * 86400, end, []) < 1:
        return
    late = oracle.first_second(lambda now: oracle.used(runs, target, now, end, []) < 1, 3 * 86400, end)
    calendar, goal, due_at = (
        compile_calendar(parse_calendar(definition)),
        parse_target(target),
        epoch + timedelta(seconds=end),
    )
    begin = latest_start(calendar, goal, due_at)
    assert begin == epoch + timedelta(seconds=late - 1)
    assert due(calendar, goal, begin) <= due_at < due(calendar, goal, begin + timedelta(seconds=1))


@often
@given(questions())
def test_the_short_way_and_the_long_way_agree(question):
    """`due` without pauses takes a short way; a pause after everything else forces the long one."""
    definition, base, target, start, _, _ = question
    begin = datetime(base.year, base.month, base.day, tzinfo=UTC) + timedelta(seconds=start, microseconds=start % 1000)
    calendar, goal = compile_calendar(parse_calendar(definition)), parse_target(target)
    try:
        short = due(calendar, goal, begin)
    except NoWorkingTime:
        with pytest.raises(NoWorkingTime):
            latest_start(calendar, goal, begin)
        return
    assert short == due(calendar, goal, begin, [(short + timedelta(days=1), None)])
    assert short.microsecond == 0
    assert (
        consumed(calendar, goal, begin, (), short)
        >= 1
        > consumed(calendar, goal, begin, (), short - timedelta(seconds=1))
    )
    assert state(goal, short, short) == "running"
    assert state(goal, short, short + timedelta(seconds=1)) == "breached"
