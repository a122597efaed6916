"""What is done about a P0, and what of a customer's words may leave the house."""

from __future__ import annotations

import pytest

from roomdesk.rules.paging import MOST_WORDS, Action, decide, excerpt, without_secrets


@pytest.mark.parametrize(
    ("cover", "may_page", "open_now", "expected"),
    [
        ("page", True, False, "page"),
        ("page", True, True, "page"),
        ("page", False, False, "answer"),
        ("page", False, True, "notify"),
        ("notify", True, True, "notify"),
        ("answer", True, False, "answer"),
        ("answer", False, True, "answer"),
    ],
)
def test_the_state_of_a_workspace_only_takes_a_page_away(
    cover: Action, may_page: bool, open_now: bool, expected: Action
) -> None:
    assert decide(cover, may_page=may_page, open_now=open_now) == expected


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("the password is hunter2, hurry", "the password is (hidden) hurry"),
        ("Password: hunter2", "Password: (hidden)"),
        ("паролата: тайна1", "паролата: (hidden)"),
        ("a senha é segredo", "a senha é (hidden)"),
        ("api_key=abcd", "api_key=(hidden)"),
        ("Authorization: Bearer abc.def", "Authorization: Bearer (hidden)"),
        ("it says sk4f8a7b6c5d4e3f2a1b0c9d8e7f6a5b now", "it says (hidden) now"),
        ("orders cannot be saved", "orders cannot be saved"),
        ("internationalisationsproblemsolving", "internationalisationsproblemsolving"),
    ],
)
def test_what_looks_like_a_secret_does_not_leave(said: str, told: str) -> None:
    assert without_secrets(said) == told


def test_an_excerpt_is_one_line_of_bounded_length() -> None:
    assert excerpt("P0\n  all   down") == "P0 all down"
    assert len(excerpt("down " * 500)) == MOST_WORDS
