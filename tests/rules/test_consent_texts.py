"""R31: no text other than the permitted forms of a phrase is ever granted, whatever somebody puts into it or in place of it.

What is permitted is written down here a second time and another way: as all texts that peel down to the phrase.
"""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from roomdesk.rules.consent import Answer, Request, Verdict, judge

OPENED = datetime(2026, 3, 2, 10, tzinfo=UTC)
PHRASES = (
    "yes, replace prod",
    "go ahead with BC-1042",
    "съгласен съм с BC-2210",
    "приемам последиците от изключването на 2FA",
    "autorizo a alteração OM-3310",
    "reset 2FA for k.groß",
)
WHITE = {chr(n) for n in (*range(9, 14), 32, 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x205F, 0x3000)}  # fmt: skip
PAIRS = ('""', "''", "“”", "„“", "„”", "‘’", "«»")
EMPHASIS = ("*", "**", "***", "_", "__", "___")
#: Nothing to see, or another direction; look-alikes of letters, among them those that Unicode folds onto them; punctuation.
INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\u00ad\u034f\u061c\u180e\u115f\u3164\u2800\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\x00\x1b\x1c\x1d\x1e\x1f\x7f"
ALIKE = "ſKÅрeоасехуіѕԁɡᲀᲁᲂᲃᲄᲅᲆᲇᲈΒCОＹｙ𝐲ⓨꭓ𐐨ﬁﬀßẞİı"
PUNCTUATION = "?,;:…‚٫，.!。․-–—―−‐‑()[]{}|/\\~`#>*_'\"´ʼ′"
ANY = st.one_of(st.sampled_from(INVISIBLE + ALIKE + PUNCTUATION), st.characters(exclude_categories=["Cs"]))


def asked(phrase: str) -> Request:
    return Request("$request", phrase, ("owner", "admin"), OPENED, OPENED + timedelta(hours=2))


def verdict(phrase: str, text: str, formatted: str | None = None) -> Verdict:
    answer = Answer("owner", text, OPENED + timedelta(minutes=1), "thread", "$request", formatted)
    return judge(asked(phrase), answer, 1)


def permitted(phrase: str, text: str, *, may_mark: bool = True) -> bool:
    """Every way to peel is tried; at the end each letter must be the phrase's own, small or capital."""
    while text and text[0] in WHITE:
        text = text[1:]
    while text and text[-1] in WHITE:
        text = text[:-1]
    if spelt(phrase, text):
        return True
    inner = [text[1:-1] for a, b in PAIRS if len(text) > 1 and text[0] == a and text[-1] == b]
    inner += [text[len(e) : -len(e)] for e in EMPHASIS if len(text) >= 2 * len(e) and text[: len(e)] == text[-len(e) :] == e]  # fmt: skip
    if any(permitted(phrase, one, may_mark=may_mark) for one in inner):
        return True
    return may_mark and text[-1:] in (".", "!") and permitted(phrase, text[:-1], may_mark=False)


def spelt(phrase: str, text: str) -> bool:
    given_words = "".join(" " if c in WHITE else c for c in text).split(" ")
    wanted_words = phrase.split(" ")
    given_words = [word for word in given_words if word]
    return len(given_words) == len(wanted_words) and all(map(same_word, wanted_words, given_words))


def same_word(wanted: str, given: str) -> bool:
    if not wanted or not given:
        return wanted == given
    for form in {wanted[0], wanted[0].lower(), wanted[0].upper(), wanted[0].casefold()}:
        if given.startswith(form) and same_word(wanted[1:], given[len(form) :]):
            return True
    return False


def holds(phrase: str, text: str) -> None:
    found = verdict(phrase, text)
    assert (found is Verdict.GRANTED) == permitted(phrase, text), (phrase, text, found)
    assert found in (Verdict.GRANTED, Verdict.NOT_THE_PHRASE)


@settings(derandomize=True, max_examples=600, deadline=None)
@given(st.sampled_from(PHRASES), st.data())
def test_whatever_is_put_in_or_in_place_or_left_out(phrase: str, data: st.DataObject) -> None:
    text = phrase
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(text)))
        noise = data.draw(st.one_of(ANY, st.text(ANY, min_size=0, max_size=3)))
        text = text[:place] + noise + text[place + data.draw(st.integers(0, 2)) :]
    holds(phrase, text)


@settings(derandomize=True, max_examples=300, deadline=None)
@given(st.sampled_from(PHRASES), st.data())
@example("yes, replace prod", None)
def test_what_is_permitted_is_granted_however_it_is_dressed(phrase: str, data: st.DataObject | None) -> None:
    if data is None:
        text = f"\u3000“**{phrase.upper()}**.”\n"
    else:
        letters = st.sampled_from((str.lower, str.upper, str))
        text = "".join(data.draw(letters)(c) for c in phrase)
        text = text.replace(" ", data.draw(st.text(st.sampled_from(sorted(WHITE)), min_size=1, max_size=3)))
        for around in data.draw(st.lists(st.sampled_from((*PAIRS, *EMPHASIS)), max_size=3)):
            begin, end = around if around in PAIRS else (around, around)
            text = begin + text + end
        text += data.draw(st.sampled_from(("", ".", "!")))
    assert permitted(phrase, text)
    assert verdict(phrase, text) is Verdict.GRANTED


def alike() -> Iterator[tuple[str, str]]:
    """(letter, another character that Unicode folds, composes or holds compatible with it), for every letter of the phrases."""
    wanted = {case for phrase in PHRASES for case in (*phrase, *phrase.upper())} - {" "}
    for other in map(chr, (n for n in range(sys.maxunicode + 1) if not 0xD800 <= n < 0xE000)):
        forms = (unicodedata.normalize(form, other) for form in ("NFC", "NFKC", "NFKD"))
        for letter in wanted & {other.casefold(), other.lower(), other.upper(), *forms} - {other}:
            yield letter, other


def test_no_character_of_unicode_stands_for_another_one() -> None:
    """Each letter once in its place with every character that might be taken for it."""
    tried = 0
    for letter, other in alike():
        for phrase in PHRASES:
            place = phrase.casefold().find(letter.casefold())
            if other.casefold() != letter.casefold() or other not in {*phrase.upper(), *phrase.lower(), *phrase}:
                tried += place >= 0
                text = phrase[:place] + other + phrase[place + 1 :]
                assert place < 0 or verdict(phrase, text) is Verdict.NOT_THE_PHRASE, (phrase, hex(ord(other)))
    assert tried > 1000


@pytest.mark.parametrize("form", ["NFD", "NFKD"])
def test_another_composition_is_another_text(form: str) -> None:
    phrase = "autorizo a alteração OM-3310"
    assert verdict(phrase, unicodedata.normalize(form, phrase)) is Verdict.NOT_THE_PHRASE


@settings(derandomize=True, max_examples=200, deadline=None)
@given(st.sampled_from(PHRASES), st.data())
def test_what_is_shown_must_be_the_phrase_too(phrase: str, data: st.DataObject) -> None:
    place, noise = data.draw(st.integers(0, len(phrase))), data.draw(ANY)
    shown = phrase[:place] + noise + phrase[place:]
    formatted = "".join(f"&#{ord(c)};" for c in shown)
    found = verdict(phrase, phrase, formatted)
    assert (found is Verdict.GRANTED) == permitted(phrase, shown)


@settings(derandomize=True, max_examples=200, deadline=None)
@given(st.text(ANY, max_size=40))
def test_texts_out_of_thin_air_are_never_granted(text: str) -> None:
    for phrase in PHRASES:
        holds(phrase, text)


def test_a_reply_may_quote_and_nothing_else_may() -> None:
    quoted = "> yes, replace prod\n\nyes, replace prod"
    answer = Answer("owner", quoted, OPENED + timedelta(minutes=1), "reply", "$request")
    assert judge(asked("yes, replace prod"), answer, 1) is Verdict.GRANTED
    for relation in ("thread", "none"):
        assert judge(asked("yes, replace prod"), replace(answer, relation=relation), 1) is Verdict.NOT_THE_PHRASE
