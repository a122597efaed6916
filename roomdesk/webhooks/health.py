"""How the endpoints are: which take nothing, which were switched off, and what has not reached them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from roomdesk.queues.models import OutboxRow
from roomdesk.webhooks.managing import BY_HAND
from roomdesk.webhooks.models import Attempt, Delivery, Endpoint

_UNSENT = (*OutboxRow.ACTIVE, OutboxRow.State.FAILED, OutboxRow.State.DROPPED)


@dataclass(frozen=True, slots=True)
class Ailing:
    """An endpoint that does not get what it asked for. `undelivered` counts the events in its log that it never took."""

    slug: str
    is_off: bool
    is_by_hand: bool
    age: timedelta
    reason: str
    undelivered: int


def ailing(now: datetime) -> Sequence[Ailing]:
    """Those that are switched off or failing, the oldest trouble first. Up to three queries for each of them."""
    found = Endpoint.objects.exclude(disabled_at=None, failing_since=None)
    return sorted((_told(one, now) for one in found), key=lambda one: (-one.age, one.slug))


def _told(endpoint: Endpoint, now: datetime) -> Ailing:
    since = endpoint.disabled_at or endpoint.failing_since
    assert since is not None
    rows = Delivery.objects.filter(endpoint=endpoint).values("row_id")
    undelivered = OutboxRow.objects.filter(pk__in=rows, state__in=_UNSENT).count()
    is_by_hand = endpoint.disabled_reason.startswith(BY_HAND)
    reason = endpoint.disabled_reason or _last_problem(endpoint)
    return Ailing(endpoint.slug, endpoint.disabled_at is not None, is_by_hand, now - since, reason, undelivered)


def _last_problem(endpoint: Endpoint) -> str:
    tried = Attempt.objects.filter(delivery__endpoint=endpoint).order_by("-pk")
    return tried.values_list("problem", flat=True).first() or ""
