"""A clock in words: what it says and in which tone, from its rows alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from roomdesk.clocks.models import Clock
from roomdesk.web.console import clock_words

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def clock(**given: object) -> Clock:
    """A running clock of four hours, around the clock."""
    row = {
        "kind": "first_response",
        "target_kind": "elapsed",
        "target_amount": "4",
        "started_at": START,
        "counted_from": START,
    }
    return Clock(**{**row, "due_at": START + timedelta(hours=4), "state": "running", "product_version_id": 1, **given})


@pytest.mark.parametrize(
    ("minutes", "tone", "words"),
    [
        (0, "calm", "due in 4 h"),
        (179, "calm", "due in 1 h 1 min"),
        (180, "soon", "due in 1 h"),
        (239.5, "soon", "due in under 1 min"),
        (240, "soon", "due in under 1 min"),
        (242, "late", "late by 2 min"),
        (240 + 26 * 60, "late", "late by 1 d 2 h"),
    ],
)
def test_a_running_clock(minutes: float, tone: str, words: str) -> None:
    face = clock_words.face(clock(), START + timedelta(minutes=minutes))
    assert (face.tone, face.words, face.is_running) == (tone, words, True)


@pytest.mark.parametrize(
    ("given", "tone", "words"),
    [
        ({"stopped_at": START + timedelta(minutes=6), "state": "met"}, "met", "met in 6 min"),
        ({"stopped_at": START + timedelta(hours=5), "state": "breached"}, "late", "answered 1 h late"),
        (
            {"stopped_at": START + timedelta(hours=5), "state": "past_aim", "is_soft": True},
            "aim",
            "answered past our aim",
        ),
        ({"is_soft": True, "due_at": START + timedelta(hours=1)}, "aim", "past our aim"),
        ({"target_kind": "none", "target_amount": "", "due_at": None}, "none", "waiting 2 h"),
        ({"due_at": None, "stopped_at": START + timedelta(hours=1), "state": "met"}, "met", "answered in 1 h"),
        ({"state": "cancelled"}, "none", "cancelled"),
    ],
)
def test_other_clocks(given: dict[str, object], tone: str, words: str) -> None:
    face = clock_words.face(clock(**given), START + timedelta(hours=2))
    assert (face.tone, face.words) == (tone, words)


def test_the_headline_is_what_is_due_first_then_what_ended_last() -> None:
    met = clock(stopped_at=START + timedelta(minutes=1), state="met")
    later, sooner = clock(due_at=START + timedelta(hours=9)), clock(due_at=START + timedelta(hours=2))
    endless = clock(due_at=None)
    assert clock_words.headline([met, later, sooner, endless]) is sooner
    assert clock_words.headline([met, endless]) is met
    assert clock_words.headline([endless]) is endless
    assert clock_words.headline([]) is None


def test_a_zone_without_a_name_is_told_by_its_offset() -> None:
    assert clock_words.moment(START, "America/Sao_Paulo", START) == "Monday 05:00 UTC-03"
    assert clock_words.moment(START, "Europe/Sofia", START) == "Monday 10:00 EET"
