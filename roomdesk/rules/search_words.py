"""The words of a text as search knows them: where they stand, and what they are found by (D35). One function for both sides."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

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
    found = list(islice(_WORD.finditer(text), MOST_WORDS))
    keyed = zip(found, _keyed([match[0] for match in found]), strict=True)
    return [Word(match.start(), match.end(), keys) for match, keys in keyed if keys]


def keys(text: str) -> list[tuple[str, ...]]:
    """Only the keys of each word, in their order. Every message recorded pays for this."""
    return [keys for keys in _keyed(_WORD.findall(text)[:MOST_WORDS]) if keys]


def _keyed(found: Sequence[str]) -> list[tuple[str, ...]]:
    languages = languages_of(map(_folded, found))
    return [_keys(word, languages) for word in found]


@lru_cache(maxsize=100_000)
def _folded(word: str) -> str:
    return fold(word)[:LONGEST]


@lru_cache(maxsize=100_000)
def _keys(word: str, languages: tuple[str, ...]) -> tuple[str, ...]:
    """What one word is filed under: none where nothing of it is a letter or a digit."""
    folded = _folded(word)
    others = (f"{STEM}{stem}" for stem in stems(word, folded, languages) if stem != folded)
    return (folded, *others) if folded else ()


def languages_of(folded: Iterable[str]) -> tuple[str, ...]:
    """What a text in Latin letters may be, by its small words: one language, or all three where nothing tells."""
    known = set(folded)
    telling = [language for language, small in _TELLING.items() if known & small]
    return (telling[0],) if len(telling) == 1 else (ENGLISH, PORTUGUESE, BULGARIAN) if not telling else tuple(telling)


def stems(word: str, folded: str, languages: Sequence[str]) -> tuple[str, ...]:
    """The word's stems: of a Cyrillic one in Bulgarian, else in `languages`; none of what has a digit, such as an order's number."""
    if not folded.isalpha():
        return ()
    if is_cyrillic(word):
        return (STEMMERS[BULGARIAN](word)[:LONGEST],)
    return tuple(dict.fromkeys(STEMMERS[language](folded) for language in languages))


def query_keys(word: str) -> tuple[str, ...]:
    """Every key by which a text may have been filed that this word of a query, of unknown language, asks for."""
    folded = fold(word)[:LONGEST]
    found = stems(word, folded, (ENGLISH, PORTUGUESE, BULGARIAN))
    return tuple(dict.fromkeys((folded, *(key for stem in found for key in (stem, f"{STEM}{stem}")))))
