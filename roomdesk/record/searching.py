"""Finding messages: the newest hits of a search, at a cost that hardly follows the size of the record (D35).

What is asked for is said often, or seldom, and nobody knows beforehand. So the newest few thousand messages are looked at one by one, which costs
little and tells how often it is said. Where it is said in every tenth message, going on like this soon finds a page of hits; where it is
said in few, the index of words (GIN) knows them all; in between it is asked for as long a span of time as should hold enough of them,
which it knows by marks of the days.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from roomdesk.rules import search_index, search_times

#: Rank looks at the newest hits only, and counting ends there (D35).
MOST_HITS = 2_000
#: Messages that are looked at first, and how many more it may be by which going on is quicker than the index of words.
NEAR, FAR = 2_000, 4_000
#: Looks that are taken after the first; then one that has no beginning.
_LOOKS = 5
#: Reading so many times the hits that are missing costs as much as the marks of the times that would leave the others out.
_TOO_MANY = 2.5
#: Fewer hits than these tell no more than that there are few.
_FEW = 4
#: Deviations by which the number of hits that was found may be luck: so much longer is a look than should do.
_LUCK = 1.5

#: A place in the order of time: when it was said, and its id.
Key = tuple[datetime, int]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for: `parts` of a `tsquery` that must all hold (none: anything), and what the index of words cannot say.

    `workspace_id` where it can only be in one; a part says so too. `security` are the products whose restricted cases the reader may see
    (empty text: all).
    """

    parts: Sequence[str]
    since: datetime | None = None
    until: datetime | None = None
    workspace_id: int | None = None
    case_id: int | None = None
    security: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, order=True)
class Hit:
    """A message that was found. Hits are in order of time; the newest is the greatest."""

    at: datetime
    id: int
    recorded_at: datetime


@dataclass(slots=True)
class Hits:
    """The newest hits, the newest first, and how many there are; of those beyond what was to be shown only the number is known."""

    items: list[Hit]
    count: int = 0

    def __iadd__(self, more: Hits) -> Hits:
        self.items += more.items
        self.count += more.count
        return self


def newest(wanted: Wanted, limit: int, before: Key | None = None, *, shown: int | None = None) -> Hits:
    """The newest `shown` (none: all) of at most `limit` hits, or of those that are older than the key `before`.

    A bounded number of queries, whatever there is.
    """
    shown = limit if shown is None else shown
    if not wanted.parts or wanted.case_id is not None:
        return _in_order(wanted, limit, before, shown)
    found = _among(wanted, NEAR, limit, before, shown)
    edge, passed = _edge(wanted, NEAR, before) if found.count < limit else None, NEAR
    number = edge[1] if edge else 0
    for is_last in (*(False,) * _LOOKS, True):
        if edge is None or found.count >= limit:
            break
        reach = _reach(limit, found.count, passed)
        missing, to_show = limit - found.count, shown - len(found.items)
        if reach <= FAR and wanted.workspace_id is None and not is_last:
            found += _among(wanted, reach, missing, edge, to_show)
            edge = _edge(wanted, reach, edge)
        else:
            in_all = (number + passed) * max(found.count, _FEW) / passed
            start = None if is_last or in_all <= _TOO_MANY * missing else _start(wanted, edge, number - reach)
            found += _by_words(wanted, start, missing, edge, to_show)
            edge = (start, 0) if start else None
        passed, number = passed + reach, number - reach
    return found


def _reach(limit: int, hits: int, passed: int) -> int:
    """How many messages further back enough hits will be, by those found among the `passed`: the fewer, the less they tell."""
    told = max(hits, _FEW)
    return 1 + int((limit - hits) * passed / told * (1 + _LUCK / math.sqrt(told)))


def _in_order(wanted: Wanted, limit: int, before: Key | None, shown: int) -> Hits:
    """What a case or a span of time holds, by their own indexes."""
    span, values = _span(wanted, before)
    condition, words = _holds(wanted)
    return _hits(f"SELECT {_HIT} FROM record_findable f WHERE true{span}{condition}", values | words, limit, shown)  # noqa: S608 - our own


def _among(wanted: Wanted, count: int, limit: int, before: Key | None, shown: int) -> Hits:
    """Hits among the newest `count` messages, each of which is looked at."""
    span, values = _span(wanted, before)
    condition, words = _holds(wanted)
    near = f"SELECT * FROM record_findable f WHERE true{span} ORDER BY f.at DESC, f.id DESC LIMIT %(near)s"  # noqa: S608 - our own
    statement = f"SELECT {_HIT} FROM ({near}) f WHERE true{condition}"  # noqa: S608
    return _hits(statement, {**values, **words, "near": count}, limit, shown)


def _by_words(wanted: Wanted, start: datetime | None, limit: int, before: Key, shown: int) -> Hits:
    """Hits since `start` (none: ever), by the index of words."""
    span, values = _span(wanted, before)
    if start is not None:
        span, values["start"] = f"{span} AND f.at >= %(start)s", start
    marks = _marks(wanted, start, before)
    parts = [*wanted.parts, *([search_index.any_of(marks)] if marks else [])]
    quick = search_index.quick(parts) or parts
    condition, words = _holds(wanted, quick)
    slow, more = _must(set(parts) - set(quick), "slow")
    # Fenced by OFFSET: told of the order and the limit, the database would rather look at every message until it has enough.
    # Over all workspaces the times are compared afterwards: the index of times would read every message of the span, to join them.
    inner, outer = (condition, span) if wanted.workspace_id is None else (span + condition, "")
    columns = f"{_HIT}, f.workspace_id, f.case_id, f.words"
    inside = f"SELECT {columns} FROM record_findable f WHERE true{inner} OFFSET 0"  # noqa: S608 - our own
    statement = f"SELECT {_HIT} FROM ({inside}) f WHERE true{outer}{slow}"  # noqa: S608
    return _hits(statement, {**values, **words, **more}, limit, shown)


def _marks(wanted: Wanted, start: datetime | None, before: Key) -> list[str] | None:
    """Marks of the times that may hold hits; none where these are all times, or nearly."""
    since = start or wanted.since
    if since is None and wanted.until is not None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT min(at) FROM record_findable")
            since = cursor.fetchone()[0]
    return search_times.covering(since, before[0]) if since is not None else None


_HIT = "f.at, f.id, f.recorded_at"


def _hits(statement: str, values: dict[str, Any], limit: int, shown: int) -> Hits:
    """Runs it, newest first. Of those that are only counted nothing but the number comes over: two thousand rows take longer to read than to find."""
    within = f"WITH h AS MATERIALIZED ({statement} ORDER BY f.at DESC, f.id DESC LIMIT %(limit)s)"
    counted = f"{within} SELECT *, (SELECT count(*) FROM h) FROM h ORDER BY at DESC, id DESC LIMIT %(shown)s"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(counted, {**values, "limit": limit, "shown": max(1, shown)})
        rows = cursor.fetchall()
    return Hits([Hit(*row[:3]) for row in rows[:shown]], rows[0][3] if rows else 0)


def _edge(wanted: Wanted, count: int, before: Key | None) -> Key | None:
    """The oldest of the newest `count` messages; none where there are no more."""
    span, values = _span(wanted, before)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT f.at, f.id FROM record_findable f WHERE true{span} ORDER BY f.at DESC, f.id DESC OFFSET %(skip)s LIMIT 1",  # noqa: S608
            {**values, "skip": count - 1},
        )
        return cursor.fetchone()


def _start(wanted: Wanted, edge: Key, number: int) -> datetime | None:
    """When the message of this number was said; none where everything may be asked for.

    Messages that were imported have new numbers and old times: then it may not lie before the edge, and there is no telling.
    """
    if wanted.workspace_id is not None or number <= 0:
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT at FROM record_findable WHERE id <= %s ORDER BY id DESC LIMIT 1", [number])
        row = cursor.fetchone()
    return row[0] if row and (wanted.since is None or wanted.since < row[0]) and row[0] < edge[0] else None


def _span(wanted: Wanted, before: Key | None) -> tuple[str, dict[str, Any]]:
    """Where and when, in what the ordered indexes know."""
    conditions, values = "", dict[str, Any]()
    for name, column in (
        ("workspace_id", "workspace_id = "),
        ("case_id", "case_id = "),
        ("since", "at >= "),
        ("until", "at < "),
    ):
        if (value := getattr(wanted, name)) is not None:
            conditions, values[name] = f"{conditions} AND f.{column}%({name})s", value
    if before is not None:
        conditions += " AND (f.at, f.id) < (%(before_at)s, %(before_id)s)"
        values["before_at"], values["before_id"] = before
    return conditions, values


#: What is said in a restricted case is not found outside the security role (D22).
_READABLE = (
    " AND (f.case_id IS NULL OR f.case_id NOT IN (SELECT c.id FROM cases_case c WHERE c.is_restricted"
    " AND NOT c.product = ANY(%(security)s::text[])))"
)


def _holds(wanted: Wanted, parts: Sequence[str] | None = None) -> tuple[str, dict[str, Any]]:
    """What each message must hold: these `parts` (none: the wanted ones), and what its reader may see."""
    conditions, values = _must(wanted.parts if parts is None else parts, "part")
    if "" not in wanted.security:
        conditions, values["security"] = conditions + _READABLE, sorted(wanted.security)
    return conditions, values


def _must(parts: Iterable[str], name: str) -> tuple[str, dict[str, Any]]:
    """Part by part: the index joins them several times as fast as what is joined in one."""
    values: dict[str, Any] = {f"{name}{n}": part for n, part in enumerate(dict.fromkeys(parts))}
    return "".join(f" AND f.words @@ %({one})s::tsquery" for one in values), values


def best(
    wanted: Wanted, hits: Sequence[Hit], limit: int, before: tuple[float, datetime, int] | None = None
) -> list[tuple[float, Hit]]:
    """The hits that answer best, with how well: more of what was asked for, in fewer words. Equal ones the newest first."""
    # 1: divided by the logarithm of its length, so that a pasted log does not stand before a question.
    rank = "ts_rank(f.words, %(query)s::tsquery, 1)::float8" if wanted.parts else "0::float8"
    ranked = f"SELECT {rank} AS rank, {_HIT} FROM record_findable f WHERE f.id = ANY(%(ids)s)"  # noqa: S608 - our own
    values: dict[str, Any] = {
        "query": search_index.together(wanted.parts),
        "ids": [hit.id for hit in hits],
        "limit": limit,
    }
    beyond = ""
    if before is not None:
        beyond = "WHERE (rank, at, id) < (%(rank)s::float8, %(at)s, %(id)s)"
        values |= dict(zip(("rank", "at", "id"), before, strict=True))
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT * FROM ({ranked}) f {beyond} ORDER BY rank DESC, at DESC, id DESC LIMIT %(limit)s",  # noqa: S608
            values,
        )
        return [(row[0], Hit(*row[1:])) for row in cursor.fetchall()]
