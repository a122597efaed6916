"""Promises: what would be due when, running ones under new terms, and what staff were told of clocks."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema
from pydantic import AwareDatetime, Field

from roomdesk.clocks import queries
from roomdesk.clocks.retargeting import do_retarget
from roomdesk.clocks.simulation import do_simulate
from roomdesk.runtime import clock
from roomdesk.web.api.asked import check_query
from roomdesk.web.api.auth import actor_of, endpoint, viewer_of
from roomdesk.web.api.idempotency import answer_once
from roomdesk.web.api.schemas import REFUSALS, Text, Wanted

router = Router(tags=["sla"])


class RetargetWanted(Wanted):
    """Which running clocks: of one workspace or of one case."""

    workspace: Text | None = None
    ref: Text | None = Field(None, description="A case, such as BC-1042.")
    reason: Text = Field("", description="Needed unless it is a dry run.")
    dry_run: bool = Field(False, description="Only say what would change.")


class Simulated(Schema):
    at: datetime
    clocks: list[dict[str, Any]]


class Retargeted(Schema):
    dry_run: bool
    at: datetime
    reason: str | None
    clocks: list[dict[str, Any]]


class NoticePage(Schema):
    items: list[dict[str, Any]]
    next: int | None = Field(description="The value of `before` for the next page, or null at the end.")


@router.get("/sla/simulate", response={200: Simulated, **REFUSALS}, **endpoint("sla_simulate"))
def sla_simulate(
    request: HttpRequest,
    product: Text,
    tier: Text,
    severity: Text,
    at: AwareDatetime,
    kind: Text = "other",
    addons: Text = "",
) -> dict[str, Any]:
    """What every clock of a case opened at `at` would be, by the newest version of the product. Nothing is written.

    `addons` are separated by commas.
    """
    check_query(request, "product", "tier", "severity", "at", "kind", "addons")
    wanted = [addon for addon in addons.split(",") if addon]
    return do_simulate(product=product, tier=tier, severity=severity, kind=kind, addons=wanted, at=at)


@router.post("/sla/retarget", response={200: Retargeted, **REFUSALS}, **endpoint("sla_retarget"))
def sla_retarget(request: HttpRequest, wanted: RetargetWanted) -> HttpResponse:
    """Give running clocks the newest policy and the workspace's present tier; with `dry_run` only say what would change."""
    check_query(request)
    viewer, actor, now = viewer_of(request), actor_of(request), clock.now()
    return answer_once(request, now, lambda: (200, do_retarget(viewer, **wanted.model_dump(), actor=actor, now=now)))


@router.get("/sla/notices", response={200: NoticePage, **REFUSALS}, **endpoint("sla_notices"))
def sla_notices(
    request: HttpRequest,
    before: int | None = Query(None, ge=1, lt=2**63),
    limit: int = Query(queries.PAGE, ge=1, le=200),
) -> dict[str, Any]:
    """What staff were told of clocks that press or ran late, newest first."""
    check_query(request, "before", "limit")
    page = queries.notices(viewer_of(request), before=before, limit=limit)
    return {"items": [queries.shown_notice(notice) for notice in page.items], "next": page.next}
