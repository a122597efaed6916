"""The outbox: claiming rows in order per destination, and noting what became of them (DESIGN §2.4, D27)."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from roomdesk.queues import inbox, lanes
from roomdesk.queues.models import OutboxRow
from roomdesk.queues.signals import OUTBOX, notify
from roomdesk.runtime import faults

State = OutboxRow.State

#: Priority of what nobody waits for.
BEHIND = -1


@dataclass(frozen=True, slots=True)
class Sent:
    """What a channel's `send` returns: the outside's own id, values for rows that wait for this one, and a report.

    A `report` comes back through the inbox (source `outbox`) for what changes the desk's own state or must be audited.
    """

    external_id: str = ""
    values: dict[str, Any] = field(default_factory=dict)
    report: dict[str, Any] | None = None


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

_CLAIM = """
UPDATE queues_outboxrow SET state = 'sending', attempts = attempts + 1, claimed_at = %s, claimed_by = %s,
       first_claimed_at = COALESCE(first_claimed_at, %s)
WHERE id IN (SELECT id FROM queues_outboxrow WHERE id = ANY(%s) AND state IN ('queued','retry')
             ORDER BY id FOR NO KEY UPDATE SKIP LOCKED)
RETURNING id
"""


def claim(worker: int, limit: int, now: datetime) -> list[OutboxRow]:
    """Takes up to `limit` rows, the first unfinished one of each destination, and marks them as being sent."""
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute(_HEADS, [now, limit])
        heads = [row[0] for row in cursor.fetchall()]
        if not heads:
            return []
        cursor.execute(_CLAIM, [now, worker, now, heads])
        claimed = [row[0] for row in cursor.fetchall()]
    return list(OutboxRow.objects.filter(pk__in=claimed).select_related("after").order_by("-priority", "id"))


def note_sent(row: OutboxRow, sent: Sent, now: datetime) -> None:
    """Marks a row as sent, with its report in the inbox, in one transaction. An echo may have confirmed it already."""
    with transaction.atomic(durable=True):
        changed = OutboxRow.objects.filter(pk=row.pk, state__in=OutboxRow.ACTIVE).update(
            state=State.SENT, sent_at=now, external_id=sent.external_id, result=json.dumps(sent.values), last_error=""
        )
        if changed and sent.report is not None:
            _report(row, {"ok": True, **sent.report}, now)
        notify(OUTBOX)
    faults.point("outbox-noted")


def note_retry(row: OutboxRow, error: str, delay: timedelta, now: datetime) -> None:
    """Puts a row back; the rows behind it at the same destination wait with it."""
    OutboxRow.objects.filter(pk=row.pk, state=State.SENDING).update(
        state=State.RETRY, next_at=now + delay, last_error=error[:2000], claimed_by=None
    )


def note_failed(row: OutboxRow, error: str, now: datetime) -> None:
    """Gives a row up for good; those behind it go on, and a report tells the desk."""
    with transaction.atomic(durable=True):
        changed = OutboxRow.objects.filter(pk=row.pk, state__in=OutboxRow.ACTIVE).update(
            state=State.FAILED, last_error=error[:2000], claimed_by=None
        )
        if changed:
            _report(row, {"ok": False, "error": error[:2000]}, now)
        notify(OUTBOX)


def _report(row: OutboxRow, report: dict[str, Any], now: datetime) -> None:
    raw = json.dumps({"kind": row.kind, "row": row.pk, "payload": json.loads(row.payload), **report})
    lane_id = row.lane_id if row.lane_id is not None else lanes.vendor_lane().pk
    inbox.report(lane_id, str(row.key), row.destination, raw, now)


def release_orphans(living: list[int], now: datetime) -> int:
    """Gives rows back that a dead worker had claimed; sending them again is safe (same key). Returns how many."""
    dead = OutboxRow.objects.filter(state=State.SENDING).exclude(claimed_by__in=living)
    return dead.update(state=State.RETRY, next_at=now, claimed_by=None)
