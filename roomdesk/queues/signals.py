"""Waking whoever waits: PostgreSQL's NOTIFY, sent when the transaction commits."""

from __future__ import annotations

from collections.abc import Iterable

from roomdesk.queues.statements import Statement, Statements

INBOX = "roomdesk_inbox"
#: In place of `INBOX`: what came in may be a P0.
URGENT = "roomdesk_urgent"
OUTBOX = "roomdesk_outbox"
#: Beside `OUTBOX`: somebody is to be called.
CALLS = "roomdesk_calls"
TIMERS = "roomdesk_timers"
LIVE = "roomdesk_live"
#: Payload on `INBOX`: there is something to do, and nobody waits for it as for words.
PATIENT = "patient"
#: Payload on `INBOX`: somebody has a page of the room open that it came from.
AWAITED = "awaited"
#: Lanes named in one notification; PostgreSQL takes eight thousand characters.
_NAMED = 200


def notify(channel: str, payload: str = "") -> None:
    """Wakes listeners of the channel once this transaction has committed; a rolled-back one wakes nobody."""
    plan = Statements()
    plan.add(notification(channel, payload))
    plan.run()


def notification(channel: str, payload: str = "") -> Statement:
    """The statement of `notify`."""
    return "SELECT pg_notify(%s, %s)", [channel, payload]


def live(lane_ids: Iterable[int]) -> None:
    """Wakes the open pages that show anything of these lanes, once this transaction has committed. Says nothing but the lanes."""
    plan = Statements()
    plan.add(*lives(lane_ids))
    plan.run()


def lives(lane_ids: Iterable[int]) -> list[Statement]:
    """The statements of `live`."""
    ids = sorted(set(lane_ids))
    some = (ids[start : start + _NAMED] for start in range(0, len(ids), _NAMED))
    return [notification(LIVE, ",".join(map(str, named))) for named in some]
