"""A message as triage compares it: the person's own words, folded, and once more by sound for Bulgarian in either script."""

import re
import unicodedata
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

_QUOTE = re.compile(r"^\s*>.*$", re.MULTILINE)
_MENTION = re.compile(r"^\s*@[\w.=/+-]+(?::[\w.-]+)?[,:]?\s*")
_CYRILLIC = re.compile(r"[а-яё]", re.IGNORECASE)
_PORTUGUESE = re.compile(
    r"\b(?:nao|não|voc[eê]s?|est[aá]|pra|uma?|com|d[oa]s?|n[oa]s?|que|obrigad[oa])\b", re.IGNORECASE
)
#: Neither English nor Bulgarian writes these.
_TILDE = re.compile(r"[ãõ]", re.IGNORECASE)
_LETTERS = dict(
    zip(
        map(ord, "абвгдежзийклмнопрстуфхцчшщъьюя"),
        ("a", "b", "v", "g", "d", "e", "ž", "z", "i", "i", "k", "l", "m", "n", "o", "p", "r", "s", "t", "u", "f", "h", "c", "4", "6", "6t", "a", "", "iu", "ia"),
        strict=True,
    )
)  # fmt: skip
#: How Bulgarian is typed in Latin letters, brought to the same sounds; the longest first.
_TYPED = (
    ("sht", "6t"), ("sh", "6"), ("ch", "4"), ("zh", "ž"), ("ts", "c"), ("tz", "c"), ("ya", "ia"), ("ja", "ia"), ("yu", "iu"), ("ju", "iu"), ("j", "ž"),
    ("q", "ia"), ("w", "v"), ("x", "h"), ("y", "i"),
)  # fmt: skip


#: What somebody wants stands at the beginning; a pasted log behind it says no more, and costs.
ENOUGH = 3_000


@dataclass(frozen=True, slots=True)
class Words:
    """The own text in the forms that expressions are looked for in. `original` keeps capitals and line breaks.

    `found` keeps what one vocabulary has been asked about it, `may_be` what is to be tried by language and `heard` that of its languages: the same concepts are
    asked for again and again.
    """

    original: str
    plain: str
    sounds: str
    is_bulgarian: bool
    is_portuguese: bool
    found: dict[str, list[str]] = field(default_factory=dict, compare=False)
    may_be: dict[str, Any] = field(default_factory=dict, compare=False)
    heard: list[tuple[str, Any]] = field(default_factory=list, compare=False)


def words_of(text: str, locale: str) -> Words:
    """Without quoted lines and a leading mention. Bulgarian and Portuguese are told by the letters, else by the locale."""
    own = _MENTION.sub("", _QUOTE.sub("", text)).strip()[:ENOUGH]
    plain = folded(own)
    return Words(
        original=own,
        plain=plain,
        sounds=by_sound(own),
        is_bulgarian=locale == "bg" or _CYRILLIC.search(own) is not None,
        is_portuguese=locale == "pt" or _TILDE.search(own) is not None or len(_PORTUGUESE.findall(own)) > 2,
    )


_QUOTED = re.compile(r"\"[^\"]{1,200}\"|`[^`]+`")


def unquoted(words: Words) -> Words:
    """Without what stands in quotation marks: names of buttons, words of notices."""
    plain, sounds = (_QUOTED.sub(" ", text) for text in (words.plain, words.sounds))
    if plain == words.plain and sounds == words.sounds:
        return words
    return Words(words.original, plain, sounds, words.is_bulgarian, words.is_portuguese)


@lru_cache(maxsize=16)
def folded(text: str) -> str:
    """No capitals, no accents, straight quotes and apostrophes, one space between words; lines stay apart as spaces."""
    if text.isascii():
        return " ".join(text.casefold().split())
    bare = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    return _straight(" ".join(bare.split()))


@lru_cache(maxsize=16)
def by_sound(text: str) -> str:
    """Cyrillic and Latin typing of the same Bulgarian word give the same letters, or nearly so."""
    return _straight(" ".join(typed(text.casefold().translate(_LETTERS)).split()))


def typed(text: str) -> str:
    for written, sound in _TYPED:
        text = text.replace(written, sound)
    return text


def _straight(text: str) -> str:
    if text.isascii():
        return text
    return (
        text.replace("’", "'").replace("“", '"').replace("”", '"').replace("„", '"').replace("«", '"').replace("»", '"')
    )
