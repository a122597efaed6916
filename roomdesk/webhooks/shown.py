"""Endpoints and deliveries as REST and `--json` give them. Secrets are given once, by whoever makes them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from roomdesk.webhooks.deliveries import Told
from roomdesk.webhooks.models import Attempt, Endpoint


def endpoint(found: Endpoint, now: datetime) -> dict[str, Any]:
    is_changing = found.former_until is not None and found.former_until > now
    return {
        "slug": found.slug,
        "url": found.url,
        "product": found.product or None,
        "events": found.events,
        "state": state_of(found),
        "reason": found.disabled_reason or None,
        "disabled_at": found.disabled_at,
        "failing_since": found.failing_since,
        "last_success_at": found.last_success_at,
        "both_secrets_until": found.former_until if is_changing else None,
        "created_at": found.created_at,
    }


def state_of(found: Endpoint) -> str:
    """`off`, `failing` or `on`."""
    if found.disabled_at is not None:
        return "off"
    return "failing" if found.failing_since is not None else "on"


def delivery(told: Told) -> dict[str, Any]:
    one, last = told.delivery, told.last
    return {
        "number": one.pk,
        "id": one.message_id,
        "type": one.type,
        "subject": one.subject,
        "at": one.at,
        "state": told.state,
        "attempts": told.attempts,
        "last_status": last.status if last else None,
        "last_problem": (last.problem or None) if last else None,
        "last_at": last.at if last else None,
        "next_at": told.next_at,
        "replays": one.replays,
    }


def attempt(one: Attempt) -> dict[str, Any]:
    return {"at": one.at, "status": one.status, "milliseconds": one.milliseconds, "problem": one.problem or None}
