"""Waking whoever waits: PostgreSQL's NOTIFY, sent when the transaction commits."""

from __future__ import annotations

from django.db import connection

INBOX = "roomdesk_inbox"
OUTBOX = "roomdesk_outbox"
TIMERS = "roomdesk_timers"
LIVE = "roomdesk_live"


def notify(channel: str, payload: str = "") -> None:
    """Wakes listeners of the channel once this transaction has committed; a rolled-back one wakes nobody."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [channel, payload])
