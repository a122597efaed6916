"""The outbox: claiming rows in order per destination, and noting what became of them (DESIGN §2.4, D27)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import prefetch_related_objects

from roomdesk.queues import bulk, inbox, lanes
from roomdesk.queues.models import OutboxRow
from roomdesk.queues.signals import CALLS, INBOX, OUTBOX, PATIENT, notification
from roomdesk.queues.statements import Statement
from roomdesk.runtime import faults

State = OutboxRow.State

#: Priority of what nobody waits for, and from which on a row goes before everything else, by senders of its own: somebody is to be called.
BEHIND, URGENT = -1, 100


@dataclass(frozen=True, slots=True)
class Sent:
    """What a channel's `send` returns: the outside's own id, values for rows that wait for this one, and a report.

    A `report` comes back through the inbox (source `outbox`) for what changes the desk's own state or must be audited.
    """

    external_id: str = ""
    values: dict[str, Any] = field(default_factory=dict)
    report: dict[str, Any] | None = None


def putting(rows: Sequence[OutboxRow]) -> list[Statement]:
    """The statements that write new rows. One that says the same as another of the same `once` vanishes."""
    text, values = bulk.pouring(OutboxRow, rows)
    woken = [notification(OUTBOX), *([notification(CALLS)] if any(row.priority >= URGENT for row in rows) else [])]
    return [(f"{text} ON CONFLICT DO NOTHING", values), *woken]


_HEADS = """
WITH RECURSIVE heads AS (
  (SELECT destination, id FROM queues_outboxrow WHERE state IN ('queued','sending','retry')
   ORDER BY destination, id LIMIT 1)
  UNION ALL
  SELECT n.destination, n.id FROM heads h CROSS JOIN LATERAL (
    SELECT destination, id FROM queues_outboxrow
    WHERE state IN ('queued','sending','retry') AND destination > h.destination ORDER BY destination, id LIMIT 1) n
)
SELECT o.id FROM heads JOIN queues_outboxrow o USING (id)
LEFT JOIN queues_outboxrow p ON p.id = o.after_id
WHERE o.state IN ('queued','retry') AND o.next_at <= %s
  AND (p.id IS NULL OR p.state NOT IN ('queued','sending','retry'))
ORDER BY o.priority DESC, o.next_at, o.id LIMIT %s
"""

_SENDING = """
UPDATE queues_outboxrow o SET state = 'sending', attempts = o.attempts + 1, claimed_at = %s, claimed_by = %s,
       first_claimed_at = COALESCE(o.first_claimed_at, %s)
"""
_CLAIM = f"""{_SENDING}
WHERE o.id IN (SELECT id FROM queues_outboxrow WHERE id = ANY(%s) AND state IN ('queued','retry')
               ORDER BY id FOR NO KEY UPDATE SKIP LOCKED)
RETURNING o.*
"""  # noqa: S608 - our own


def claim(worker: int, limit: int, now: datetime) -> list[OutboxRow]:
    """Takes up to `limit` rows, the first unfinished one of each destination, and marks them as being sent."""
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute(_HEADS, [now, limit])
        heads = [row[0] for row in cursor.fetchall()]
        if not heads:
            return []
        cursor.execute(_CLAIM, [now, worker, now, heads])
        rows = _claimed(cursor)
    prefetch_related_objects([row for row in rows if row.after_id is not None], "after")
    return rows


def _claimed(cursor: Any) -> list[OutboxRow]:
    """The rows that a statement gives back, the most urgent first."""
    # Columns stand in the table as they were added, and a model takes them in its own order.
    places = {column.name: place for place, column in enumerate(cursor.description)}
    names = [column.attname for column in OutboxRow._meta.concrete_fields]
    found = ([row[places[name]] for name in names] for row in cursor.fetchall())
    rows = [OutboxRow.from_db(connection.alias, names, values) for values in found]
    return sorted(rows, key=lambda row: (-row.priority, row.pk))


def claim_urgent(worker: int, limit: int, now: datetime) -> list[OutboxRow]:
    """As `claim`, for rows of the priority `URGENT` and nothing else, by one statement; none of them waits for another row's result."""
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM_URGENT, [now, limit, now, worker, now])
        return _claimed(cursor)


_CLAIM_URGENT = f"""
WITH due AS MATERIALIZED (
  SELECT o.id FROM queues_outboxrow o
  WHERE o.priority >= {URGENT} AND o.state IN ('queued','retry') AND o.next_at <= %s AND o.after_id IS NULL
    AND NOT EXISTS (SELECT 1 FROM queues_outboxrow b WHERE b.destination = o.destination AND b.id < o.id
                    AND b.state IN ('queued','sending','retry'))
  ORDER BY o.id LIMIT %s FOR NO KEY UPDATE SKIP LOCKED)
{_SENDING}
FROM due WHERE o.id = due.id RETURNING o.*
"""  # noqa: S608 - our own


def note_sent(row: OutboxRow, sent: Sent, now: datetime) -> None:
    """Marks a row as sent, with its report in the inbox, in one transaction. An echo may have confirmed it already."""
    told = None if sent.report is None else _told(row, {"ok": True, **sent.report})
    _note(
        row, State.SENT, {"sent_at": now, "external_id": sent.external_id, "result": json.dumps(sent.values)}, told, now
    )
    faults.point("outbox-noted")


def note_retry(row: OutboxRow, error: str, delay: timedelta, now: datetime) -> None:
    """Puts a row back; the rows behind it at the same destination wait with it."""
    OutboxRow.objects.filter(pk=row.pk, state=State.SENDING).update(
        state=State.RETRY, next_at=now + delay, last_error=error[:2000], claimed_by=None
    )


def note_failed(row: OutboxRow, error: str, now: datetime) -> None:
    """Gives a row up for good; those behind it go on, and a report tells the desk."""
    told = _told(row, {"ok": False, "error": error[:2000]})
    _note(row, State.FAILED, {"last_error": error[:2000], "claimed_by": None}, told, now)


def _told(row: OutboxRow, report: dict[str, Any]) -> str:
    return json.dumps({"kind": row.kind, "row": row.pk, "payload": json.loads(row.payload), **report})


def _note(row: OutboxRow, state: str, fields: Mapping[str, Any], told: str | None, now: datetime) -> None:
    """Notes what became of a row that nobody has noted yet, and has its lane hear `told`, both or neither: it is one statement."""
    lane_id = row.lane_id if row.lane_id is not None or told is None else lanes.vendor_lane().pk
    sets = {"last_error": "", **fields, "state": state}
    report, values = inbox.reporting(lane_id or 0, str(row.key), row.destination, told or "", now)
    changed = ", ".join(f"{name} = %s" for name in sets)
    # Every name in this statement is a column of ours.
    text = f"""
    WITH noted AS (UPDATE queues_outboxrow SET {changed} WHERE id = %s AND state IN ('queued','sending','retry') RETURNING id),
         told AS ({report} FROM noted WHERE %s ON CONFLICT (source, external_id) DO NOTHING RETURNING id)
    SELECT pg_notify(%s, ''), (SELECT pg_notify(%s, %s) FROM told)
    """  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(text, [*sets.values(), row.pk, *values, told is not None, OUTBOX, INBOX, PATIENT])


def release_orphans(living: list[int], now: datetime) -> int:
    """Gives rows back that a dead worker had claimed; sending them again is safe (same key). Returns how many."""
    dead = OutboxRow.objects.filter(state=State.SENDING).exclude(claimed_by__in=living)
    return dead.update(state=State.RETRY, next_at=now, claimed_by=None)
