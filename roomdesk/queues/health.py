"""How much waits and for how long, for `doctor`; each question stays cheap on a large installation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Min, QuerySet

from roomdesk.queues.models import InboxEvent, OutboxRow, Route

#: Given-up rows are looked for among so many newest ones: there is no index for them, and old ones are history.
RECENT = 50_000

_NEVER = timedelta(0)


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many, and for how long the oldest of them."""

    count: int
    age: timedelta


def pending_inbox(now: datetime) -> Waiting:
    """Events in lanes."""
    return _waiting(_pending().filter(lane__isnull=False), now)


def unrouted(now: datetime) -> Waiting:
    """Events of addresses that nobody claims."""
    return _waiting(_pending().filter(lane__isnull=True), now)


def _pending() -> QuerySet[InboxEvent]:
    return InboxEvent.objects.filter(state=InboxEvent.State.PENDING)


def _waiting(events: QuerySet[InboxEvent], now: datetime) -> Waiting:
    found = events.aggregate(count=Count("pk"), since=Min("received_at"))
    return Waiting(found["count"], now - found["since"] if found["since"] else _NEVER)


def unread(now: datetime) -> Waiting:
    """Addresses that are to be read back after a break."""
    routes = Route.objects.filter(unread_from__isnull=False)
    found = routes.aggregate(count=Count("pk"), since=Min("held_since"))
    return Waiting(found["count"], now - found["since"] if found["since"] else _NEVER)


def set_aside() -> tuple[int, int]:
    """How many events are set aside, and the id of the first (0: none)."""
    found = InboxEvent.objects.filter(state=InboxEvent.State.SET_ASIDE).aggregate(count=Count("pk"), first=Min("pk"))
    return found["count"], found["first"] or 0


@dataclass(frozen=True, slots=True)
class Outbox:
    """Calls that wait, are tried again, or were given up; `age` is how long the oldest retried one has been there."""

    waiting: int
    retrying: int
    age: timedelta
    retry_error: str
    failed: int
    failed_kind: str
    failed_error: str


def outbox(now: datetime) -> Outbox:
    waiting = OutboxRow.objects.filter(state__in=OutboxRow.ACTIVE)
    retrying = waiting.filter(state=OutboxRow.State.RETRY)
    oldest = retrying.order_by("created_at").first()
    newest = OutboxRow.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    failed = OutboxRow.objects.filter(pk__gt=newest - RECENT, state=OutboxRow.State.FAILED)
    last = failed.order_by("-pk").first()
    return Outbox(
        waiting=waiting.count(),
        retrying=retrying.count(),
        age=now - oldest.created_at if oldest else _NEVER,
        retry_error=oldest.last_error if oldest else "",
        failed=failed.count(),
        failed_kind=last.kind if last else "",
        failed_error=last.last_error if last else "",
    )
