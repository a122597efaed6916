"""The marks of a span are on every message that was said in it, and on few others."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomdesk.rules.search_times import MANY, MOST, covering, marks

INSTANTS = st.datetimes(datetime(1969, 1, 1), datetime(2060, 1, 1)).map(lambda at: at.replace(tzinfo=UTC))  # noqa: DTZ001 - it gets its zone
pytestmark = pytest.mark.part_of("R08")


@given(INSTANTS, st.timedeltas(timedelta(), timedelta(days=3000)), st.floats(0, 1))
def test_what_was_said_in_a_span_has_one_of_its_marks(start: datetime, length: timedelta, part: float) -> None:
    found = covering(start, start + length)
    assert found is not None and len(found) == len({*found}) <= MOST
    assert {*marks(start + length * part)} & {*found}
    for outside in (start - timedelta(days=MANY), start + length + timedelta(days=MANY)):
        assert not {*marks(outside)} & {*found}


@given(INSTANTS, st.timedeltas(timedelta(), timedelta(days=MANY - 1)))
def test_a_short_span_has_the_marks_of_its_days_and_of_no_other(start: datetime, length: timedelta) -> None:
    for outside in (start - timedelta(days=1), start + length + timedelta(days=1)):
        assert not {*marks(outside)} & {*(covering(start, start + length) or ())}


def test_a_long_span_takes_few_marks_and_one_without_end_none() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    for days in range(60):
        assert len(covering(start + timedelta(days), start + timedelta(days=790)) or ()) < 730 / MANY + 8
    assert covering(start, start + timedelta(days=MANY * (MOST + 2))) is None
