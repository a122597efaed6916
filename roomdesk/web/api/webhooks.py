"""Endpoints that hear of events, and what became of each telling."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema, Status
from pydantic import Field

from roomdesk.runtime import clock
from roomdesk.web.api.asked import check_query
from roomdesk.web.api.auth import actor_of, endpoint, viewer_of
from roomdesk.web.api.idempotency import answer_once
from roomdesk.web.api.schemas import REFUSALS, Text, Wanted
from roomdesk.webhooks import deliveries, managing, shown
from roomdesk.webhooks.emitting import TYPES

router = Router(tags=["webhooks"])


class EndpointWanted(Wanted):
    url: Text | None = Field(None, description="Where events are sent; a new endpoint needs it.")
    product: Text | None = Field(None, description="Limits it to one product; left out: all.")
    events: list[Text] | None = Field(None, description=f"Of {', '.join(TYPES)}; none: all.")


class Rotation(Wanted):
    overlap_hours: int = Field(24, ge=0, le=720, description="How long the former secret signs beside the new one.")


class Switch(Wanted):
    on: bool


class Endpoint(Schema):
    slug: str
    url: str
    product: str | None
    events: list[str]
    state: str = Field(description="on, failing or off.")
    reason: str | None = Field(description="Why it is off.")
    disabled_at: datetime | None
    failing_since: datetime | None
    last_success_at: datetime | None
    both_secrets_until: datetime | None
    created_at: datetime


class WithSecret(Endpoint):
    secret: str | None = Field(description="Given once, where it is new; null afterwards.")


class Endpoints(Schema):
    items: list[Endpoint]
    next: str | None


class Delivery(Schema):
    number: int
    id: str = Field(description="The header webhook-id.")
    type: str
    subject: str
    at: datetime
    state: str = Field(description="queued, sending, retry, sent, failed or dropped.")
    attempts: int
    last_status: int | None
    last_problem: str | None
    last_at: datetime | None
    next_at: datetime | None
    replays: int


class Deliveries(Schema):
    items: list[Delivery]
    next: int | None = Field(description="The value of `before` for the next page, or null at the end.")


class Attempt(Schema):
    at: datetime
    status: int | None
    milliseconds: int
    problem: str | None


class DeliveryInFull(Delivery):
    log: list[Attempt]


@router.get("/webhooks", response={200: Endpoints, **REFUSALS}, **endpoint("webhooks_list"))
def webhooks_list(request: HttpRequest) -> dict[str, Any]:
    """All endpoints, by name."""
    check_query(request)
    now = clock.now()
    found = managing.access_endpoints(viewer_of(request), now)
    return {"items": [shown.endpoint(one, now) for one in found], "next": None}


@router.get("/webhooks/{slug}", response={200: Endpoint, **REFUSALS}, **endpoint("webhooks_get"))
def webhooks_get(request: HttpRequest, slug: str) -> dict[str, Any]:
    """One endpoint."""
    check_query(request)
    now = clock.now()
    return shown.endpoint(managing.access_endpoint(viewer_of(request), slug, now), now)


@router.put("/webhooks/{slug}", response={200: WithSecret, 201: WithSecret, **REFUSALS}, **endpoint("webhooks_put"))
def webhooks_put(request: HttpRequest, slug: str, wanted: EndpointWanted) -> Any:
    """Make an endpoint, or change it; what is left out stays. Its secret is in the answer that makes it, and in no other."""
    check_query(request)
    now = clock.now()
    wish = managing.Wish(**wanted.model_dump())
    made, secret = managing.do_put(viewer_of(request), slug, wish, actor=actor_of(request), now=now)
    return Status(201 if secret else 200, {**shown.endpoint(made, now), "secret": secret or None})


@router.delete("/webhooks/{slug}", response={204: None, **REFUSALS}, **endpoint("webhooks_delete"))
def webhooks_delete(request: HttpRequest, slug: str) -> Any:
    """Remove an endpoint with its log."""
    check_query(request)
    managing.do_remove(viewer_of(request), slug, actor=actor_of(request), now=clock.now())
    return Status(204, None)


@router.post("/webhooks/{slug}/rotate", response={200: WithSecret, **REFUSALS}, **endpoint("webhooks_rotate"))
def webhooks_rotate(request: HttpRequest, slug: str, wanted: Rotation) -> dict[str, Any]:
    """A new secret, in this answer only. Until the overlap ends every event carries two signatures."""
    check_query(request)
    now, overlap = clock.now(), timedelta(hours=wanted.overlap_hours)
    found, secret = managing.do_rotate(viewer_of(request), slug, overlap=overlap, actor=actor_of(request), now=now)
    return {**shown.endpoint(found, now), "secret": secret}


@router.post("/webhooks/{slug}/switch", response={200: Endpoint, **REFUSALS}, **endpoint("webhooks_switch"))
def webhooks_switch(request: HttpRequest, slug: str, wanted: Switch) -> dict[str, Any]:
    """Switch it on or off. What happens while it is off is not sent afterwards."""
    check_query(request)
    now = clock.now()
    return shown.endpoint(
        managing.do_switch(viewer_of(request), slug, wanted.on, actor=actor_of(request), now=now), now
    )


@router.post("/webhooks/{slug}/ping", response={201: Delivery, **REFUSALS}, **endpoint("webhooks_ping"))
def webhooks_ping(request: HttpRequest, slug: str) -> HttpResponse:
    """Send an event of the type `ping` that says nothing."""
    check_query(request)
    viewer, actor, now = viewer_of(request), actor_of(request), clock.now()

    def act() -> tuple[int, Any]:
        made = managing.do_ping(viewer, slug, actor=actor, now=now)
        return 201, shown.delivery(deliveries.attempts_of(viewer, slug, made.pk, now)[0])

    return answer_once(request, now, act)


@router.get("/webhooks/{slug}/deliveries", response={200: Deliveries, **REFUSALS}, **endpoint("webhooks_deliveries"))
def webhooks_deliveries(
    request: HttpRequest,
    slug: str,
    before: int | None = Query(None, ge=1, lt=1 << 63),
    limit: int = Query(deliveries.PAGE, ge=1, le=deliveries.MOST),
) -> dict[str, Any]:
    """What was sent, the newest first, and what became of it."""
    check_query(request, "before", "limit")
    found = deliveries.page(viewer_of(request), slug, clock.now(), before=before, limit=limit)
    return {"items": [shown.delivery(one) for one in found.items], "next": found.next}


@router.get(
    "/webhooks/{slug}/deliveries/{int:number}",
    response={200: DeliveryInFull, **REFUSALS},
    **endpoint("webhooks_delivery"),
)
def webhooks_delivery(request: HttpRequest, slug: str, number: int) -> dict[str, Any]:
    """One delivery with every attempt."""
    check_query(request)
    told, log = deliveries.attempts_of(viewer_of(request), slug, number, clock.now())
    return {**shown.delivery(told), "log": [shown.attempt(one) for one in log]}


@router.post(
    "/webhooks/{slug}/deliveries/{int:number}/replay",
    response={200: Delivery, **REFUSALS},
    **endpoint("webhooks_replay"),
)
def webhooks_replay(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Send it once more, with the same id."""
    check_query(request)
    viewer, actor, now = viewer_of(request), actor_of(request), clock.now()
    return answer_once(
        request, now, lambda: (200, shown.delivery(deliveries.do_replay(viewer, slug, number, actor=actor, now=now)))
    )
