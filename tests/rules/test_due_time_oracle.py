"""R17: the clock engine against the slow oracle, on calendars, zones and pauses that hypothesis invents around clock changes.

20,200 examples in all, the same ones each time. `ROOMDESK_EXAMPLES` sets another sum and makes them new ones each time
(`--hypothesis-seed` repeats them); `make test-deep` takes a million.
"""

import os
from datetime import timedelta
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings

from roomdesk.rules.due_time import consumed, due, latest_start, parse_target, six_decimals, state, warn_times
from roomdesk.rules.errors import NoWorkingTime
from roomdesk.rules.explain_due import as_json, explain_due
from roomdesk.rules.working_time import CompiledCalendar, parse_calendar
from tests.rules import oracle
from tests.rules.questions import SECOND, instant, questions, small_questions

DEEP = int(os.environ.get("ROOMDESK_EXAMPLES") or (1_000_000 if os.environ.get("ROOMDESK_DEEP") else 0))
PARTS = (Fraction(1, 2), Fraction(3, 4), Fraction(9, 10), Fraction(1))


def many(examples):
    """The same examples in every `make test`, so that it fails for a change and not by chance; their part of a deep run."""
    return settings(
        max_examples=examples * DEEP // 20_000 if DEEP else examples,
        deadline=None,
        derandomize=not DEEP,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


def seconds(at):
    return None if at is None else (at - oracle.EPOCH) // timedelta(seconds=1)


def prepared(question):
    written, target, start, waits, at, stopped = question
    calendar = CompiledCalendar(parse_calendar(written))
    pauses = [(instant(begin), instant(end)) for begin, end in waits]
    return calendar, parse_target(target), instant(start), pauses, instant(at), instant(stopped)


def is_refused(written, target, start, years=10):
    return target["kind"] != "elapsed" and not oracle.Calendar(written).has_work(start, years)


def check_due(question):
    written, target, start, waits, at, stopped = question
    calendar, goal, begin, pauses, probe, _ = prepared(question)
    if is_refused(written, target, start):
        with pytest.raises(NoWorkingTime):
            due(calendar, goal, begin, pauses)
        return
    plain = oracle.Calendar(written)
    *warned, last = oracle.reached(plain, target, start, waits, PARTS)
    due_at = due(calendar, goal, begin, pauses)
    assert seconds(due_at) == last
    assert [seconds(warning) for warning in warn_times(calendar, goal, begin, pauses)] == warned
    part = oracle.used(plain, target, start, at, waits)
    assert consumed(calendar, goal, begin, pauses, probe) == part
    assert six_decimals(part) == oracle.six(part)
    published = None if last is None else last * SECOND
    for now, end in ((at, None), (at, stopped), (published, None), (at, published)):
        if now is not None:
            expected = oracle.stands(target, published, now, end, waits)
            assert state(goal, due_at, instant(now), instant(end), pauses) == expected


def check_latest_start(question):
    written, target, end, *_ = question
    calendar, goal, due_at, *_ = prepared(question)
    if is_refused(written, target, end // SECOND * SECOND, -10):
        with pytest.raises(NoWorkingTime):
            latest_start(calendar, goal, due_at)
        return
    begin = latest_start(calendar, goal, due_at)
    assert seconds(begin) == oracle.latest_start(oracle.Calendar(written), target, end)
    assert due(calendar, goal, begin) <= due_at < due(calendar, goal, begin + timedelta(seconds=1))


@many(14_000)
@given(questions)
def test_due_warnings_consumption_and_state_are_what_the_oracle_says(question):
    check_due(question)


@many(5_000)
@given(questions)
def test_the_latest_start_is_the_last_second_that_is_still_in_time(question):
    check_latest_start(question)


@many(500)
@given(small_questions)
def test_both_directions_hold_for_small_questions_too(question):
    check_due(question)
    check_latest_start(question)


@many(700)
@given(questions)
def test_an_explanation_counts_what_the_oracle_counts(question):
    written, target, start, waits, _, _ = question
    calendar, goal, begin, pauses, *_ = prepared(question)
    if is_refused(written, target, start) or (due_at := due(calendar, goal, begin, pauses)) is None:
        return
    explained = as_json(explain_due(calendar, goal, begin, pauses))
    counted = sum(Fraction(part["seconds"]) for part in explained["segments"] if part["what"] == "counted")
    end, spent = seconds(due_at) * SECOND, 0
    for piece, stop, _ in oracle.pieces(oracle.Calendar(written), target, start, waits):
        if piece >= end:
            break
        spent += min(stop, end) - piece
    assert counted == Fraction(spent, SECOND)
