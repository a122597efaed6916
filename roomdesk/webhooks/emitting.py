"""Telling endpoints of an event: a row of the outbox for each of them, in the transaction in which it happens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from roomdesk.audit.work import Work
from roomdesk.queues.models import OutboxRow
from roomdesk.queues.reading import Rows
from roomdesk.runtime.randomness import new_uuid
from roomdesk.webhooks.models import Delivery, Endpoint

CHANNEL, KIND = "webhook", "webhook"
CASE_OPENED, CASE_CHANGED, CONSENT_CHANGED, PING = "case.opened", "case.changed", "consent.changed", "ping"
#: What an endpoint can ask for.
TYPES = (CASE_OPENED, CASE_CHANGED, CONSENT_CHANGED)
#: Behind everything that people wait for.
_PRIORITY = -2


def emit(
    work: Work,
    event: str,
    *,
    product: str,
    subject: str,
    at: datetime,
    facts: Mapping[str, Any],
    case_id: int | None = None,
) -> None:
    """Plans the event for every endpoint that wants it. `facts` hold no text of people: what may be told of it is asked when it is sent.

    One query for a transaction, however many events.
    """
    wanted = [one for one in _active(work) if one.product in ("", product) and (not one.events or event in one.events)]
    message_id = f"msg_{new_uuid().hex}"
    work.expect({Delivery: len(wanted), OutboxRow: len(wanted)})
    for endpoint in wanted:
        tell(work, endpoint, event, message_id=message_id, subject=subject, at=at, facts=facts, case_id=case_id)


def _active(work: Work) -> Sequence[Endpoint]:
    found: Sequence[Endpoint] = work.remember("webhook endpoints", lambda: list(Rows(Endpoint, "disabled_at IS NULL")))
    return found


def tell(
    work: Work,
    endpoint: Endpoint,
    event: str,
    *,
    message_id: str,
    subject: str,
    at: datetime,
    facts: Mapping[str, Any],
    case_id: int | None = None,
) -> Delivery:
    """Plans one delivery."""
    delivery = Delivery(
        id=work.new_id(Delivery), endpoint=endpoint, message_id=message_id, type=event, subject=subject, at=at, row_id=0
    )
    said = {"delivery": delivery.pk, "id": message_id, "type": event, "timestamp": at.isoformat(), "facts": dict(facts)}
    row = work.send(
        CHANNEL,
        KIND,
        destination(endpoint),
        said,
        once=f"webhook:{endpoint.pk}:{message_id}",
        case_id=case_id,
        priority=_PRIORITY,
    )
    delivery.row_id = row.pk
    return work.insert(delivery)


def destination(endpoint: Endpoint) -> str:
    """One at a time and in order: while nobody answers there, nothing else is tried."""
    return f"webhook:{endpoint.pk}"
