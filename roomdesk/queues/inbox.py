"""Storing what came in. Nothing is looked at here but identity and, by a pure function, the first word (D26)."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from roomdesk.queues.models import AppserviceTransaction, InboxEvent
from roomdesk.queues.signals import AWAITED, INBOX, PATIENT, URGENT, notify
from roomdesk.queues.statements import Statement
from roomdesk.runtime import clock, faults

#: Advisory lock: held shared by every push while it is stored, alone by `holds` while it gives places anew.
ARRIVING = 0x526D_0001

#: How long a repeated transaction id is recognised without looking at its events.
TRANSACTION_WINDOW = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Arrival:
    """One event to be stored. `problem` is set where it can be kept but not worked on.

    `is_patient`: nobody waits for it as for words; what comes soon after it may be worked off together with it.
    """

    source: str
    external_id: str
    address: str
    raw: str
    is_urgent: bool = False
    problem: str = ""
    is_patient: bool = False


def store(arrivals: Sequence[Arrival], now: datetime, *, is_awaited: bool = False) -> int:
    """Inserts what is not yet there, within the caller's transaction; returns how many were new. `is_awaited`: an open page shows their room.

    What may be a P0 wakes those who work on nothing else: woken together, they and the flow would take the core from each other.
    """
    if not arrivals:
        return 0
    return _stored(_STORE, [], arrivals, now, is_awaited=is_awaited)


def _stored(text: str, first: Sequence[Any], arrivals: Sequence[Arrival], now: datetime, *, is_awaited: bool) -> int:
    told = _told(arrivals, AWAITED if is_awaited else "")
    channels = [[channel for channel, _ in told], [payload for _, payload in told]]
    offset = clock.offset() // timedelta(microseconds=1)
    with connection.cursor() as cursor:
        cursor.execute(text, [*first, now, offset, *_arrays(arrivals), *channels])
        return int(cursor.fetchone()[0])


def _told(arrivals: Sequence[Arrival], said: str) -> list[tuple[str, str]]:
    """Whom these wake, where they are new: channels and what is said there; `said` of words."""
    others = [arrival for arrival in arrivals if not arrival.is_urgent]
    told = [(INBOX, PATIENT if all(arrival.is_patient for arrival in others) else said)] if others else []
    return told if len(others) == len(arrivals) else [*told, (URGENT, "")]


_NEW = """
new AS (
  INSERT INTO queues_inboxevent (source, external_id, address, lane_id, raw, is_urgent, state, reason, received_at,
                                 clock_offset_us, attempts, is_replayed)
  SELECT v.source, v.external_id, v.address, r.lane_id, v.raw, v.is_urgent, v.state, v.reason, %s::timestamptz, %s, 0, false
  FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::bool[], %s::text[], %s::text[])
    WITH ORDINALITY AS v(source, external_id, address, raw, is_urgent, state, reason, place)
  LEFT JOIN queues_route r ON r.source = v.source AND r.address = v.address AND v.state = 'pending'
"""
_TOLD = """
  ORDER BY v.place ON CONFLICT (source, external_id) DO NOTHING RETURNING 1)
SELECT (SELECT count(*) FROM new), (
  SELECT max(pg_notify(t.channel, t.payload)::text) FROM unnest(%s::text[], %s::text[]) AS t(channel, payload)
  WHERE EXISTS (SELECT 1 FROM new))
"""
_STORE = f"WITH {_NEW}{_TOLD}"
#: Its place is taken once the lock is held: what follows is looked at for a transaction that is new, and not before.
_RECEIVE = f"""
WITH seen AS (
  INSERT INTO queues_appservicetransaction (transaction_id, digest, received_at)
  SELECT %s, %s, %s::timestamptz FROM pg_advisory_xact_lock_shared(%s)
  ON CONFLICT (transaction_id, digest) DO NOTHING RETURNING 1),
{_NEW}  WHERE EXISTS (SELECT 1 FROM seen)
{_TOLD}"""  # noqa: S608 - our own


def take(
    arrivals: Sequence[Arrival], said_at: Sequence[datetime], lane_id: int, reason: str, now: datetime
) -> set[str]:
    """Stores events that the caller deals with itself, as done, within its transaction; returns the ids that are its to deal with.

    Whoever pushes or reads the same event afterwards finds it stored. What the flow has, or has had, is not taken from it: only
    what came from an address that nobody claimed. They count as received when they were said: whoever asks when the homeserver
    was last heard means its pushes.
    """
    if not arrivals:
        return set()
    offset = clock.offset() // timedelta(microseconds=1)
    ids, addresses, raw = zip(*((a.external_id, a.address, a.raw) for a in arrivals), strict=True)
    source = arrivals[0].source
    with connection.cursor() as cursor:
        given = [list(ids), list(addresses), list(raw), list(said_at)]
        cursor.execute(_TAKE_NEW, [source, lane_id, reason, now, offset, *given])
        taken = {row[0] for row in cursor.fetchall()}
        cursor.execute(_TAKE_UNCLAIMED, [lane_id, reason, now, source, list(ids)])
        return taken | {row[0] for row in cursor.fetchall()}


_TAKE_NEW = """
INSERT INTO queues_inboxevent (source, lane_id, state, reason, done_at, clock_offset_us, external_id, address, raw, received_at,
                               is_urgent, attempts, is_replayed)
SELECT %s, %s, 'done', %s, %s, %s, v.external_id, v.address, v.raw, v.said_at, false, 0, false
FROM unnest(%s::text[], %s::text[], %s::text[], %s::timestamptz[]) WITH ORDINALITY AS v(external_id, address, raw, said_at, place)
ORDER BY v.place
ON CONFLICT (source, external_id) DO NOTHING RETURNING external_id
"""
_TAKE_UNCLAIMED = """
UPDATE queues_inboxevent SET lane_id = %s, state = 'done', reason = %s, done_at = %s
WHERE source = %s AND external_id = ANY(%s) AND lane_id IS NULL AND state IN ('pending', 'ignored') RETURNING external_id
"""


def hand_over(arrivals: Sequence[Arrival], lane_id: int, now: datetime) -> int:
    """Gives the flow events that are not on record, in their order, within the caller's transaction; returns how many it will work on.

    For whoever has found them missing, under the lane's lock: those that are put away, or done and not on record, are worked on again.
    """
    new = store(arrivals, now)
    ids = [arrival.external_id for arrival in arrivals]
    with connection.cursor() as cursor:
        cursor.execute(_HAND_OVER, [lane_id, arrivals[0].source, ids])
        again = int(cursor.rowcount)
    if again:
        notify(INBOX)
    return new + again


_HAND_OVER = """
UPDATE queues_inboxevent SET state = 'pending', lane_id = %s, reason = '', attempts = 0, done_at = NULL, is_replayed = true
WHERE source = %s AND external_id = ANY(%s) AND state IN ('done', 'ignored')
"""


def elsewhere(source: str, ids: Collection[str], lane_id: int) -> bool:
    """Whether another lane has, or has had, one of these events."""
    stored = InboxEvent.objects.filter(source=source, external_id__in=ids)
    return stored.exclude(lane_id__isnull=True).exclude(lane_id=lane_id).exists()


def tell(lane_id: int, kind: str, data: Mapping[str, Any], now: datetime) -> None:
    """Puts an event of our own into a lane (`people_changed`, `ask_again` …): work for the pipeline, in its order.

    Lower layers tell the flow above them what happened without knowing it; within the caller's transaction.
    """
    InboxEvent.objects.create(
        source="desk",
        external_id=str(uuid.uuid4()),
        lane_id=lane_id,
        received_at=now,
        raw=json.dumps({"kind": kind, **data}),
    )
    notify(INBOX)


def reporting(lane_id: int, key: str, address: str, raw: str, now: datetime) -> Statement:
    """The beginning of a statement that puts what became of an outbox row into its lane, for each row `FROM` where it goes on."""
    return _REPORT, [key, address, lane_id, raw, now, clock.offset() // timedelta(microseconds=1)]


_REPORT = """
INSERT INTO queues_inboxevent (source, external_id, address, lane_id, raw, received_at, clock_offset_us,
                               is_urgent, state, reason, attempts, is_replayed)
SELECT 'outbox', %s, %s, %s::bigint, %s, %s::timestamptz, %s, false, 'pending', '', 0, false
"""


def forward(event: InboxEvent, source: str, lane_id: int, raw: str) -> None:
    """Passes an event that came in on to another lane, as it was received; within the caller's transaction. Once an event."""
    passed = InboxEvent(
        source=source,
        external_id=event.external_id,
        address=event.address,
        lane_id=lane_id,
        received_at=event.received_at,
        clock_offset_us=event.clock_offset_us,
        is_replayed=event.is_replayed,
        raw=raw,
    )
    InboxEvent.objects.bulk_create([passed], ignore_conflicts=True)
    notify(INBOX)


def telling(told: Sequence[tuple[str, str]], now: datetime) -> Statement:
    """The statement of `tell` for many at once: pairs of a lane's key and the event's JSON. A lane that does not exist hears nothing."""
    offset = clock.offset() // timedelta(microseconds=1)
    return _TELL, [now, offset, [key for key, _ in told], [raw for _, raw in told], INBOX]


_TELL = """
WITH new AS (
  INSERT INTO queues_inboxevent (source, external_id, address, lane_id, raw, is_urgent, state, reason, received_at,
                                 clock_offset_us, attempts, is_replayed)
  SELECT 'desk', gen_random_uuid()::text, '', l.id, v.raw, false, 'pending', '', %s, %s, 0, false
  FROM unnest(%s::text[], %s::text[]) WITH ORDINALITY AS v(key, raw, place) JOIN queues_lane l USING (key)
  ORDER BY v.place RETURNING id)
SELECT pg_notify(%s, '') FROM new LIMIT 1
"""


def _arrays(arrivals: Sequence[Arrival]) -> list[list[object]]:
    states = [InboxEvent.State.SET_ASIDE.value if a.problem else InboxEvent.State.PENDING.value for a in arrivals]
    return [
        [a.source for a in arrivals],
        [a.external_id for a in arrivals],
        [a.address for a in arrivals],
        [a.raw for a in arrivals],
        [a.is_urgent for a in arrivals],
        list(states),
        [a.problem for a in arrivals],
    ]


def receive_transaction(
    transaction_id: str, body: bytes, arrivals: Sequence[Arrival], now: datetime, *, is_awaited: bool = False
) -> int:
    """Stores an appservice transaction durably before it is acknowledged; returns the number of new events.

    Idempotent twice: by transaction id and digest within `TRANSACTION_WINDOW`, and for ever by event id.
    """
    digest = hashlib.sha256(body).hexdigest()
    with transaction.atomic(durable=True):
        new = _received(transaction_id, digest, arrivals, now, is_awaited=is_awaited)
        faults.point("inbox-stored")
    faults.point("inbox-committed")
    return new


def _received(
    transaction_id: str, digest: str, arrivals: Sequence[Arrival], now: datetime, *, is_awaited: bool = False
) -> int:
    return _stored(_RECEIVE, [transaction_id[:255], digest, now, ARRIVING], arrivals, now, is_awaited=is_awaited)


def known(source: str, ids: Collection[str]) -> set[str]:
    """Those of these events that are stored, whatever became of them."""
    stored = InboxEvent.objects.filter(source=source, external_id__in=ids)
    return set(stored.values_list("external_id", flat=True))


def waiting_after(lane_id: int, source: str, external_id: str, limit: int) -> list[str]:
    """What waits in the lane from this source, the newest first: what came in after this event, or all where it is not stored."""
    with connection.cursor() as cursor:
        cursor.execute(_WAITING_AFTER, [lane_id, source, source, external_id, limit])
        return [row[0] for row in cursor.fetchall()]


_WAITING_AFTER = """
SELECT e.raw FROM queues_inboxevent e
WHERE e.lane_id = %s AND e.source = %s AND e.state = 'pending'
  AND e.id > COALESCE((SELECT b.id FROM queues_inboxevent b WHERE b.source = %s AND b.external_id = %s), 0)
ORDER BY e.id DESC LIMIT %s
"""


def await_arriving() -> None:
    """Waits until what is being stored just now has its place, and keeps others from being stored till the transaction ends.

    For whoever gives new places to events that wait: a push that took its number earlier and commits later would otherwise
    stand before them.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ARRIVING])


def forget_transactions(now: datetime) -> int:
    """Removes transactions older than the window; their events stay known by their ids."""
    return AppserviceTransaction.objects.filter(received_at__lt=now - TRANSACTION_WINDOW).delete()[0]
