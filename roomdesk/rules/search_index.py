"""What a message is filed under, and what a query asks of that: text of PostgreSQL's `tsvector` and `tsquery` (D35).

Beside its words a message has marks, which hold a colon and can be no word: `w:` workspace, `p:` product, `a:` author, `k:` kind of
author, `h:file`, and the day (`d:`) and month (`m:`) when it was said. They let one index answer who may see it, and walk back in time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from roomdesk.rules.search_query import Query
from roomdesk.rules.search_words import LONGEST, clean, keys, query_keys
from roomdesk.rules.stems import fold

#: The last place of a word that PostgreSQL tells from others.
_LAST_PLACE = 16_383
#: More days than these are asked for by their months.
_MOST_DAYS = 62
_MOST_MONTHS = 240


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
    for place, found in enumerate(keys(clean(text)), 1):
        place = min(place, _LAST_PLACE)
        for key in found:
            filed[key] = f"{filed[key]},{place}" if key in filed else f"'{key}':{place}"
    return " ".join(filed.values())


def marks(said: Said) -> str:
    """What a message is filed under besides its words, as a `tsvector`. Only an author's address can hold odd signs."""
    at = said.at.astimezone(UTC)
    month = f"{at.year:04}{at.month:02}"
    file = " 'h:file'" if said.is_file else ""
    return (
        f"'w:{said.workspace}' 'p:{said.product}' {quoted(f'a:{said.author}')} 'k:{said.author_kind}' "
        f"'d:{month}{at.day:02}' 'm:{month}'{file}"
    )


def quoted(key: str) -> str:
    """A key as `tsvector` and `tsquery` read it, whatever signs an address has."""
    return "'" + key.replace("\0", "").replace("\\", "\\\\").replace("'", "''") + "'"


def any_of(wanted: Iterable[str]) -> str:
    """One of the keys."""
    return f"({' | '.join(map(quoted, wanted))})"


def wanted(query: Query) -> list[str]:
    """What the query's words and has: ask for, each a `tsquery` that must hold. Who and where are the caller's to know."""
    found = [any_of(query_keys(word)) for word in query.words]
    found += [f"({' <-> '.join(quoted(fold(word)[:LONGEST]) for word in phrase)})" for phrase in query.phrases]
    found += [f"{quoted(fold(prefix)[:LONGEST])}:*" for prefix in query.prefixes]
    return [*found, quoted("h:file")] if query.has_file else found


def said_between(start: datetime, end: datetime) -> str:
    """The days or months from `start` to before `end`, as a `tsquery`; empty where they are too many to be of help.

    It holds for more than the span: the instants must be compared too.
    """
    first, last = start.astimezone(UTC), end.astimezone(UTC)
    days = (last - first).days + 2
    if days <= _MOST_DAYS:
        found = dict.fromkeys(f"d:{min(first + timedelta(days=n), last):%Y%m%d}" for n in range(days))
        return any_of(found)
    months = range(first.year * 12 + first.month - 1, last.year * 12 + last.month)
    return any_of(f"m:{n // 12:04}{n % 12 + 1:02}" for n in months) if len(months) <= _MOST_MONTHS else ""


def together(parts: Sequence[str]) -> str:
    """All of the parts."""
    return " & ".join(part for part in parts if part)
