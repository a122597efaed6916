"""Lanes: whoever writes to a workspace's conversation locks its lane row first (D25).

Order of locks everywhere: lane → case → clock → outbox → chain head.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import accumulate

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q

from roomdesk.queues.errors import LanesBusy, LockOutsideTransaction
from roomdesk.queues.models import InboxEvent, Lane, Route
from roomdesk.queues.reading import Rows, first
from roomdesk.runtime import clock, faults

#: Switched off only by a test that shows the damage which the lock prevents.
LOCKING = not faults.without("lane-lock")

#: How long an event may wait for its room to be read back (`holds`); then order gives way to being heard.
HELD_FOR = timedelta(seconds=30)
#: Switched off only by a test that shows the disorder which holding prevents.
HOLDING = not faults.without("hold")


#: The lane of what belongs to no workspace: accounts, and other calls for the whole installation.
VENDOR = "vendor"


#: Lanes of the staff's own rooms: one for each product, and the one of what belongs to all products.
STAFF = "staff:"
#: How long they give way to customers' lanes.
STAFF_WAITS = timedelta(seconds=5)


def staff_key(product: str) -> str:
    """The key of the lane of a product's staff rooms; an empty product means those of the whole staff."""
    return f"{STAFF}{product}"


def vendor_lane() -> Lane:
    return Lane.objects.get_or_create(key=VENDOR)[0]


def lock(lane_id: int) -> Lane:
    """Waits for the lane and holds it until the transaction ends. Raises outside a transaction."""
    if not transaction.get_connection().in_atomic_block:
        raise LockOutsideTransaction
    lanes = Lane.objects.filter(pk=lane_id)
    return (lanes.select_for_update(no_key=True) if LOCKING else lanes).get()


def lock_from(lane_id: int, now: datetime) -> tuple[Lane, datetime]:
    """As `lock`, with the instant at which the lane is held: `now`, when it was asked for, and as long as it was waited for.

    What was true before the wait may have ended in it: a time that ran out, an authority that was taken away.
    """
    asked = clock.now()
    lane = lock(lane_id)
    return lane, now + max(clock.now() - asked, timedelta())


def lock_all(lane_ids: Iterable[int], *, patient: bool = True) -> dict[int, Lane]:
    """Holds all of these lanes until the transaction ends, taken in one order: two who want the same ones never stand crosswise.

    Who holds a lane already is not `patient`, and gets `LanesBusy` instead of waiting: its lane may be the next one of
    whoever it would wait for. Raises outside a transaction.
    """
    if not transaction.get_connection().in_atomic_block:
        raise LockOutsideTransaction
    if patient:
        return {lane_id: lock(lane_id) for lane_id in sorted(lane_ids)}
    wanted = set(lane_ids)
    held = lock_free(wanted)
    if held.keys() != wanted:
        raise LanesBusy
    return held


def lock_free(lane_ids: Iterable[int]) -> dict[int, Lane]:
    """Locks those of the lanes that nobody holds just now, without waiting, and returns them by id."""
    if not transaction.get_connection().in_atomic_block:
        raise LockOutsideTransaction
    locked = " FOR NO KEY UPDATE SKIP LOCKED" if LOCKING else ""
    return {lane.pk: lane for lane in Rows(Lane, f"id = ANY(%s::bigint[]) ORDER BY id{locked}", list(lane_ids))}


def route(source: str, address: str, lane: Lane, now: datetime) -> None:
    """Sends what comes from `address` to `lane` from now on, and what already waited there too. Idempotent."""
    Route.objects.update_or_create(source=source, address=address, defaults={"lane": lane, "since": now})


def addresses(lane_id: int, source: str) -> frozenset[str]:
    """What of a channel belongs to the lane."""
    return frozenset(Route.objects.filter(lane_id=lane_id, source=source).values_list("address", flat=True))


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

    A loose index scan: the cost follows the number of waiting lanes, not of waiting events. While addresses are held
    (`holds`), the waiting events are looked through instead, without those that have to wait longer.
    """
    with connection.cursor() as cursor:
        if _any_held():
            cursor.execute(_WAITING_UNHELD, [clock.now() - HELD_FOR, limit])
        else:
            cursor.execute(_WAITING, [limit])
        return [row[0] for row in cursor.fetchall()]


def urgent_lanes(limit: int) -> list[int]:
    """Lanes in which a P0 waits, the longest waiting first. The cost follows the number of such events."""
    with connection.cursor() as cursor:
        cursor.execute(_URGENT, [limit])
        return [row[0] for row in cursor.fetchall()]


_URGENT = """
SELECT lane_id FROM queues_inboxevent WHERE state = 'pending' AND is_urgent AND lane_id IS NOT NULL
GROUP BY lane_id ORDER BY min(id) LIMIT %s
"""


def customers_first(lane_ids: list[int]) -> list[int]:
    """Of waiting lanes those to be worked on now: the staff's rooms wait for the customers', but no longer than `STAFF_WAITS`.

    What the staff's rooms show of a case is soon to be shown anew while its customer goes on speaking; taken later it is shown once.
    """
    if len(lane_ids) < 2:
        return lane_ids
    with connection.cursor() as cursor:
        cursor.execute(_YOUNG_STAFF, [lane_ids, f"{STAFF}%", clock.now() - STAFF_WAITS])
        patient = {row[0] for row in cursor.fetchall()}
    return [lane_id for lane_id in lane_ids if lane_id not in patient] or lane_ids


def enough(lane_ids: list[int], events: int) -> list[int]:
    """As many of these waiting lanes, the first ones, as have so many pending events together; at least one of any.

    What is loaded of a lane then serves many of its events, and the other lanes are free for others meanwhile.
    """
    if len(lane_ids) < 2:
        return lane_ids
    with connection.cursor() as cursor:
        cursor.execute(_COUNTS, [events, lane_ids])
        counts = [row[0] for row in cursor.fetchall()]
    so_far = accumulate(counts)
    return lane_ids[: next((place for place, total in enumerate(so_far, 1) if total >= events), len(lane_ids))]


_COUNTS = """
SELECT (SELECT count(*) FROM (SELECT 1 FROM queues_inboxevent e WHERE e.state = 'pending' AND e.lane_id = l.id LIMIT %s) AS few)
FROM unnest(%s::bigint[]) WITH ORDINALITY AS l(id, place) ORDER BY l.place
"""


_YOUNG_STAFF = """
SELECT l.id FROM queues_lane l WHERE l.id = ANY(%s) AND l.key LIKE %s AND (
  SELECT e.received_at FROM queues_inboxevent e WHERE e.state = 'pending' AND e.lane_id = l.id ORDER BY e.id LIMIT 1) > %s
"""


def _any_held() -> bool:
    return HOLDING and bool(first("SELECT EXISTS (SELECT 1 FROM queues_route WHERE unread_from IS NOT NULL)"))


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


_WAITING_UNHELD = """
SELECT lane_id FROM queues_inboxevent e
WHERE state = 'pending' AND lane_id IS NOT NULL AND NOT EXISTS (
  SELECT 1 FROM queues_route r
  WHERE r.source = e.source AND r.address = e.address AND r.unread_from IS NOT NULL
    AND GREATEST(r.held_since, e.received_at) > %s)
GROUP BY lane_id ORDER BY bool_or(is_urgent) DESC, min(id) LIMIT %s
"""


def pending(lane_ids: Iterable[int], limit: int) -> list[InboxEvent]:
    """The oldest pending events of the (locked) lanes, in order of arrival, without those that are held back."""
    wanted = list(lane_ids)
    if _any_held():
        events = InboxEvent.objects.filter(lane_id__in=wanted, state=InboxEvent.State.PENDING)
        return list(events.exclude(_held(clock.now() - HELD_FOR)).order_by("id")[:limit])
    return list(Rows(InboxEvent, _PENDING, wanted, limit))


_PENDING = "lane_id = ANY(%s::bigint[]) AND state = 'pending' ORDER BY id LIMIT %s"


def _held(since: datetime) -> Q:
    """Events of an unread address that have waited, or whose address has been held, only since then."""
    unread = Route.objects.filter(source=OuterRef("source"), address=OuterRef("address"), unread_from__isnull=False)
    return Q(Exists(unread)) & (Q(received_at__gt=since) | Q(Exists(unread.filter(held_since__gt=since))))
