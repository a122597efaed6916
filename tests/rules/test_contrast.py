"""Contrast by WCAG, and colours moved until they can be read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomdesk.rules.contrast import BLACK, LEAST, WHITE, colour_of, contrast, readable, text_of
from roomdesk.rules.errors import RuleError

COLOURS = st.tuples(*[st.integers(0, 255)] * 3)


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [("#000000", "#ffffff", 21.0), ("#ffffff", "#ffffff", 1.0), ("#777777", "#ffffff", 4.48), ("#0000ff", "#ffffff", 8.59)],
)  # fmt: skip
def test_contrast_is_wcags(one: str, other: str, ratio: float) -> None:
    assert contrast(colour_of(one), colour_of(other)) == pytest.approx(ratio, abs=0.01)


@given(COLOURS, COLOURS)
def test_a_colour_can_be_read_on_its_ground_and_stays_itself_where_it_could(
    colour: tuple[int, int, int], ground: tuple[int, int, int]
) -> None:
    found = readable(colour, ground)
    assert contrast(found, ground) >= LEAST
    if contrast(colour, ground) >= LEAST:
        assert found == colour


def test_it_moves_no_further_than_it_must() -> None:
    found = readable(colour_of("#8bb8e8"), WHITE)
    assert LEAST <= contrast(found, WHITE) < LEAST + 0.3 and found != BLACK


@pytest.mark.parametrize("text", ["", "1f5fae", "#1f5fa", "#1f5fag", "#1f5fae0", "red"])
def test_what_is_no_colour_is_refused(text: str) -> None:
    with pytest.raises(RuleError, match="is no colour"):
        colour_of(text)


@given(COLOURS)
def test_a_colour_is_written_as_it_is_read(colour: tuple[int, int, int]) -> None:
    assert colour_of(text_of(colour)) == colour
