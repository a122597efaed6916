"""How the endpoints are: which take nothing, which were switched off, and what has not reached them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Func, OuterRef, Subquery

from roomdesk.queues.models import OutboxRow
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
    """Those that are switched off or failing, the oldest trouble first. One query, however many they are."""
    found = Endpoint.objects.exclude(disabled_at=None, failing_since=None)
    told = found.annotate(undelivered=_undelivered(), last_problem=_last_problem())
    return sorted((_told(one, now) for one in told), key=lambda one: (-one.age, one.slug))


def _told(endpoint: Any, now: datetime) -> Ailing:
    """`endpoint` is an `Endpoint` with the two annotations."""
    return Ailing(
        slug=endpoint.slug,
        is_off=endpoint.disabled_at is not None,
        is_by_hand=bool(endpoint.disabled_by),
        age=now - (endpoint.disabled_at or endpoint.failing_since),
        reason=endpoint.disabled_reason or endpoint.last_problem or "",
        undelivered=endpoint.undelivered,
    )


def _undelivered() -> Subquery:
    rows = Delivery.objects.filter(endpoint=OuterRef(OuterRef("pk"))).values("row_id")
    unsent = OutboxRow.objects.filter(pk__in=rows, state__in=_UNSENT).order_by()
    # Not Count(): that would group by row, and give one count of 1 for each.
    return Subquery(unsent.annotate(number=Func(F("pk"), function="COUNT")).values("number"))


def _last_problem() -> Subquery:
    tried = Attempt.objects.filter(delivery__endpoint=OuterRef("pk")).order_by("-pk")
    return Subquery(tried.values("problem")[:1])
