"""What is left out for its first letters would not have been found: with it and without it triage finds the same."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomdesk.product.vocabulary import LANGUAGES, vocabulary
from roomdesk.rules import triage
from roomdesk.rules.expression_starts import starts_in, starts_of
from roomdesk.rules.triage_text import Words, words_of
from roomdesk.rules.triage_vocabulary import Expression

pytestmark = pytest.mark.part_of("R11")

DATA = Path(__file__).parents[1] / "data"
TEXTS = [
    json.loads(line)["text"]
    for name in ("triage.jsonl", "triage_own.jsonl")
    for line in (DATA / name).read_text("utf-8").splitlines()
]


@pytest.mark.parametrize(
    ("expression", "starts"),
    [
        ("exported", {"export"}),
        ("ab", {"ab"}),
        ("in(voice)?", {"in", "invoic"}),
        ("colou?r", {"color", "colour"}),
        ("(no|some)one", {"noone", "someon"}),
        ("b?o", {"bo", "o"}),
        ("[ab]c{2,3}", {"acc", "bcc", "accc", "bccc"}),
        ("x+", {"x" * times for times in range(1, 7)}),
        (r"we\b can", {"we can"}),
        (r"ab.d", {"ab"}),
        (r"(?!not)no\w", {"no"}),
        (r"a[^b]", {"a"}),
        (r"(a)\1", {"a"}),
        (r"\w+ is", None),
        (r"a*", None),
        (r".?a", None),
        ("(|a)", None),
    ],
)
def test_a_match_begins_with_one_of_these(expression: str, starts: set[str] | None) -> None:
    assert starts_of(expression) == starts


def test_a_large_class_stands_for_any_letter() -> None:
    assert starts_of("a[b-z][b-z][b-z]") == {f"a{letter}" for letter in "bcdefghijklmnopqrstuvwxyz"}


def test_a_text_begins_words_and_what_is_no_letter() -> None:
    assert starts_in("to it.") == {"to it.": [0], " it.": [2], "it.": [3], ".": [5]}


def test_each_place_of_a_beginning_is_told() -> None:
    assert starts_in("so, so")["so"] == [4]
    assert starts_in("no way, no way")["no way"] == [0, 8]


def test_few_expressions_of_ours_begin_with_anything() -> None:
    of = vocabulary().of
    all_of_them = [one for concepts in of.values() for every in concepts.values() for one in every]
    assert sum(one.starts is None for one in all_of_them) < len(all_of_them) / 100


def tried(words: Words, concept: str) -> list[str]:
    """Every expression tried, one after the other."""
    texts = {
        "en": words.plain,
        "pt": words.plain if words.is_portuguese else "",
        "bg": words.sounds if words.is_bulgarian else "",
    }
    every: list[tuple[str, Expression]] = [
        (texts[language], one)
        for language in ("en", "pt", "bg")
        if texts[language]
        for one in vocabulary().of[language].get(concept, ())
    ]
    return [match.group() for text, one in every if (match := one.search(text))]


@given(st.sampled_from(TEXTS), st.sampled_from(LANGUAGES), st.integers(0, 200), st.sampled_from(["", "-", "“", " "]))
def test_the_same_is_found_as_if_all_were_tried(text: str, locale: str, cut: int, between: str) -> None:
    words = words_of(text[cut:] + between + text[:cut], locale)
    concepts = sorted(vocabulary().of["en"])
    assert [vocabulary().found(one, words) for one in concepts] == [tried(words, one) for one in concepts]


@given(st.sampled_from(TEXTS), st.sampled_from(["small", "plan_word", "security_weak"]))
def test_the_same_is_left_as_if_all_were_tried(text: str, concept: str) -> None:
    words = words_of(text, "bg")
    plain, sounds = words.plain, words.sounds
    for one in (*vocabulary().of["en"].get(concept, ()), *vocabulary().of["pt"].get(concept, ())):
        plain = one.without(plain)
    for one in vocabulary().of["bg"].get(concept, ()):
        sounds = one.without(sounds)
    left = vocabulary().without(concept, words)
    assert (left.plain, left.sounds) == (plain, sounds)


@given(st.sampled_from(TEXTS), st.sampled_from(LANGUAGES), st.integers(1, 60))
def test_small_talk_is_told_without_the_rest_as_with_it(text: str, locale: str, length: int) -> None:
    for one in (text, text[:length], text[-length:]):
        whole = triage.triage(one, locale, vocabulary())
        is_small = triage.is_small_talk(one, locale, vocabulary())
        assert is_small == (whole.kind == triage.SMALL_TALK)
        assert triage.triage(one, locale, vocabulary(), is_small=is_small) == whole


@given(st.sampled_from(TEXTS), st.sampled_from(LANGUAGES), st.integers(1, 60))
def test_what_is_nothing_but_a_concept_begins_with_it(text: str, locale: str, length: int) -> None:
    words = words_of(text[:length], locale)
    left = vocabulary().without("small", words)
    spoken = [(words.plain, left.plain)] + ([(words.sounds, left.sounds)] if words.is_bulgarian else [])
    if any(not any(letter.isalpha() for letter in rest) for _, rest in spoken):
        assert vocabulary().begins("small", words)
