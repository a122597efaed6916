"""What became of each event: the log of an endpoint, and sending one of it once more."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Count, Max

from roomdesk.audit.work import Actor, Work
from roomdesk.directory.errors import Conflict, NotFound
from roomdesk.directory.queries import Viewer
from roomdesk.queues.models import OutboxRow
from roomdesk.webhooks import emitting
from roomdesk.webhooks.managing import access_endpoint
from roomdesk.webhooks.models import Attempt, Delivery, Endpoint

PAGE, MOST = 50, 200


@dataclass(frozen=True, slots=True)
class Told:
    """A delivery with what is known of it. `state` is the outbox's: queued, sending, retry, sent, failed or dropped."""

    delivery: Delivery
    state: str
    attempts: int
    last: Attempt | None
    next_at: datetime | None


@dataclass(frozen=True, slots=True)
class Page:
    """Some deliveries, the newest first; `next` is the `before` of the page behind it."""

    items: Sequence[Told]
    next: int | None


def page(viewer: Viewer, slug: str, now: datetime, *, before: int | None = None, limit: int = PAGE) -> Page:
    """Five queries, however many there are."""
    rows = access_endpoint(viewer, slug, now).deliveries.order_by("-pk")
    size = max(1, min(limit, MOST))
    found = list((rows if before is None else rows.filter(pk__lt=before))[: size + 1])
    return Page(_told(found[:size]), found[size - 1].pk if len(found) > size else None)


def _told(found: Sequence[Delivery]) -> list[Told]:
    rows = OutboxRow.objects.in_bulk([one.row_id for one in found])
    tried = Attempt.objects.filter(delivery__in=found).values("delivery_id").annotate(count=Count("pk"), last=Max("pk"))
    counts = {one["delivery_id"]: one for one in tried}
    last = Attempt.objects.in_bulk([one["last"] for one in counts.values()])
    return [_one(one, rows.get(one.row_id), counts.get(one.pk, {}), last) for one in found]


def _one(delivery: Delivery, row: OutboxRow | None, counted: Mapping[str, Any], last: Mapping[int, Attempt]) -> Told:
    waits = row is not None and row.state in (OutboxRow.State.QUEUED, OutboxRow.State.RETRY)
    return Told(
        delivery,
        str(row.state) if row else "dropped",
        counted.get("count", 0),
        last.get(counted.get("last", 0)),
        row.next_at if row and waits else None,
    )


def attempts_of(viewer: Viewer, slug: str, number: int, now: datetime) -> tuple[Told, list[Attempt]]:
    """One delivery with all its attempts, the first one first. NotFound."""
    found = access_endpoint(viewer, slug, now).deliveries.filter(pk=number).first() if 0 < number < 1 << 63 else None
    if found is None:
        raise NotFound(f"{slug} has no delivery {number}.", field="number")
    return _told([found])[0], list(found.attempts.order_by("pk"))


def do_replay(viewer: Viewer, slug: str, number: int, *, actor: Actor, now: datetime) -> Told:
    """Sends one event once more, with its own id: a receiver that has it already knows it by that.

    Conflict where it is still under way, or the endpoint is switched off.
    """
    with transaction.atomic():
        told, _ = attempts_of(viewer, slug, number, now)
        endpoint = Endpoint.objects.select_for_update(no_key=True).get(pk=told.delivery.endpoint_id)
        delivery = Delivery.objects.get(pk=number)
        row = OutboxRow.objects.filter(pk=delivery.row_id).first()
        if endpoint.disabled_at is not None:
            raise Conflict(f"{slug} is switched off: {endpoint.disabled_reason} Switch it on first.", field="slug")
        if row is None or row.state in OutboxRow.ACTIVE:
            raise Conflict(f"The delivery {number} is still under way.", field="number")
        _again(endpoint, delivery, row, actor, now)
    return attempts_of(viewer, slug, number, now)[0]


def _again(endpoint: Endpoint, delivery: Delivery, row: OutboxRow, actor: Actor, now: datetime) -> None:
    work = Work(now, actor)
    delivery.replays += 1
    once = f"webhook:{endpoint.pk}:{delivery.message_id}:{delivery.replays}"
    sent = work.send(
        emitting.CHANNEL,
        emitting.KIND,
        emitting.destination(endpoint),
        json.loads(row.payload),
        once=once,
        case_id=row.case_id,
    )
    delivery.row_id = sent.pk
    work.update(delivery, "row_id", "replays")
    work.audit("webhook.replayed", f"webhook:{endpoint.slug}", {"delivery": delivery.pk, "id": delivery.message_id})
    work.flush()
