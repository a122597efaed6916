"""Waking whoever waits: PostgreSQL's NOTIFY, sent when the transaction commits."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection

INBOX = "roomdesk_inbox"
#: Beside `INBOX`: what came in may be a P0.
URGENT = "roomdesk_urgent"
OUTBOX = "roomdesk_outbox"
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
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [channel, payload])


def live(lane_ids: Iterable[int]) -> None:
    """Wakes the open pages that show anything of these lanes, once this transaction has committed. Says nothing but the lanes."""
    ids = sorted(set(lane_ids))
    for start in range(0, len(ids), _NAMED):
        notify(LIVE, ",".join(map(str, ids[start : start + _NAMED])))
