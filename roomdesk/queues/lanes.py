"""Lanes: whoever writes to a workspace's conversation locks its lane row first (D25).

Order of locks everywhere: lane → case → clock → outbox → chain head.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import connection, transaction

from roomdesk.queues.errors import LockOutsideTransaction
from roomdesk.queues.models import InboxEvent, Lane, Route
from roomdesk.runtime import faults

#: Switched off only by a test that shows the damage which the lock prevents.
LOCKING = not faults.without("lane-lock")


#: The lane of what belongs to no workspace: accounts, and other calls for the whole installation.
VENDOR = "vendor"


def vendor_lane() -> Lane:
    return Lane.objects.get_or_create(key=VENDOR)[0]


def lock(lane_id: int) -> Lane:
    """Waits for the lane and holds it until the transaction ends. Raises outside a transaction."""
    if not transaction.get_connection().in_atomic_block:
        raise LockOutsideTransaction
    lanes = Lane.objects.filter(pk=lane_id)
    return (lanes.select_for_update(no_key=True) if LOCKING else lanes).get()


def lock_free(lane_ids: Iterable[int]) -> dict[int, Lane]:
    """Locks those of the lanes that nobody holds just now, without waiting, and returns them by id."""
    lanes = Lane.objects.filter(pk__in=list(lane_ids)).order_by("pk")
    if LOCKING:
        lanes = lanes.select_for_update(no_key=True, skip_locked=True)
    return {lane.pk: lane for lane in lanes}


def route(source: str, address: str, lane: Lane, now: datetime) -> None:
    """Sends what comes from `address` to `lane` from now on, and what already waited there too. Idempotent."""
    Route.objects.update_or_create(source=source, address=address, defaults={"lane": lane, "since": now})


def assign_waiting() -> int:
    """Gives pending events whose address has become known their lane; returns how many.

    An event can arrive before the room it comes from is known to us: the homeserver pushes a new room's state while the
    answer to our createRoom is still on its way.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE queues_inboxevent e SET lane_id = r.lane_id FROM queues_route r "
            "WHERE e.state = 'pending' AND e.lane_id IS NULL AND r.source = e.source AND r.address = e.address"
        )
        return int(cursor.rowcount)


def waiting_lanes(limit: int) -> list[int]:
    """Lanes with pending events: those with an urgent one first, then by their oldest event.

    A loose index scan: the cost follows the number of waiting lanes, not of waiting events.
    """
    with connection.cursor() as cursor:
        cursor.execute(_WAITING, [limit])
        return [row[0] for row in cursor.fetchall()]


_WAITING = """
WITH RECURSIVE waiting AS (
  (SELECT lane_id, id FROM queues_inboxevent
   WHERE state = 'pending' AND lane_id IS NOT NULL ORDER BY lane_id, id LIMIT 1)
  UNION ALL
  SELECT n.lane_id, n.id FROM waiting w CROSS JOIN LATERAL (
    SELECT lane_id, id FROM queues_inboxevent
    WHERE state = 'pending' AND lane_id IS NOT NULL AND lane_id > w.lane_id ORDER BY lane_id, id LIMIT 1) n
)
SELECT w.lane_id FROM waiting w
ORDER BY EXISTS (SELECT 1 FROM queues_inboxevent u
                 WHERE u.state = 'pending' AND u.is_urgent AND u.lane_id = w.lane_id) DESC, w.id
LIMIT %s
"""


def pending(lane_ids: Iterable[int], limit: int) -> list[InboxEvent]:
    """The oldest pending events of the (locked) lanes, in order of arrival."""
    events = InboxEvent.objects.filter(lane_id__in=list(lane_ids), state=InboxEvent.State.PENDING)
    return list(events.order_by("id")[:limit])
