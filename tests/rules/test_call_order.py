"""The order in which people are called while nobody has a page."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from roomdesk.rules.call_order import EVERYONE, FALLBACK, MANAGER, NEXT, SECOND, Progress, Terms, next_look, steps_due

AT = datetime(2026, 3, 8, 1, 0, tzinfo=UTC)
TERMS = Terms(timedelta(seconds=10), timedelta(minutes=5), timedelta(minutes=20))


def after(page: Progress, **span: float) -> list[int]:
    return list(steps_due(page, TERMS, AT + timedelta(**span)))


def test_nothing_is_due_while_it_may_still_be_taken() -> None:
    assert after(Progress(AT, None, 0), seconds=9) == []
    assert next_look(Progress(AT, None, 0), TERMS, AT) == AT + timedelta(seconds=10)


def test_what_nobody_took_falls_back_and_what_was_refused_at_once() -> None:
    assert after(Progress(AT, None, 0), seconds=10) == [FALLBACK]
    assert after(Progress(AT, None, 0, failed=True), seconds=0) == [FALLBACK]
    assert after(Progress(AT, None, FALLBACK), seconds=11) == []


def test_what_was_taken_and_not_acknowledged_goes_on_by_the_products_minutes() -> None:
    page = Progress(AT, AT, 0)
    assert after(page, minutes=4.9) == []
    assert after(page, minutes=5) == [FALLBACK, NEXT]
    assert after(replace(page, step=NEXT), minutes=10) == [SECOND]
    assert after(replace(page, step=SECOND), minutes=15) == [MANAGER]
    assert after(replace(page, step=MANAGER), minutes=20) == [EVERYONE]
    assert after(replace(page, step=EVERYONE), minutes=25) == [EVERYONE + 1], "everybody again"


def test_what_an_outage_passed_over_is_made_up_once() -> None:
    found = after(Progress(AT, AT, 0), hours=3)
    assert found[:-1] == [FALLBACK, NEXT, SECOND, MANAGER] and found[-1] >= EVERYONE
    assert len(after(Progress(AT, AT, EVERYONE), hours=3)) == 1


def test_whoever_waits_long_is_called_for_more_rarely_and_at_least_once_a_day() -> None:
    page, at, calls = Progress(AT, AT, EVERYONE), AT, list[datetime]()
    while at < AT + timedelta(days=365):
        at = next_look(page, TERMS, at)
        calls.append(at)
        page = replace(page, step=steps_due(page, TERMS, at)[-1])
    gaps = [later - earlier for earlier, later in pairwise([AT + timedelta(minutes=20), *calls])]
    assert gaps[:8] == [timedelta(minutes=5)] * 8, "at the product's pace for the first hour"
    assert gaps == sorted(gaps) and max(gaps) == timedelta(days=1)
    assert sum(at < AT + timedelta(hours=12) for at in calls) > 30
    assert len(calls) < 500


@given(
    step=st.integers(0, 9),
    accepted=st.none() | st.integers(0, 600),
    terms=st.builds(
        Terms,
        st.integers(1, 60).map(lambda n: timedelta(seconds=n)),
        st.integers(1, 30).map(lambda n: timedelta(minutes=n)),
        st.integers(1, 90).map(lambda n: timedelta(minutes=n)),
    ),
    seconds=st.integers(0, 20_000),
)
def test_there_is_always_a_next_look_and_it_finds_the_next_step(
    step: int, accepted: int | None, terms: Terms, seconds: int
) -> None:
    page = Progress(AT, None if accepted is None else AT + timedelta(seconds=accepted), step)
    now = AT + timedelta(seconds=seconds)
    due = list(steps_due(page, terms, now))
    assert due == sorted(set(due)) and all(one > step for one in due)
    reached = replace(page, step=due[-1]) if due else page
    assert list(steps_due(reached, terms, now)) == [], "a step is taken once"
    at = next_look(reached, terms, now)
    assert now < at
    # Nothing is due before the look, so nobody is called late by it.
    assert list(steps_due(reached, terms, at - timedelta(microseconds=1))) == []
