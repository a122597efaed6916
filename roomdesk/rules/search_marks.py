"""Where a text holds what a query asks for, and the piece of it that is worth showing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from roomdesk.rules.search_query import Query
from roomdesk.rules.search_words import Word, clean, query_keys, words
from roomdesk.rules.stems import fold

#: Characters of an excerpt, and of what stands before its first hit.
SHOWN, BEFORE = 320, 80
MORE = "…"


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of text; `match` says that it is what was looked for."""

    text: str
    match: bool


def excerpt(text: str, query: Query) -> tuple[Part, ...]:
    """About `SHOWN` characters of the text around the first hit, in parts. Together with `…` they are the text."""
    text = clean(text)
    found = words(text)
    spans = _spans(found, query)
    start, end = _window(text, spans[0][0] if spans else 0, found)
    parts = list(_parts(text, start, end, [(max(a, start), min(b, end)) for a, b in spans if a < end and b > start]))
    head = [Part(MORE, False)] if start else []
    tail = [Part(MORE, False)] if end < len(text) else []
    return tuple(head + parts + tail)


def _window(text: str, hit: int, found: Sequence[Word]) -> tuple[int, int]:
    """From where to where: whole words, if there are any."""
    if len(text) <= SHOWN:
        return 0, len(text)
    start = max(0, min(hit - BEFORE, len(text) - SHOWN))
    if start:
        start = next((word.start for word in found if start <= word.start <= hit), start)
    end = min(len(text), start + SHOWN)
    return start, next((word.end for word in reversed(found) if hit < word.end <= end), end) if end < len(text) else end


def _parts(text: str, start: int, end: int, spans: Sequence[tuple[int, int]]) -> Iterator[Part]:
    place = start
    for first, last in spans:
        if place < first:
            yield Part(text[place:first], False)
        yield Part(text[first:last], True)
        place = last
    if place < end:
        yield Part(text[place:end], False)


def _spans(found: Sequence[Word], query: Query) -> list[tuple[int, int]]:
    """The hits in their order, none over another."""
    keys = {key for word in query.words for key in query_keys(word)}
    prefixes = tuple(fold(prefix) for prefix in query.prefixes)
    hit = {n for n, word in enumerate(found) if keys & {*word.keys} or (prefixes and word.keys[0].startswith(prefixes))}
    for phrase in query.phrases:
        hit |= _phrase(found, [fold(part) for part in phrase])
    return [(found[n].start, found[n].end) for n in sorted(hit)]


def _phrase(found: Sequence[Word], phrase: Sequence[str]) -> set[int]:
    said = [word.keys[0] for word in found]
    size = len(phrase)
    begins = [n for n in range(len(said) - size + 1) if said[n : n + size] == list(phrase)]
    return {n + step for n in begins for step in range(size)}
