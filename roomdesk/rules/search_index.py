"""What a message is filed under, and what a query asks of that: text of PostgreSQL's `tsvector` and `tsquery` (D35).

Beside its words a message has marks, which hold a colon and can be no word: `w:` workspace, `p:` product, `a:` author, `k:` kind of
author, `h:file`, and two of its time (`search_times`). They let one index answer who may see it, and when it was said, too.

Each two words that follow each other have a short mark in common (`+`): two words that are said often are in many messages, as a phrase
in few, and the index would know only the former. Different pairs may share a mark; the places of the words tell.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from zlib import crc32

from roomdesk.rules import search_times
from roomdesk.rules.search_query import Query
from roomdesk.rules.search_words import LONGEST, clean, keys, query_keys
from roomdesk.rules.stems import fold

#: The last place of a word that PostgreSQL tells from others.
_LAST_PLACE = 16_383
#: Letters of a beginning's mark; a query's beginning has as many at least.
_BEGINNING = 3
_ANY_ENDING = ":*"
_THEN = " <-> "
#: Only of words: an address may hold anything.
_PHRASE = re.compile(rf"\('[^\W_]+'(?:{_THEN}'[^\W_]+')+\)")


@dataclass(frozen=True, slots=True)
class Said:
    """A message as it is filed. `author` is the person's id, or a stranger's address."""

    text: str
    workspace: int
    product: str
    author: str
    author_kind: str
    is_file: bool
    at: datetime


def vector(said: Said) -> str:
    """The `tsvector` of a message: its words and its marks."""
    return f"{filed(said.text)} {marks(said)}".lstrip()


def filed(text: str) -> str:
    """The words of a text with their places, as a `tsvector`."""
    filed: dict[str, str] = {}
    everything = keys(clean(text))
    for place, found in enumerate(everything, 1):
        place = min(place, _LAST_PLACE)
        for key in found:
            filed[key] = f"{filed[key]},{place}" if key in filed else f"'{key}':{place}"
    said = [found[0] for found in everything]
    return " ".join((*filed.values(), *_pairs(said), *_beginnings(said)))


def _pairs(words: Sequence[str]) -> list[str]:
    """The marks of each word with the next one, quoted."""
    return list(
        dict.fromkeys([f"'+{crc32(f'{first} {second}'.encode()) & 0xFFFF:04x}'" for first, second in pairwise(words)])
    )


def _beginnings(words: Sequence[str]) -> list[str]:
    """The marks of how the words begin, quoted."""
    return list(dict.fromkeys(f"'^{word[:_BEGINNING]}'" for word in words if len(word) >= _BEGINNING))


def marks(said: Said) -> str:
    """What a message is filed under besides its words, as a `tsvector`. Only an author's address can hold odd signs."""
    file = " 'h:file'" if said.is_file else ""
    times = " ".join(map(quoted, search_times.marks(said.at)))
    return f"'w:{said.workspace}' 'p:{said.product}' {quoted(f'a:{said.author}')} 'k:{said.author_kind}' {times}{file}"


def quoted(key: str) -> str:
    """A key as `tsvector` and `tsquery` read it, whatever signs an address has."""
    return "'" + key.replace("\0", "").replace("\\", "\\\\").replace("'", "''") + "'"


def any_of(wanted: Iterable[str]) -> str:
    """One of the keys."""
    return f"({' | '.join(map(quoted, wanted))})"


def wanted(query: Query) -> list[str]:
    """What the query's words and has: ask for, each a `tsquery` that must hold. Who and where are the caller's to know."""
    found = [any_of(query_keys(word)) for word in query.words]
    for phrase in query.phrases:
        folded = [fold(word)[:LONGEST] for word in phrase]
        found += [f"({_THEN.join(map(quoted, folded))})", *_pairs(folded)]
    found += [part for prefix in query.prefixes for part in _beginning(fold(prefix)[:LONGEST])]
    return [*found, quoted("h:file")] if query.has_file else found


def _beginning(folded: str) -> list[str]:
    """What a word that begins so has: the mark of three letters says it all, of more the words themselves must be looked at."""
    return [*_beginnings([folded]), *([f"{quoted(folded)}{_ANY_ENDING}"] if len(folded) != _BEGINNING else [])]


def quick(parts: Sequence[str]) -> list[str]:
    """What the index is asked of these parts, each of them or less: it would gather much to say how a word goes on after its mark, or
    whether words follow each other. Of a phrase that is its longest word, which tells it from another one with the same mark."""
    return [_longest(part) if _PHRASE.fullmatch(part) else part for part in parts if not part.endswith(_ANY_ENDING)]


def _longest(phrase: str) -> str:
    return quoted(max(phrase[2:-2].split(f"'{_THEN}'"), key=len))


def together(parts: Sequence[str]) -> str:
    """All of the parts."""
    return " & ".join(part for part in parts if part)
