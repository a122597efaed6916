"""Finding messages: the newest hits of a search, walked back in time so that a common word costs no more than a page (D35).

The index (GIN) knows who holds a word, not since when. Asked for a word of every tenth message it would fetch them all to find the newest.
So it is asked for spans of time: the last 16,000 messages first, then as many as will do by what was found in those. A common word is done
after the first span, a rare one costs little in any.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from roomdesk.rules import search_index

#: Rank looks at the newest hits only, and counting ends there (D35).
MOST_HITS = 2_000
#: Messages of the first span, how much longer each following one may be chosen, and of how many lengths.
_FIRST_SPAN, _GROWTH, _LENGTHS = 16_384, 1.5, 20
#: Spans that are looked at; the last one has no beginning. Fewer hits than `_FEW` tell that all of them can be fetched.
_LOOKS, _FEW = 5, 8
#: What is taken beyond the length that should do.
_SPARE = 1.2


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for: `parts` of a `tsquery` that must all hold (none: anything), and what the index cannot say.

    `security` are the products whose restricted cases the reader may see (empty text: all).
    """

    parts: Sequence[str]
    since: datetime | None = None
    until: datetime | None = None
    case_id: int | None = None
    security: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, order=True)
class Hit:
    """A message that was found. Hits are in order of time; the newest is the greatest."""

    at: datetime
    id: int
    recorded_at: datetime


def newest(wanted: Wanted, limit: int, before: tuple[datetime, int] | None = None) -> list[Hit]:
    """The newest hits, the newest first, or those that are older than the key `before`. At most 1 + 5 queries, whatever there is."""
    if not wanted.parts or wanted.case_id is not None:
        return _hits(wanted, wanted.parts, wanted.since, limit, wanted.until, before)
    last, starts = _bounds(wanted, before)
    found: list[Hit] = []
    end, walked = wanted.until, 0.0
    for look in range(_LOOKS):
        reach = _reach(walked, len(found), limit) if look < _LOOKS - 1 else math.inf
        walked, start = _next(starts, reach, end)
        is_last = start is None or (wanted.since is not None and start <= wanted.since)
        begin = wanted.since if is_last else start
        marks = search_index.said_between(begin, last) if begin and last else ""
        found += _hits(wanted, (*wanted.parts, marks), begin, limit - len(found), end, before)
        if is_last or len(found) >= limit:
            break
        end = last = start
    return found


def _reach(walked: float, hits: int, limit: int) -> float:
    """How many messages back enough hits will be, by those found so far."""
    if not walked:
        return _FIRST_SPAN
    return walked * limit / hits * _SPARE if hits >= _FEW else math.inf


def _next(
    starts: Sequence[tuple[int, datetime | None]], reach: float, end: datetime | None
) -> tuple[float, datetime | None]:
    """The nearest of the starts that lies so far back, and its distance; none where there are not so many messages.

    Messages that were imported have new numbers and old times: a start may lie later than one before it, and is passed over.
    """
    for distance, start in starts:
        if distance >= reach and start is not None and (end is None or start < end):
            return distance, start
    return math.inf, None


def _bounds(
    wanted: Wanted, before: tuple[datetime, int] | None
) -> tuple[datetime | None, list[tuple[int, datetime | None]]]:
    """When the newest message that counts was said, and those so many messages before it, as far as there are so many."""
    conditions, values = _between(None, wanted.until, before)
    distances = [int(_FIRST_SPAN * _GROWTH**step) for step in range(_LENGTHS)]
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH newest AS (SELECT f.id, f.at FROM record_findable f WHERE true"  # noqa: S608 - our own conditions
            f"{conditions} ORDER BY f.at DESC, f.id DESC LIMIT 1) "
            "SELECT n.at, d.d, (SELECT f.at FROM record_findable f WHERE f.id <= n.id - d.d ORDER BY f.id DESC LIMIT 1) "
            "FROM newest n, unnest(%(distances)s::bigint[]) WITH ORDINALITY d(d, place) ORDER BY d.place",
            {**values, "distances": distances},
        )
        rows = cursor.fetchall()
    return (rows[0][0] if rows else None), [(distance, start) for _, distance, start in rows]


def _between(
    start: datetime | None, end: datetime | None, before: tuple[datetime, int] | None
) -> tuple[str, dict[str, Any]]:
    conditions, values = "", dict[str, Any]()
    if start is not None:
        conditions, values["start"] = conditions + " AND f.at >= %(start)s", start
    if end is not None:
        conditions, values["end"] = conditions + " AND f.at < %(end)s", end
    if before is not None:
        conditions += " AND (f.at, f.id) < (%(before_at)s, %(before_id)s)"
        values["before_at"], values["before_id"] = before
    return conditions, values


#: What is said in a restricted case is not found outside the security role (D22).
_READABLE = (
    " AND NOT EXISTS (SELECT 1 FROM cases_case c WHERE c.id = f.case_id AND c.is_restricted"
    " AND NOT c.product = ANY(%(security)s::text[]))"
)


def _hits(
    wanted: Wanted,
    parts: Sequence[str],
    start: datetime | None,
    limit: int,
    end: datetime | None,
    before: tuple[datetime, int] | None,
) -> list[Hit]:
    conditions, values = _between(start, end, before)
    if any(parts):
        conditions, values["query"] = f"{conditions} AND f.words @@ %(query)s::tsquery", search_index.together(parts)
    if wanted.case_id is not None:
        conditions, values["case_id"] = f"{conditions} AND f.case_id = %(case_id)s", wanted.case_id
    if "" not in wanted.security:
        conditions, values["security"] = conditions + _READABLE, sorted(wanted.security)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT f.at, f.id, f.recorded_at FROM record_findable f WHERE true{conditions}"  # noqa: S608 - our own
            " ORDER BY f.at DESC, f.id DESC LIMIT %(limit)s",
            {**values, "limit": limit},
        )
        return [Hit(*row) for row in cursor.fetchall()]


def ranks(parts: Sequence[str], hits: Sequence[Hit]) -> dict[int, float]:
    """How well each hit answers, by message id: more of what was asked for, in fewer words."""
    with connection.cursor() as cursor:
        cursor.execute(
            # 1: divided by the logarithm of its length, so that a pasted log does not stand before a question.
            "SELECT f.id, ts_rank(f.words, %s::tsquery, 1)::float8 FROM record_findable f WHERE f.id = ANY(%s)",
            [search_index.together(parts), [hit.id for hit in hits]],
        )
        return dict(cursor.fetchall())
