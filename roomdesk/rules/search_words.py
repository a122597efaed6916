"""The words of a text as search knows them: where they stand, and what they are found by (D35). One function for both sides."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from roomdesk.rules.stems import BULGARIAN, ENGLISH, PORTUGUESE, STEMMERS, fold, is_cyrillic

_WORD = re.compile(r"[^\W_]+")
#: A key of an index has a size; nobody looks for more letters than these.
LONGEST = 60
#: Of a text as long as a book, the first words are found.
MOST_WORDS = 20_000
#: Before a stem that is no word of the text itself. No letter, so it cannot be mistaken for one.
STEM = "~"

_ENGLISH = "the is are was to and of in we you it not for with this that on can have our your be has but please"
_PORTUGUESE = "o os que nao de para com uma um por esta foi isso voce nos na mais ja eu ele pelo dos das se"
_TELLING = {ENGLISH: frozenset(_ENGLISH.split()), PORTUGUESE: frozenset(_PORTUGUESE.split())}


@dataclass(frozen=True, slots=True)
class Word:
    """`start` and `end` are where it stands in the text; `keys` what it is found by, the word itself (folded) first."""

    start: int
    end: int
    keys: tuple[str, ...]


def clean(text: str) -> str:
    """The text in which `Word`s have their places: each letter with its accents as one sign."""
    return unicodedata.normalize("NFC", text)


def words(text: str) -> list[Word]:
    """The words of a clean text, at most `MOST_WORDS`, with their keys in the languages that the text may be in."""
    found = [(match, fold(match[0])[:LONGEST]) for match in _first(text)]
    languages = languages_of({folded for _, folded in found})
    return [
        Word(match.start(), match.end(), (folded, *_stem_keys(match[0], folded, languages)))
        for match, folded in found
        if folded
    ]


def _first(text: str) -> Iterator[re.Match[str]]:
    for _, match in zip(range(MOST_WORDS), _WORD.finditer(text), strict=False):
        yield match


def languages_of(folded: Iterable[str]) -> tuple[str, ...]:
    """What a text in Latin letters may be, by its small words: one language, or all three where nothing tells."""
    known = set(folded)
    telling = [language for language, small in _TELLING.items() if known & small]
    return (telling[0],) if len(telling) == 1 else (ENGLISH, PORTUGUESE, BULGARIAN) if not telling else tuple(telling)


@lru_cache(maxsize=100_000)
def _stem_keys(word: str, folded: str, languages: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"{STEM}{stem}" for stem in stems(word, folded, languages) if stem != folded)


def stems(word: str, folded: str, languages: Sequence[str]) -> tuple[str, ...]:
    """The word's stems: of a Cyrillic one in Bulgarian, else in `languages`; none of what has a digit, such as an order's number."""
    if any(letter.isdigit() for letter in folded):
        return ()
    if is_cyrillic(word):
        return (STEMMERS[BULGARIAN](word)[:LONGEST],)
    return tuple(dict.fromkeys(STEMMERS[language](folded) for language in languages))


def query_keys(word: str) -> tuple[str, ...]:
    """Every key by which a text may have been filed that this word of a query, of unknown language, asks for."""
    folded = fold(word)[:LONGEST]
    found = stems(word, folded, (ENGLISH, PORTUGUESE, BULGARIAN))
    return tuple(dict.fromkeys((folded, *(key for stem in found for key in (stem, f"{STEM}{stem}")))))
