"""Who is on call: rotas, swaps, and calendars at secret addresses."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema, Status
from pydantic import AwareDatetime, Field

from roomdesk.oncall import asking, feeds, rotas
from roomdesk.runtime import clock
from roomdesk.web.api.asked import check_query
from roomdesk.web.api.auth import actor_of, endpoint, viewer_of
from roomdesk.web.api.idempotency import answer_once
from roomdesk.web.api.schemas import REFUSALS, Text, Wanted

router = Router(tags=["on call"])


class Shift(Schema):
    level: int = Field(description="1 is called first.")
    layer: str
    person: str
    start: datetime
    end: datetime
    override: bool = False
    reason: str | None = None
    stands_in_for: str | None = None


class Imported(Schema):
    policy: str | None = Field(description="The number of PagerDuty's escalation policy.")
    heard_at: datetime | None = Field(description="When PagerDuty told it last; what it told then holds on.")
    problem: str | None = Field(description="Why nothing was told since.")
    strangers: list[str] = Field(description="On call there, and by their mail address nobody of the staff here.")


class Watch(Schema):
    product: str
    on_call: list[Shift] = Field(description="In the order in which they are called.")
    next_hand_over: datetime | None
    source: str = Field(description="Whose rota it is: roomdesk or pagerduty.")
    imported: Imported | None = Field(description="Null where the rota is ours.")


class Watches(Schema):
    at: datetime
    items: list[Watch]


class Swap(Schema):
    id: int
    layer: str
    person: str
    start: datetime
    end: datetime
    reason: str
    made_at: datetime
    made_by: str
    ended_at: datetime | None
    ended_by: str | None


class Rota(Schema):
    product: str
    version: int
    changed_at: datetime
    changed_by: str
    source: str = Field(description="Whose rota it is: roomdesk or pagerduty.")
    imported: Imported | None = Field(description="Null where the rota is ours.")
    written: dict[str, Any] = Field(description="As docs/rota.md has it.")
    swaps: list[Swap]


class Gap(Schema):
    start: datetime
    end: datetime


class Double(Gap):
    person: str
    layers: list[str]


class Ahead(Schema):
    product: str
    begin: datetime
    end: datetime
    shifts: list[Shift]
    gaps: list[Gap]
    double_bookings: list[Double]


class RotaWanted(Wanted):
    layers: list[dict[str, Any]]
    leave: list[dict[str, Any]] | None = None
    needed: dict[str, Any] | None = None


class SwapWanted(Wanted):
    person: Text = Field(description="Who is on call instead.")
    reason: Text
    layer: Text | None = Field(None, description="Needed where the rota has several and a time is given.")
    instead_of: Text | None = Field(None, description="Whose present or next shift; or give start and end.")
    start: AwareDatetime | None = None
    end: AwareDatetime | None = None


class CalendarWanted(Wanted):
    person: Text | None = Field(None, description="Only their shifts; left out: everybody's.")


class Calendar(Schema):
    id: int
    person: str | None
    made_at: datetime
    made_by: str


class Address(Calendar):
    url: str = Field(description="Secret, and told in this answer only.")


class Calendars(Schema):
    items: list[Calendar]
    next: str | None


@router.get("/oncall", response={200: Watches, **REFUSALS}, **endpoint("oncall_who"))
def oncall_who(request: HttpRequest, at: AwareDatetime | None = None, product: str | None = None) -> dict[str, Any]:
    """Who is on call at an instant (now if left out), of one product or of all that have a rota."""
    check_query(request, "at", "product")
    return asking.who(viewer_of(request), at or clock.now(), product)


@router.get("/rotas/{slug}", response={200: Rota, **REFUSALS}, **endpoint("rotas_get"))
def rotas_get(request: HttpRequest, slug: str) -> dict[str, Any]:
    """The rota of a product as it is written, with its swaps."""
    check_query(request)
    return asking.whole(rotas.access_rota(viewer_of(request), slug))


@router.put("/rotas/{slug}", response={200: Rota, **REFUSALS}, **endpoint("rotas_put"))
def rotas_put(request: HttpRequest, slug: str, wanted: RotaWanted) -> dict[str, Any]:
    """Write the rota anew. Swaps to come stay."""
    check_query(request)
    written = wanted.model_dump(exclude_none=True)
    return asking.whole(rotas.do_put(viewer_of(request), slug, written, actor=actor_of(request), now=clock.now()))


@router.get("/rotas/{slug}/shifts", response={200: Ahead, **REFUSALS}, **endpoint("rotas_shifts"))
def rotas_shifts(
    request: HttpRequest,
    slug: str,
    begin: AwareDatetime | None = None,
    days: int = Query(28, ge=1, le=366),
) -> dict[str, Any]:
    """Shifts, gaps and double bookings from an instant (now if left out)."""
    check_query(request, "begin", "days")
    return asking.ahead(viewer_of(request), slug, begin or clock.now(), days)


@router.post("/rotas/{slug}/swaps", response={201: Swap, **REFUSALS}, **endpoint("rotas_swap"))
def rotas_swap(request: HttpRequest, slug: str, wanted: SwapWanted) -> HttpResponse:
    """Put somebody else on call for a time, with the reason."""
    check_query(request)
    viewer, actor, now = viewer_of(request), actor_of(request), clock.now()
    wish = rotas.Wish(**wanted.model_dump())
    return answer_once(
        request, now, lambda: (201, asking.swap(rotas.do_swap(viewer, slug, wish, actor=actor, now=now)))
    )


@router.delete("/rotas/{slug}/swaps/{int:number}", response={200: Swap, **REFUSALS}, **endpoint("rotas_end_swap"))
def rotas_end_swap(request: HttpRequest, slug: str, number: int) -> dict[str, Any]:
    """Take a swap back: from now on the rota holds again."""
    check_query(request)
    return asking.swap(rotas.do_end_swap(viewer_of(request), slug, number, actor=actor_of(request), now=clock.now()))


@router.get("/rotas/{slug}/calendars", response={200: Calendars, **REFUSALS}, **endpoint("rotas_calendars"))
def rotas_calendars(request: HttpRequest, slug: str) -> dict[str, Any]:
    """The calendars in force, without their addresses."""
    check_query(request)
    found = feeds.access_feeds(viewer_of(request), slug, clock.now())
    return {"items": [_calendar(one) for one in found], "next": None}


@router.post("/rotas/{slug}/calendars", response={201: Address, **REFUSALS}, **endpoint("rotas_make_calendar"))
def rotas_make_calendar(request: HttpRequest, slug: str, wanted: CalendarWanted) -> HttpResponse:
    """A calendar (ICS) of the rota, or of one person in it, at a secret address."""
    check_query(request)
    viewer, actor, now = viewer_of(request), actor_of(request), clock.now()

    def act() -> tuple[int, Any]:
        made, url = feeds.do_make(viewer, slug, wanted.person or "", actor=actor, now=now)
        return 201, {**_calendar(made), "url": url}

    return answer_once(request, now, act)


@router.delete(
    "/rotas/{slug}/calendars/{int:number}", response={204: None, **REFUSALS}, **endpoint("rotas_revoke_calendar")
)
def rotas_revoke_calendar(request: HttpRequest, slug: str, number: int) -> Any:
    """Revoke a calendar's address."""
    check_query(request)
    feeds.do_revoke(viewer_of(request), slug, number, actor=actor_of(request), now=clock.now())
    return Status(204, None)


def _calendar(one: Any) -> dict[str, Any]:
    return {"id": one.pk, "person": one.person or None, "made_at": one.made_at, "made_by": one.made_by}
