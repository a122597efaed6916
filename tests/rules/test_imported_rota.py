"""On-calls that another system computes, as a rota: the same people at every instant (R40, D33)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomdesk.rules import imported_rota
from roomdesk.rules.imported_rota import OnCall, carried
from roomdesk.rules.rota import next_hand_over, on_call, shifts
from tests.rules.rota_oracle import utc

pytestmark = pytest.mark.part_of("R40")
BEGIN = utc("2026-03-27T00:00")
HOUR = timedelta(hours=1)
_LAYERS = st.sampled_from(["Primary", "Backup"])
_PEOPLE = st.sampled_from(["ivan", "petya", "dora"])


@st.composite
def computed(draw: st.DrawFn) -> list[OnCall]:
    """What a schedule gives: at each level and layer one person after the other, with breaks."""
    found = []
    for level in (1, 2):
        layer, at = draw(_LAYERS), draw(st.integers(0, 20))
        for _ in range(draw(st.integers(1, 5))):
            length = draw(st.integers(1, 48))
            found.append(OnCall(level, layer, BEGIN + at * HOUR, BEGIN + (at + length) * HOUR, draw(_PEOPLE)))
            at += length + draw(st.sampled_from([0, 0, 7]))
    return found


@given(computed())
def test_who_is_on_call_at_every_hour_is_who_was_told(told: list[OnCall]) -> None:
    rota = imported_rota.rota(told)
    for hour in range(0, 24 * 12, 3):
        at = BEGIN + hour * HOUR
        expected = sorted((one.level, one.person) for one in told if one.start <= at < one.end)
        assert [(one.level, one.person) for one in on_call(rota, at)] == expected, at


def test_the_next_hand_over_is_the_next_change() -> None:
    told = [OnCall(1, "Primary", BEGIN, BEGIN + 40 * HOUR, "ivan"), OnCall(1, "Primary", BEGIN + 40 * HOUR, BEGIN + 90 * HOUR, "petya")]  # fmt: skip
    rota = imported_rota.rota(told)
    assert next_hand_over(rota, BEGIN) == BEGIN + 40 * HOUR
    assert [one.person for one in shifts(rota, BEGIN, BEGIN + 200 * HOUR)] == ["ivan", "petya"]


def test_a_name_at_two_levels_says_which() -> None:
    told = [OnCall(level, "Support", BEGIN, BEGIN + HOUR, person) for level, person in ((1, "ivan"), (2, "petya"))]
    assert [layer.name for layer in imported_rota.rota(told).layers] == ["Support, level 1", "Support, level 2"]


def test_an_import_leaves_the_past_as_it_was_and_joins_what_goes_on() -> None:
    before = [
        OnCall(1, "Primary", BEGIN - 80 * HOUR, BEGIN - 60 * HOUR, "dora"),
        OnCall(1, "Primary", BEGIN - 20 * HOUR, BEGIN + 20 * HOUR, "ivan"),
        OnCall(1, "Primary", BEGIN + 20 * HOUR, BEGIN + 30 * HOUR, "dora"),
    ]
    found = [OnCall(1, "Primary", BEGIN - 20 * HOUR, BEGIN + 10 * HOUR, "ivan"), OnCall(1, "Primary", BEGIN + 10 * HOUR, BEGIN + 30 * HOUR, "petya")]  # fmt: skip
    assert carried(before, found, BEGIN, BEGIN - 30 * HOUR) == [
        OnCall(1, "Primary", BEGIN - 20 * HOUR, BEGIN + 10 * HOUR, "ivan"),
        OnCall(1, "Primary", BEGIN + 10 * HOUR, BEGIN + 30 * HOUR, "petya"),
    ]
