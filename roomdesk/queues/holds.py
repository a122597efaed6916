"""Holding back what comes from an address until it has been read back after a break (docs/decisions/0009).

A homeserver that dies forgets what it had in its hands. What it pushes afterwards is newer, so it waits until the forgotten
events have been fetched and stand before it. Only that room waits, and not for long: order gives way to being heard.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import connection, transaction

from roomdesk.queues import inbox, lanes
from roomdesk.queues.ids import next_ids
from roomdesk.queues.inbox import Arrival
from roomdesk.queues.models import InboxEvent, Route
from roomdesk.runtime import clock, faults

#: Switched off only by a test that shows the disorder which it prevents.
ARRIVING_WAITS = not faults.without("arriving-lock")


def begin(source: str, since: datetime, margin: timedelta) -> None:
    """Every address of the source is unread from `since` (the other side's time), or from shortly before we knew it."""
    with connection.cursor() as cursor:
        cursor.execute(_BEGIN, [since, (clock.offset() + margin).total_seconds(), clock.now(), source])


_BEGIN = """
UPDATE queues_route SET unread_from = LEAST(unread_from, GREATEST(%s, since - make_interval(secs => %s))), held_since = %s WHERE source = %s
"""


def begin_at(source: str, address: str, since: datetime) -> bool:
    """The same for one address; False where it leads nowhere."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE queues_route SET unread_from = LEAST(unread_from, %s), held_since = %s "
            "WHERE source = %s AND address = %s",
            [since, clock.now(), source, address],
        )
        return bool(cursor.rowcount)


def unread(source: str, limit: int) -> list[Route]:
    """Addresses to be read: those with events waiting first, others in any order, so that several workers share them."""
    return list(Route.objects.raw(_UNREAD, [source, limit]))


_UNREAD = """
SELECT r.* FROM queues_route r
WHERE r.unread_from IS NOT NULL AND r.source = %s
ORDER BY EXISTS (SELECT 1 FROM queues_inboxevent e
                 WHERE e.lane_id = r.lane_id AND e.state = 'pending' AND e.address = r.address) DESC, random()
LIMIT %s
"""


def read_back(route: Route, arrivals: Sequence[Arrival]) -> int:
    """Stores what an address holds since `unread_from`, in its order, before what is held back; returns how much was new.

    Several workers may read the same address: its lane keeps them apart, and what is known already changes nothing.
    """
    with transaction.atomic(durable=True):
        lanes.lock(route.lane_id)
        missing = len(arrivals) > len(_known(route, arrivals))
        new = _splice(route, arrivals) if missing else 0
        _release(route)
    return new


def _splice(route: Route, arrivals: Sequence[Arrival]) -> int:
    if ARRIVING_WAITS:
        inbox.await_arriving()
    known = _known(route, arrivals)
    new = inbox.store(arrivals, clock.now())
    if new:
        _put_in_order(route, arrivals, known)
    return new


def _release(route: Route) -> None:
    """A break that was noticed while this was read keeps the address held."""
    Route.objects.filter(pk=route.pk, held_since=route.held_since).update(unread_from=None, held_since=None)


def _known(route: Route, arrivals: Sequence[Arrival]) -> set[str]:
    return inbox.known(route.source, [arrival.external_id for arrival in arrivals])


def _put_in_order(route: Route, arrivals: Sequence[Arrival], known: set[str]) -> None:
    """Gives what waits from the first new event on fresh places: as the address has it, then what came after the reading.

    And its lane at once: a worker that has just given waiting events theirs would work on what follows first.
    """
    first = next(place for place, arrival in enumerate(arrivals) if arrival.external_id not in known)
    there = {arrival.external_id: place for place, arrival in enumerate(arrivals)}
    waiting = InboxEvent.objects.filter(
        source=route.source, address=route.address, state=InboxEvent.State.PENDING
    ).values_list("id", "external_id")
    later = len(arrivals)
    moved = sorted((there.get(event, later), pk) for pk, event in waiting if there.get(event, later) >= first)
    places = next_ids(InboxEvent, len(moved))
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE queues_inboxevent e SET id = v.place, lane_id = %s "
            "FROM unnest(%s::bigint[], %s::bigint[]) v(id, place) "
            "WHERE e.id = v.id",
            [route.lane_id, [pk for _, pk in moved], [places.pop() for _ in moved]],
        )
