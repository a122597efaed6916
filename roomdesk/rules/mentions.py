"""Whom a text calls by `@name`: people of a room, by their whole name or their id."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

#: A call begins a word: `@` in a mail address or after a dot is none.
_BEGIN = re.compile(r"(?<![\w@.])@")
_MORE = re.compile(r"[\w@]")


@dataclass(frozen=True, slots=True)
class Named:
    """Somebody who can be called. `id` is unique, `name` may be another one's too; `user_id` is the Matrix id."""

    id: str
    name: str
    user_id: str


def pieces(text: str, people: Sequence[Named]) -> Iterator[str | Named]:
    """The text cut apart at its calls. A name that several share calls nobody: their ids do."""
    calls, at, last = _calls(people), 0, 0
    while begin := _BEGIN.search(text, at):
        length, one = _longest(text, begin.end(), calls)
        at = begin.end() + length
        if one is not None:
            yield from (text[last : begin.start()],) if begin.start() > last else ()
            yield one
            last = at
    if last < len(text):
        yield text[last:]


def handle(person: Named, people: Iterable[Named]) -> str:
    """What stands after the `@`: the name, or the id where several have that name."""
    same = [one for one in people if one.name.casefold() == person.name.casefold()]
    return person.name if len(same) == 1 and person.name else person.id


def _calls(people: Sequence[Named]) -> list[tuple[str, Named]]:
    """What calls whom, in small letters, the longest first. An id goes before a name that reads like it."""
    by_words = {**{handle(one, people).lower(): one for one in people}, **{one.id.lower(): one for one in people}}
    return sorted(((words, one) for words, one in by_words.items() if words), key=lambda pair: -len(pair[0]))


def _longest(text: str, begin: int, calls: Iterable[tuple[str, Named]]) -> tuple[int, Named | None]:
    for words, one in calls:
        end = begin + len(words)
        if text[begin:end].lower() == words and not _MORE.match(text, end):
            return len(words), one
    return 0, None
