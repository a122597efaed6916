"""Writes asked for with an idempotency key: done once, and their answer kept in the same transaction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import QuerySet

from roomdesk.queues.models import IdempotentRequest
from roomdesk.refusals import Conflict

#: How long an answer is kept.
KEPT = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the caller was told, or is told again."""

    status: int
    body: str
    is_repeat: bool = False


def once(owner: str, key: str | None, digest: str, now: datetime, act: Callable[[], tuple[int, str]]) -> Answer:
    """Runs `act` and keeps its status and body, or gives the kept ones. Conflict: the key came with another request.

    Without a key nothing is kept. `act` runs inside this transaction and must not open a durable one. If it refuses, nothing is kept.
    """
    with transaction.atomic(durable=True):
        # A second request with this key waits here until the first has an answer, or none.
        if key is not None and not _claim(owner, key, digest, now):
            return _kept(owner, key, digest)
        status, body = act()
        if key is not None:
            _rows(owner, key).update(status=status, body=body)
    return Answer(status, body)


def _claim(owner: str, key: str, digest: str, now: datetime) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO queues_idempotentrequest (owner, key, digest, status, body, created_at) "
            "VALUES (%s, %s, %s, 0, '', %s) ON CONFLICT (owner, key) DO NOTHING",
            [owner, key, digest, now],
        )
        return bool(cursor.rowcount)


def _kept(owner: str, key: str, digest: str) -> Answer:
    row = _rows(owner, key).get()
    if row.digest != digest:
        raise Conflict("This Idempotency-Key came with another request before; use a new key for each new request.")
    return Answer(row.status, row.body, is_repeat=True)


def _rows(owner: str, key: str) -> QuerySet[IdempotentRequest]:
    return IdempotentRequest.objects.filter(owner=owner, key=key)


def forget(now: datetime) -> int:
    """Removes answers older than `KEPT`; returns how many."""
    return IdempotentRequest.objects.filter(created_at__lt=now - KEPT).delete()[0]
