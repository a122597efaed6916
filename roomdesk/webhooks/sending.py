"""Sending one delivery: signed, noted in the log, and the endpoint switched off where it takes nothing for long."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import orjson
from django.db import transaction

from roomdesk.audit.work import DESK, Work
from roomdesk.bootstrap import settings
from roomdesk.channels.webhook.errors import Answered, HookError, Switched
from roomdesk.channels.webhook.post import post
from roomdesk.queues.models import OutboxRow
from roomdesk.queues.outbox import Sent
from roomdesk.rules.webhook import GIVEN_UP_AFTER, signatures
from roomdesk.runtime import clock
from roomdesk.webhooks.emitting import destination
from roomdesk.webhooks.models import Attempt, Delivery, Endpoint

#: What may be told of an event's facts now, as the member `data` of the body.
Shown = Callable[[Mapping[str, Any]], Mapping[str, Any]]
_OFF = "The endpoint is switched off."


def send(row: OutboxRow, shown: Shown) -> Sent:
    """Makes the call. Raises `HookError`; a repeat carries the same id, by which a receiver knows it."""
    said = json.loads(row.payload)
    delivery = Delivery.objects.select_related("endpoint").filter(pk=said["delivery"]).first()
    if delivery is None or delivery.endpoint.disabled_at is not None:
        raise Switched(_OFF if delivery else "The endpoint was removed.")
    body = orjson.dumps({"type": said["type"], "timestamp": _z(said["timestamp"]), "data": shown(said["facts"])})
    began, problem = time.monotonic(), None
    try:
        status: int | None = _post(delivery.endpoint, delivery.message_id, body)
    except HookError as error:
        status, problem = error.status, error
    is_off = _note(delivery, status, round((time.monotonic() - began) * 1000), problem, row)
    if problem is not None:
        raise Switched(str(problem)) if is_off else problem
    return Sent(delivery.message_id)


def _z(timestamp: str) -> str:
    return timestamp.replace("+00:00", "Z")


def _post(endpoint: Endpoint, message_id: str, body: bytes) -> int:
    now = clock.now()
    # The receiver compares it with a clock that nobody has moved.
    timestamp = int(clock.to_outside(now).timestamp())
    headers = {
        "content-type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signatures(secrets_of(endpoint, now), message_id, timestamp, body),
    }
    allowed = {"allow_private": settings.webhook_networks == "any", "allow_http": settings.webhook_schemes == "any"}
    return post(endpoint.url, body, headers, **allowed)


def secrets_of(endpoint: Endpoint, now: datetime) -> list[str]:
    """The newest first; the former one beside it as long as the change lasts."""
    is_changing = endpoint.former_secret and endpoint.former_until is not None and now < endpoint.former_until
    return [endpoint.secret, endpoint.former_secret] if is_changing else [endpoint.secret]


def _note(delivery: Delivery, status: int | None, took: int, problem: HookError | None, row: OutboxRow) -> bool:
    """The log, and what the attempt says of the endpoint as a whole, in one transaction; whether it is switched off now."""
    now = clock.now()
    words = str(problem)[:500] if problem else ""
    with transaction.atomic(durable=True):
        Attempt.objects.create(delivery=delivery, at=now, status=status, milliseconds=took, problem=words)
        endpoint = Endpoint.objects.select_for_update(no_key=True).filter(pk=delivery.endpoint_id).first()
        if endpoint is None:
            return True
        if problem is None:
            endpoint.failing_since, endpoint.last_success_at = None, now
            endpoint.save(update_fields=["failing_since", "last_success_at"])
            return False
        if endpoint.failing_since is None:
            endpoint.failing_since = now
            endpoint.save(update_fields=["failing_since"])
        _look(endpoint, problem, now, row)
        return endpoint.disabled_at is not None


def _look(endpoint: Endpoint, problem: HookError, now: datetime, row: OutboxRow) -> None:
    """Switched off where it wants nothing, or has taken nothing for long; else what it refuses stands aside for the others."""
    assert endpoint.failing_since is not None
    if isinstance(problem, Answered) and problem.is_gone:
        disable(endpoint, "It answered 410: it wants nothing any more.", now)
    elif now - endpoint.failing_since >= GIVEN_UP_AFTER:
        days = GIVEN_UP_AFTER.days
        disable(endpoint, f"It has taken nothing for {days} days; the last time: {problem}", now)
    elif problem.is_answer:
        # Somebody answers there and did not take this one: the others go on, it is tried again by itself.
        OutboxRow.objects.filter(pk=row.pk).update(destination=f"{destination(endpoint)}:{row.pk}")


def disable(endpoint: Endpoint, reason: str, now: datetime, by: str = "") -> None:
    """Switches it off, with its reason and who did it (empty: the desk); what still waits for it is dropped, and can be replayed."""
    endpoint.disabled_at, endpoint.disabled_reason, endpoint.disabled_by = now, reason, by
    endpoint.save(update_fields=["disabled_at", "disabled_reason", "disabled_by"])
    waiting = OutboxRow.objects.filter(state__in=[OutboxRow.State.QUEUED, OutboxRow.State.RETRY])
    where = destination(endpoint)
    (waiting.filter(destination=where) | waiting.filter(destination__startswith=f"{where}:")).update(
        state=OutboxRow.State.DROPPED, last_error=_OFF
    )
    work = Work(now, DESK)
    work.audit("webhook.disabled", f"webhook:{endpoint.slug}", {"reason": reason})
    work.flush()
