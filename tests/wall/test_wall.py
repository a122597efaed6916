"""What the homeserver refuses by itself: no process of Roomdesk runs in these tests."""

from __future__ import annotations

import pytest

from tests.wall.attempts import COMING_IN, FINDING, MAKING, READING, WRITING, Attempt
from tests.wall.homes import Home
from tests.wall.people import WORD

ALL = [*MAKING, *COMING_IN, *WRITING, *READING, *FINDING]


@pytest.fixture(autouse=True, scope="module")
def _at_rest(walled: Home) -> None:
    """Tests of other files that share the homeserver may have begun something; what is refused begins nothing."""
    walled.at_rest()


@pytest.mark.parametrize("attempt", ALL, ids=str)
def test_it_is_refused_and_nothing_has_changed(walled: Home, attempt: Attempt) -> None:
    before = walled.everything()
    answer = attempt.make(walled)
    assert (answer.status_code, answer.json()["errcode"]) == attempt.refusal, answer.text
    assert WORD not in answer.text
    assert walled.everything() == before


@pytest.mark.parametrize("attempt", [attempt for attempt in ALL if attempt.plain], ids=str)
def test_without_the_module_it_happens(plain: Home, attempt: Attempt) -> None:
    """The same request on a homeserver that differs in nothing else: the module is what refuses it above."""
    assert attempt.make(plain).status_code == 200
