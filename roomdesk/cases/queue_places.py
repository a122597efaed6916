"""Places in the queue, counted by the database: the order is that of `rules.queue_order`, told in its own numbers (decision 0050).

A page of the queue reads fifty rows and not every open case; that both orders are the same a property test says (`tests/reports/test_queue_places.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet

from roomdesk.cases.models import Case
from roomdesk.oncall import misuse
from roomdesk.rules import queue_order as rule
from roomdesk.rules.queue_order import Key, Place, why_of

#: Before every key.
FRONT: Key = (-1, 0, 0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Places:
    """Some places in their order, and how many cases there are in all, before and behind these too."""

    places: list[Place]
    total: int


def places(
    now: datetime,
    *,
    product: str | None = None,
    among: QuerySet[Case] | None = None,
    after: Key = FRONT,
    limit: int,
) -> Places:
    """The next open cases behind the key `after`, of one product or of all, and only those `among` these; two queries.

    A position counts all open cases of its product, also those that are not `among` them.
    """
    chosen, given = _chosen(among)
    lowered = misuse.lowered(now)
    values = [
        *(now, rule.SNOOZED, rule.CUSTOMERS, rule.OURS),
        *(rule.P0, now, rule.LATE, rule.DUE, rule.ANSWERED, rule.UNPROMISED),
        *(list(lowered), list(lowered.values()), rule.NEVER, product, product),
        *given,
        *(*after, limit),
    ]
    with connection.cursor() as cursor:
        cursor.execute(_ORDERED.replace("(chosen)", chosen), values)
        rows = cursor.fetchall()
    return Places([_place(*row[1:]) for row in rows if row[1] is not None], rows[0][0])


def place_of(case: Case, now: datetime) -> Place | None:
    """Where an open case stands in the queue of its product; None for one that is not open."""
    if case.state not in Case.OPEN:
        return None
    found = places(now, product=case.product, among=Case.objects.filter(pk=case.pk), limit=1).places
    return found[0] if found else None


def _chosen(among: QuerySet[Case] | None) -> tuple[str, tuple[Any, ...]]:
    """A condition on `p.id` with its values."""
    if among is None:
        return "true", ()
    rows = among.select_related(None).prefetch_related(None).order_by().values("pk")
    try:
        sql, values = rows.query.sql_with_params()
    except EmptyResultSet:
        return "false", ()
    return f"p.id IN ({sql})", values


def _place(pk: int, turn: int, rank: int, misused: int, due: int, arrived: int, position: int) -> Place:
    key = (turn, rank, misused, due, arrived, pk)
    return Place(pk, key, position, why_of(key))


_ORDERED = """
WITH waiting AS (
  SELECT c.id, c.product,
    CASE WHEN c.snoozed_until > %s::timestamptz THEN %s WHEN c.state = 'waiting_customer' THEN %s ELSE %s END AS turn,
    CASE WHEN c.p0_at IS NOT NULL THEN %s
         WHEN k.promised_at < %s::timestamptz THEN %s
         WHEN k.due_at IS NOT NULL THEN %s
         WHEN c.last_staff_at IS NOT NULL AND (c.last_customer_at IS NULL OR c.last_customer_at <= c.last_staff_at) THEN %s
         ELSE %s END AS rank,
    CASE WHEN EXISTS (SELECT FROM unnest(%s::bigint[], %s::timestamptz[]) AS m(workspace, since)
                      WHERE m.workspace = c.workspace_id AND c.p0_at >= m.since) THEN 1 ELSE 0 END AS misused,
    coalesce((extract(epoch FROM k.due_at) * 1000000)::bigint, %s) AS due,
    (extract(epoch FROM coalesce(y.started_at, c.opened_at)) * 1000000)::bigint AS arrived
  FROM cases_case c
  LEFT JOIN cases_casecycle y ON y.case_id = c.id AND y.number = c.cycle
  LEFT JOIN (
    SELECT case_id, min(due_at) FILTER (WHERE NOT is_soft) AS promised_at, min(due_at) AS due_at FROM clocks_clock
    WHERE stopped_at IS NULL AND paused_at IS NULL AND state <> 'cancelled' AND due_at IS NOT NULL GROUP BY case_id
  ) k ON k.case_id = c.id
  WHERE c.state IN ('new', 'acknowledged', 'investigating', 'waiting_customer', 'waiting_third_party') AND (%s::text IS NULL OR c.product = %s)
), placed AS (
  SELECT *, row_number() OVER (PARTITION BY product ORDER BY turn, rank, misused, due, arrived, id) AS position FROM waiting
), seen AS MATERIALIZED (SELECT * FROM placed p WHERE (chosen)
), page AS (
  SELECT * FROM seen WHERE (turn, rank, misused, due, arrived, id) > (%s, %s, %s, %s, %s, %s)
  ORDER BY turn, rank, misused, due, arrived, id LIMIT %s
)
SELECT (SELECT count(*) FROM seen), page.id, turn, rank, misused, due, arrived, position
FROM (SELECT 1) one LEFT JOIN page ON true ORDER BY turn, rank, misused, due, arrived, page.id
"""
