"""The language of search (R08, D35): words, "phrases", prefix*, and filters such as from:olga. Text in, frozen meaning out."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from roomdesk.rules.errors import RuleError
from roomdesk.rules.instants import beginning_of
from roomdesk.rules.search_words import clean, words

LONGEST = 500
MOST_TERMS = 20
SHORTEST_PREFIX = 3
FILTERS = ("from", "workspace", "case", "before", "after", "has")


class QueryError(RuleError):
    """The query cannot be understood; the sentence names what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Query:
    """What is looked for: everything in it must hold. `words` and `prefixes` as typed, `phrases` as their words in order.

    `after` is the first instant that counts, `before` the first that does not any more.
    """

    words: tuple[str, ...] = ()
    phrases: tuple[tuple[str, ...], ...] = ()
    prefixes: tuple[str, ...] = ()
    author: str | None = None
    workspace: str | None = None
    case: str | None = None
    before: datetime | None = None
    after: datetime | None = None
    has_file: bool = False
    #: Names of the filters that were given, in their order.
    given: tuple[str, ...] = field(default=(), compare=False)


_TERM = re.compile(
    rf'(?P<filter>{"|".join(FILTERS)}):(?P<value>"[^"]*"|[^\s"]*)|"(?P<phrase>[^"]*)"|(?P<open>")|(?P<bare>[^\s"]+)',
    re.IGNORECASE,
)
#: Telephones and word processors write these.
_QUOTES = str.maketrans("„“”«»", '"""""')


def parse(text: str) -> Query:
    """The meaning of a query. QueryError for one that is empty, too long, or says something that does not exist."""
    if len(text) > LONGEST:
        raise QueryError(f"The search has {len(text)} characters; {LONGEST} are the most.")
    query = Query()
    for match in _TERM.finditer(_plain(text)):
        query = _with(query, match)
    if len(query.words) + len(query.phrases) + len(query.prefixes) > MOST_TERMS:
        raise QueryError(f"The search has more than {MOST_TERMS} words and phrases; leave some out.")
    return _checked(query)


def _plain(text: str) -> str:
    """Without what no text of a database can hold: NUL, and halves of signs from a terminal's broken bytes."""
    return clean(text.translate(_QUOTES).replace("\0", " ").encode("utf-8", "replace").decode())


def _with(query: Query, match: re.Match[str]) -> Query:
    if match["open"]:
        raise QueryError('A quotation mark (") is opened and not closed.')
    if match["phrase"] is not None:
        return _with_words(query, match["phrase"], f'The phrase "{match["phrase"]}"')
    if match["filter"]:
        return _with_filter(query, match["filter"].lower(), match["value"].strip('"').strip())
    bare = match["bare"]
    return _with_prefix(query, bare) if bare.endswith("*") else _with_words(query, bare)


def _with_words(query: Query, text: str, what: str = "") -> Query:
    """What stands together is looked for together: `BC-1042` is `BC` followed by `1042`. Bare signs between words say nothing."""
    found = _words_of(text)
    if what and not found:
        raise QueryError(f"{what} holds no word.")
    if len(found) > MOST_TERMS:
        raise QueryError(f"A phrase has more than {MOST_TERMS} words; leave some out.")
    if len(found) == 1 and not what:
        return replace(query, words=(*query.words, *found))
    return replace(query, phrases=(*query.phrases, found)) if found else query


def _words_of(text: str) -> tuple[str, ...]:
    return tuple(text[word.start : word.end] for word in words(text))


def _with_prefix(query: Query, bare: str) -> Query:
    found = _words_of(bare)
    if len(found) != 1 or len(found[0]) < SHORTEST_PREFIX:
        raise QueryError(
            f'"{bare}" is refused: before * there must be one word with at least {SHORTEST_PREFIX} letters.'
        )
    return replace(query, prefixes=(*query.prefixes, found[0]))


def _with_filter(query: Query, name: str, value: str) -> Query:
    if name in query.given:
        raise QueryError(f"{name}: is there twice; give it once.")
    if not value:
        raise QueryError(f"{name}: is there without a value, such as {_EXAMPLES[name]}.")
    return replace(_FILTERS[name](query, value), given=(*query.given, name))


def _has(query: Query, value: str) -> Query:
    if value.lower() != "file":
        raise QueryError(f"has:{value} is refused: there is only has:file.")
    return replace(query, has_file=True)


def _instant(name: str, value: str) -> datetime:
    """A year, a month or a day by its first instant in UTC, or an instant with its zone."""
    at = beginning_of(value)
    if at is None:
        raise QueryError(
            f"{name}:{value} is refused: give a day such as {_EXAMPLES[name]}, a month such as {name}:2026-11, or an instant."
        )
    return at


_FILTERS: dict[str, Callable[[Query, str], Query]] = {
    "from": lambda query, value: replace(query, author=value),
    "workspace": lambda query, value: replace(query, workspace=value),
    "case": lambda query, value: replace(query, case=value.upper()),
    "before": lambda query, value: replace(query, before=_instant("before", value)),
    "after": lambda query, value: replace(query, after=_instant("after", value)),
    "has": _has,
}
_EXAMPLES = {
    "from": "from:olga or from:staff",
    "workspace": "workspace:acme",
    "case": "case:BC-1042",
    "before": "before:2026-11-21",
    "after": "after:2026-11-01",
    "has": "has:file",
}


def _checked(query: Query) -> Query:
    if not (query.words or query.phrases or query.prefixes or query.given):
        raise QueryError("The search holds no word; say what to look for.")
    if query.before and query.after and query.after >= query.before:
        raise QueryError("after: is not earlier than before:, so nothing lies between them.")
    return query
