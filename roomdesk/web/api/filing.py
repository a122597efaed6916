"""How well the desk files by itself, and what it has put away: for the support lead."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import Field

from roomdesk.reports import filing, unplaced
from roomdesk.runtime import clock
from roomdesk.web.api.asked import check_query
from roomdesk.web.api.auth import endpoint, viewer_of
from roomdesk.web.api.case_schemas import Why
from roomdesk.web.api.schemas import REFUSALS

router = Router(tags=["queue and reports"])


class Line(Schema):
    product: str
    month: str = Field(description="In the zone of the product's office.")
    grouped: int = Field(description="Messages of people that the desk put into a case.")
    moved: int = Field(description="Of these, those that staff put elsewhere: split off, or moved.")
    merged: int = Field(description="Cases that staff merged into another.")
    cases: int = Field(description="Cases that customers opened.")
    answered: int = Field(description="Of these, those that the desk answered at once.")
    deflected: int = Field(description="Of these, those that it did not open at first.")
    no_help: int = Field(description="Of these, those of which it was said that the answer did not help.")
    wrong_percent: str | None = Field(description="moved and merged, of grouped.")
    helped_percent: str | None = Field(description="deflected without no_help, of cases.")


class Filing(Schema):
    items: list[Line]
    next: None = None


class Unplaced(Schema):
    id: int
    workspace: str
    product: str
    author: str
    author_kind: str
    at: datetime
    text: str | None = Field(description="Null for a removed message.")
    why: Why


class AllUnplaced(Schema):
    items: list[Unplaced]
    next: int | None = Field(description="The value of `before` for the next page, or null at the end.")


@router.get("/filing", response={200: Filing, **REFUSALS}, **endpoint("filing"))
def filing_lines(request: HttpRequest, product: str | None = None, months: int = filing.MONTHS) -> dict[str, Any]:
    """How often staff had to put messages elsewhere, and how often an answer of the desk was enough, by product and month."""
    check_query(request, "product", "months")
    lines = filing.filing(viewer_of(request), clock.now(), product=product, months=months)
    return {"items": [line.as_json() for line in lines]}


@router.get("/filing/unplaced", response={200: AllUnplaced, **REFUSALS}, **endpoint("filing_unplaced"))
def filing_unplaced(
    request: HttpRequest,
    product: str | None = None,
    reason: str | None = Query(None, description=f"One of {', '.join(filter(None, unplaced.REASONS))}."),
    before: int | None = Query(None, ge=1, lt=1 << 63),
    limit: int = Query(unplaced.PAGE, ge=1, le=unplaced.MOST),
) -> dict[str, Any]:
    """Messages of people that belong to no case, the newest first, each with the reason."""
    check_query(request, "product", "reason", "before", "limit")
    found = unplaced.unplaced(viewer_of(request), product=product, reason=reason, before=before, limit=limit)
    return {"items": [unplaced.shown(one) for one in found.items], "next": found.next}
