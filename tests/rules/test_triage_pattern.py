"""Patterns in a product's own words: which are taken, how they are spelt, and that none is dear on any text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomdesk.product.vocabulary import vocabulary
from roomdesk.rules.errors import RuleError
from roomdesk.rules.own_words import OwnWord
from roomdesk.rules.triage import triage
from roomdesk.rules.triage_pattern import LONGEST, REPEATED, WAYS, checked, longest, ways
from roomdesk.rules.triage_text import words_of
from roomdesk.rules.triage_vocabulary import compiled_own

parse: Any = import_module("re._parser").parse
LANGUAGES = ("en", "bg", "pt")


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("till (", "It is no regular expression: missing ), unterminated subpattern at position 5."),
        ("[[a]", "It is no regular expression: Possible nested set at position 1."),
        ("a{1,99999999999999999999}", "It is no regular expression: the repetition number is too large."),
        ("x" * (LONGEST + 1), f"It is {LONGEST + 1} characters long; at most {LONGEST} are taken. Write several patterns."),
        ("till.*", f"Each repeat says how many at most, up to {REPEATED}: `.{{0,40}}` instead of `.*`, `\\d{{1,6}}` instead of `\\d+`."),
        ("till +", f"Each repeat says how many at most, up to {REPEATED}: `.{{0,40}}` instead of `.*`, `\\d{{1,6}}` instead of `\\d+`."),
        (r"(?:\d{1,3}-){1,3}", "A repeat stands within another; write the inner one out."),
        ("(a+)+b", f"Each repeat says how many at most, up to {REPEATED}: `.{{0,40}}` instead of `.*`, `\\d{{1,6}}` instead of `\\d+`."),
        ("(?:a{1,9}){1,9}b", "A repeat stands within another; write the inner one out."),
        (r"(till) \1", "It refers back to a group; write out what may stand there."),
        ("(?P<a>till) (?P=a)", "It refers back to a group; write out what may stand there."),
        ("(a)?b(?(1)c|d)", "It asks whether a group was there; write two patterns."),
        ("(?<=a)b", "It looks ahead or behind; write what stands there itself."),
        ("(?<!a)b", "It looks ahead or behind; write what stands there itself."),
        ("a(?=b)", "It looks ahead or behind; write what stands there itself."),
        ("(?>a)b", "It has an atomic group; nothing here has to be kept from going back."),
        ("a{1,9}+b", "It has a possessive repeat; write `{0,40}`, which goes back little enough."),
        ("(?i)till", "It has flags; case and accents do not matter anyhow."),
        ("(?s:till)", "It has flags; case and accents do not matter anyhow."),
        ("", "It fits where nothing stands; at least one character must be asked for."),
        ("a?", "It fits where nothing stands; at least one character must be asked for."),
        (r"\b", "It fits where nothing stands; at least one character must be asked for."),
        ("till|", "It fits where nothing stands; at least one character must be asked for."),
        ("[^a]b", "A set leaves letters out (`[^…]`); say which may stand there."),
        ("[\u0000-\u0400]b", "A range in a set spans more than 100 characters; write `.` or `\\w`."),
        ("a.{0,40}b.{0,40}c", f"There are more than {WAYS} ways to read a text by it; repeat less, or put fewer repeats one after the other."),
        ("(?:a|a){1,20}b", f"There are more than {WAYS} ways to read a text by it; repeat less, or put fewer repeats one after the other."),
    ],
)  # fmt: skip
def test_what_is_no_pattern_or_could_be_dear_is_refused_with_the_reason(pattern: str, reason: str) -> None:
    with pytest.raises(RuleError) as told:
        checked(pattern, "en")
    assert str(told.value) == reason


def test_what_is_nothing_by_sound_is_refused_in_bulgarian_only() -> None:
    assert checked("ь", "en") == "ь"
    with pytest.raises(RuleError, match="It fits where nothing stands"):
        checked("ь", "bg")


def found(pattern: str, language: str, text: str) -> str | None:
    words = words_of(text, language)
    match = compiled_own(language, OwnWord(pattern, True)).search(words.sounds if language == "bg" else words.plain)
    return match.group() if match else None


@pytest.mark.parametrize(
    ("language", "pattern", "text", "expected"),
    [
        ("en", r"Till \d{1,3}: E-\d{3}", "Now  TILL 12:\nE-407", "till 12: e-407"),
        ("en", r"till \d{1,3}\b", "till 1234", None),
        ("en", "drawer", "withdrawer", None),
        ("pt", r"nÃo (?:é|foi) pos{2}ível", "Não foi possível", "nao foi possivel"),
        ("pt", "[à-ü]{3}", "àüé", "aue"),
        ("en", "[.,;] then", "stop ; then", "; then"),
        ("en", "a[^.,]b", "a+b", "a+b"),
        ("en", r"\D\d", "x7", "x7"),
        ("bg", r"каса(?:та)? \d{1,3}", "Касата 12 не работи", "kasata 12"),
        ("bg", r"каса(?:та)? \d{1,3}", "kasata 12 ne raboti", "kasata 12"),
        ("bg", "въпрос", "imam vypros, vupros", "vipros"),
        ("bg", "[шщ]ета", "щета", "6teta"),
        ("bg", "[шщ]ета", "Шета", "6eta"),
        ("bg", "[ю-я]{4} нещо", "юя нещо", "iuia ne6to"),
        ("bg", r"код [A-ZА-Я]{2}\d{2}", "код аб12", "kod ab12"),
    ],
)  # fmt: skip
def test_a_pattern_is_looked_for_as_texts_are_compared(
    language: str, pattern: str, text: str, expected: str | None
) -> None:
    assert found(pattern, language, text) == expected


class Slow:
    """An engine that goes back, and counts at what it looks. A set takes any letter, so that it goes back at least as often as a real one."""

    def __init__(self, text: str) -> None:
        self.text, self.steps = text, 0

    def tries(self, expression: str, place: int) -> list[int]:
        return list(self._sequence(list(parse(expression)), place))

    def _sequence(self, parts: list[Any], place: int) -> Iterator[int]:
        if not parts:
            yield place
            return
        for after in self._one(str(parts[0][0]), parts[0][1], place):
            yield from self._sequence(parts[1:], after)

    def _one(self, name: str, given: Any, place: int) -> Iterator[int]:
        match name:
            case "SUBPATTERN":
                yield from self._sequence(list(given[3]), place)
            case "BRANCH":
                for one in given[1]:
                    yield from self._sequence(list(one), place)
            case "MAX_REPEAT" | "MIN_REPEAT":
                yield from self._repeat(given[0], int(given[1]), list(given[2]), place)
            case _:
                self.steps += 1
                yield from self._letter(name, given, place)

    def _repeat(self, least: int, most: int, parts: list[Any], place: int) -> Iterator[int]:
        if most > 0:
            for after in self._sequence(parts, place):
                yield from self._repeat(max(0, least - 1), most - 1, parts, after)
        if least == 0:
            yield place

    def _letter(self, name: str, given: Any, place: int) -> Iterator[int]:
        if name == "AT":
            yield place
        elif place < len(self.text) and (name != "LITERAL" or chr(given) == self.text[place]):
            yield place + 1


LETTER = st.sampled_from(["a", "b", "я", "щ", ".", "[ab]", "[а-я]", r"\w", r"\d", " ", r"\b"])


def longer(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    counts = st.tuples(st.integers(0, 6), st.integers(0, 6)).map(lambda ends: f"{{{min(ends)},{max(ends)}}}")
    return st.one_of(
        st.lists(inner, min_size=1, max_size=4).map("".join),
        st.lists(inner, min_size=2, max_size=3).map(lambda some: f"(?:{'|'.join(some)})"),
        st.tuples(inner, st.one_of(counts, st.just("?"))).map(lambda both: f"(?:{both[0]}){both[1]}"),
    )


@given(st.recursive(LETTER, longer, max_leaves=8), st.sampled_from(LANGUAGES), st.text("ab6t ", max_size=10))
def test_no_text_makes_a_pattern_look_at_more_than_was_counted_beforehand(
    pattern: str, language: str, text: str
) -> None:
    """In every way that there is, also behind a match: an engine stops there."""
    try:
        expression = checked(pattern, language)
    except RuleError:
        return
    for place in range(len(text) + 1):
        slow = Slow(text)
        tried = slow.tries(expression, place)
        assert len(tried) <= ways(expression) <= WAYS
        assert slow.steps <= ways(expression) * longest(expression)
        assert re.compile(expression).match(text, place) is None or tried


def test_what_the_rule_refuses_would_have_grown_with_the_text_without_end() -> None:
    """The rule is not for nothing: of a refused pattern the steps double with each letter."""
    steps = []
    for count in (8, 9, 10):
        slow = Slow("a" * count)
        slow.tries("(?:(?:a){1,100}){1,100}b", 0)
        steps.append(slow.steps)
    assert steps[1] > 1.9 * steps[0] and steps[2] > 1.9 * steps[1]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("text", ["a " * 30_000, "a" * 60_000, "аб " * 20_000, "ab1:" * 15_000])
def test_each_place_of_a_text_is_tried_once(monkeypatch: pytest.MonkeyPatch, language: str, text: str) -> None:
    """So the whole of a text costs at most its 3,000 letters × `ways` × `longest`, with patterns that can begin anywhere too."""
    expression = compiled_own(language, OwnWord(r".{0,20}(?:a|b) .{0,12}1", True))
    assert expression.starts is None
    looked = words_of(text, language)
    whole = looked.sounds if language == "bg" else looked.plain
    counting = Counting(expression.pattern)
    expression._pattern = counting  # type: ignore[assignment]
    expression.search(whole)
    assert counting.places == sorted(set(counting.places)) and len(counting.places) <= len(whole) + 1


class Counting:
    """A compiled pattern that notes where it was asked to begin."""

    def __init__(self, pattern: re.Pattern[str]) -> None:
        self._pattern = pattern
        self.places: list[int] = []

    def search(self, text: str, since: int) -> re.Match[str] | None:
        self.places.append(since)
        return self._pattern.search(text, since)


@pytest.mark.parametrize("text", ["a " * 30_000, "a" * 60_000, "ab " * 20_000, "x ab1" * 12_000])
def test_a_message_of_any_length_is_judged_with_the_dearest_patterns_that_are_taken(text: str) -> None:
    dear = ["(?:a|a){1,8}b{2}", "a.{0,30}b.{0,30}1", r"(?:a|\w){1,8}1{2}"]
    own = vocabulary({"kinds.alert": {one: tuple(OwnWord(each, True) for each in dear) for one in LANGUAGES}})
    assert triage(text, "en", own).severity == "normal"
