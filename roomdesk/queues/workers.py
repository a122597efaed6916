"""Which worker processes are alive: each holds an advisory lock on its number for as long as its connection lives."""

from __future__ import annotations

from datetime import datetime

from django.db import connection

from roomdesk.queues.models import WorkerNumber

#: First key of the two-part advisory locks of worker processes. Never reuse or renumber.
WORKER_LOCK = 7301


def register(now: datetime) -> int:
    """Takes a new number and its lock on this connection, which must stay open as long as the worker lives."""
    number = WorkerNumber.objects.create(started_at=now).pk
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s, %s)", [WORKER_LOCK, number])
    return number


def living() -> list[int]:
    """Numbers of the workers whose connections live."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT objid::bigint FROM pg_locks WHERE locktype = 'advisory' AND classid = %s AND objsubid = 2 AND granted "
            "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
            [WORKER_LOCK],
        )
        return [row[0] for row in cursor.fetchall()]
