"""Pages: who was called for what, and taking one; and by which ways staff are reached."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema
from pydantic import Field

from roomdesk.cases import misusing, story, taking
from roomdesk.oncall import misuse, queries, reaching
from roomdesk.rooms import direct
from roomdesk.runtime import clock
from roomdesk.web.api import case_act_schemas as forms
from roomdesk.web.api.asked import check_query
from roomdesk.web.api.auth import actor_of, endpoint, viewer_of
from roomdesk.web.api.case_schemas import Case as CaseShown
from roomdesk.web.api.idempotency import answer_once
from roomdesk.web.api.schemas import REFUSALS, Text, Wanted

router = Router(tags=["on call"])


class Attempt(Schema):
    action: str = Field(description="trigger, note, acknowledge or resolve.")
    at: datetime
    status: int | None
    milliseconds: int
    problem: str | None


class Call(Schema):
    way: str
    to: str | None = Field(description="Whom; null for whoever PagerDuty's own service calls.")
    step: int
    state: str
    at: datetime
    accepted_at: datetime | None
    problem: str | None
    attempts: list[Attempt]


class Page(Schema):
    id: int
    key: str = Field(description="The dedup_key at PagerDuty.")
    product: str
    workspace: str | None
    ref: str | None
    state: str = Field(description="queued, accepted, acknowledged or resolved.")
    cause: str
    severity: str
    step: int
    opened_at: datetime
    accepted_at: datetime | None
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    acknowledged_via: str | None
    resolved_at: datetime | None
    calls: list[Call]


class Pages(Schema):
    items: list[Page]
    next: str | None


class Way(Schema):
    position: int
    way: str
    address: str = Field(description="Its beginning; the rest is secret.")


class Ways(Schema):
    items: list[Way]
    next: str | None


class WayWanted(Wanted):
    way: Text = Field(description="apprise, pagerduty or matrix.")
    address: Text = Field("", description="Left out for matrix: that is the room with the desk.")


class WaysWanted(Wanted):
    ways: list[WayWanted]


class Tried(Way):
    problem: str | None


class AllTried(Schema):
    items: list[Tried]
    next: str | None


@router.get("/pages", response={200: Pages, **REFUSALS}, **endpoint("pages_list"))
def pages_list(
    request: HttpRequest, waiting: bool = False, ref: Text = "", limit: int = Query(50, ge=1, le=queries.MOST)
) -> dict[str, Any]:
    """The newest pages with every way that was tried; with `waiting` those that nobody has yet, with `ref` those of one case."""
    check_query(request, "waiting", "ref", "limit")
    found = queries.access_pages(viewer_of(request), waiting=waiting, ref=ref, limit=limit)
    return {"items": queries.shown(found), "next": None}


@router.post("/cases/{ref}/acknowledge", response={200: CaseShown, **REFUSALS}, **endpoint("cases_acknowledge"))
def cases_acknowledge(request: HttpRequest, ref: str, wanted: forms.Act) -> HttpResponse:
    """Take the page of a case, everywhere."""
    check_query(request)
    viewer, actor, now = viewer_of(request), actor_of(request), clock.now()

    def act() -> tuple[int, Any]:
        case = taking.do_acknowledge(viewer, ref, author=wanted.author, actor=actor, now=now, via="rest")
        return 200, story.case(case, viewer)

    return answer_once(request, now, act)


@router.get("/staff/{id}/reach", response={200: Ways, **REFUSALS}, **endpoint("reach_get"))
def reach_get(request: HttpRequest, id: str) -> dict[str, Any]:
    """By which ways somebody of the staff is reached."""
    check_query(request)
    person = reaching.access_person(viewer_of(request), id, clock.now())
    return _ways(reaching.ways_of(person))


@router.put("/staff/{id}/reach", response={200: Ways, **REFUSALS}, **endpoint("reach_put"))
def reach_put(request: HttpRequest, id: str, wanted: WaysWanted) -> dict[str, Any]:
    """Set all ways of somebody, in their order. Addresses are told to nobody again."""
    check_query(request)
    ways = [(one.way, one.address) for one in wanted.ways]
    return _ways(reaching.do_put(viewer_of(request), id, ways, actor=actor_of(request), now=clock.now()))


@router.post("/staff/{id}/reach/test", response={200: AllTried, **REFUSALS}, **endpoint("reach_test"))
def reach_test(request: HttpRequest, id: str) -> dict[str, Any]:
    """Send a quiet test by every way, and say which took it."""
    check_query(request)
    by: dict[str, Any] = {"actor": actor_of(request), "now": clock.now()}
    return {"items": reaching.do_test(viewer_of(request), id, direct=direct.say, **by), "next": None}


def _ways(found: list[Any]) -> dict[str, Any]:
    return {"items": [reaching.shown(one) for one in found], "next": None}


class Misused(Schema):
    id: int
    ref: str
    at: datetime
    reason: str
    counts: bool = Field(description="Whether it lowers the urgency of the next P0 now. No P0 is ever kept back.")
    until: datetime = Field(description="When it has decayed.")
    appeal: str | None
    appealed_at: datetime | None
    lifted_at: datetime | None
    lifted_reason: str | None


class Ledger(Schema):
    items: list[Misused]
    next: str | None


class Reason(forms.Act):
    reason: Text


class Appeal(Wanted):
    author: Text = Field(description="The id of the owner or an admin of the workspace.")
    text: Text


@router.get("/workspaces/{slug}/misuse", response={200: Ledger, **REFUSALS}, **endpoint("misuse_list"))
def misuse_list(request: HttpRequest, slug: str) -> dict[str, Any]:
    """P0s of the workspace that staff recorded as none."""
    check_query(request)
    return {"items": misuse.shown(misusing.access_ledger(viewer_of(request), slug), clock.now()), "next": None}


@router.post(
    "/workspaces/{slug}/misuse/{int:number}/appeal", response={200: Misused, **REFUSALS}, **endpoint("misuse_appeal")
)
def misuse_appeal(request: HttpRequest, slug: str, number: int, wanted: Appeal) -> HttpResponse:
    """Say why it was one after all."""
    return _marked(
        request,
        lambda viewer, **by: misusing.do_appeal(viewer, slug, number, text=wanted.text, author=wanted.author, **by),
    )


@router.post("/cases/{ref}/misuse", response={201: Misused, **REFUSALS}, **endpoint("misuse_mark"))
def misuse_mark(request: HttpRequest, ref: str, wanted: Reason) -> HttpResponse:
    """Record that a P0 was none. The workspace is told kindly, and reads the reason."""
    return _marked(request, lambda viewer, **by: misusing.do_mark(viewer, ref, **wanted.model_dump(), **by), 201)


@router.post("/cases/{ref}/misuse/lift", response={200: Misused, **REFUSALS}, **endpoint("misuse_lift"))
def misuse_lift(request: HttpRequest, ref: str, wanted: Reason) -> HttpResponse:
    """Take the record back, with the reason."""
    return _marked(request, lambda viewer, **by: misusing.do_lift(viewer, ref, **wanted.model_dump(), **by))


def _marked(request: HttpRequest, do: Callable[..., Any], status: int = 200) -> HttpResponse:
    check_query(request)
    viewer, actor, now = viewer_of(request), actor_of(request), clock.now()
    return answer_once(request, now, lambda: (status, misuse.shown([do(viewer, actor=actor, now=now)], now)[0]))
