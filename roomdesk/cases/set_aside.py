"""Events that were set aside because they always failed: seen, put back after a fix, or given up with a reason (D24)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import transaction

from roomdesk.audit.work import Actor, Work
from roomdesk.directory.errors import Conflict, Invalid, NotFound
from roomdesk.queues.models import InboxEvent
from roomdesk.queues.signals import INBOX, notify

MOST = 200


def page(state: str = InboxEvent.State.SET_ASIDE, after: int = 0, limit: int = MOST) -> list[InboxEvent]:
    """Events in this state, the oldest first, after the one with the id `after`. Their raw text is not fetched."""
    events = InboxEvent.objects.filter(state=state, pk__gt=after).select_related("lane").defer("raw")
    return list(events.order_by("pk")[:limit])


def access_event(event_id: int) -> InboxEvent:
    event = InboxEvent.objects.filter(pk=event_id).select_related("lane").first()
    if event is None:
        raise NotFound(f"There is no inbox event {event_id}.", field="id")
    return event


def do_replay(event_id: int, *, put_back: Callable[[int], None], actor: Actor, now: datetime) -> InboxEvent:
    """Puts a set-aside event back into its lane. `put_back` is `pipeline.replay`, which lies above this. Conflict for any other state."""
    with transaction.atomic(durable=True):
        event = _held(event_id)
        put_back(event_id)
        _note(event, "inbox.replayed", {"error": event.reason}, actor, now)
        notify(INBOX)
    return access_event(event_id)


def do_ignore(event_id: int, *, reason: str, actor: Actor, now: datetime) -> InboxEvent:
    """Gives a set-aside event up. It stays in the inbox with the reason. Conflict for any other state, Invalid without a reason."""
    if not reason.strip():
        raise Invalid("The reason is empty; say why this event is not needed.", field="reason")
    with transaction.atomic(durable=True):
        event = _held(event_id)
        before = event.reason
        event.state, event.reason, event.done_at = InboxEvent.State.IGNORED, reason.strip(), now
        event.save(update_fields=["state", "reason", "done_at"])
        _note(event, "inbox.ignored", {"error": before, "reason": event.reason}, actor, now)
    return event


def _held(event_id: int) -> InboxEvent:
    """The event under its row lock: two who decide at once must not both."""
    event = InboxEvent.objects.select_for_update(no_key=True).filter(pk=event_id).first()
    if event is None:
        raise NotFound(f"There is no inbox event {event_id}.", field="id")
    if event.state != InboxEvent.State.SET_ASIDE:
        raise Conflict(
            f"The inbox event {event_id} is {event.state}; only one that is set aside can be replayed or ignored.",
            field="id",
        )
    return event


def _note(event: InboxEvent, action: str, data: dict[str, Any], actor: Actor, now: datetime) -> None:
    work = Work(now, actor)
    work.audit(action, f"inbox:{event.pk}", {"source": event.source, "external_id": event.external_id, **data})
    work.flush()


def shown(event: InboxEvent) -> dict[str, Any]:
    return {
        "id": event.pk,
        "source": event.source,
        "external_id": event.external_id,
        "address": event.address or None,
        "lane": event.lane.key if event.lane else None,
        "urgent": event.is_urgent,
        "received_at": event.received_at,
        "state": str(event.state),
        "attempts": event.attempts,
        "reason": event.reason or None,
        "done_at": event.done_at,
        "replayed": event.is_replayed,
    }
