"""What a room holds, read back from the homeserver: the events that people and bots said, with their own time and what became of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from roomdesk.channels.matrix.client import Json
from roomdesk.channels.matrix.events import Heard, read_event
from roomdesk.channels.matrix.receive import arrival
from roomdesk.queues.inbox import Arrival
from roomdesk.runtime import clock


@dataclass(frozen=True, slots=True)
class Event:
    """One event of the room, with when it was said (D13) and how the homeserver gave it."""

    arrival: Arrival
    heard: Heard
    at: datetime
    given: Json


def said_in(page: Iterable[Json], now: datetime, bot: str = "") -> Iterator[Event]:
    """What people and bots said; a room's settings and memberships are not part of the record."""
    for event in page:
        came = arrival(event, bot)
        if came.problem:
            continue
        heard = read_event(came.raw)
        if heard.kind not in ("member", "state"):
            yield Event(came, heard, said_at(heard, now), event)


def said_at(heard: Heard, now: datetime) -> datetime:
    """The homeserver's time, moved as the clock is now, never later than now."""
    return now if heard.sent_ms is None else min(clock.from_outside(clock.from_ms(heard.sent_ms)), now)


def related(given: Json, name: str) -> Heard | None:
    """The event that the homeserver tells along: `redacted_because` removed this one, `m.replace` is its newest edit.

    Client-server API v1.17, "Redactions" and "Server-side aggregation of m.replace relationships".
    """
    unsigned = given.get("unsigned")
    holder = unsigned if isinstance(unsigned, dict) else {}
    if name != "redacted_because":
        relations = holder.get("m.relations")
        holder = relations if isinstance(relations, dict) else {}
    event = holder.get(name)
    came = arrival(event) if isinstance(event, dict) else None
    return read_event(came.raw) if came is not None and not came.problem else None
