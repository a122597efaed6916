"""The queue, and how many promises were kept."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import Field

from roomdesk.cases import queue
from roomdesk.reports import satisfaction, shown
from roomdesk.reports.attainment import Asked
from roomdesk.runtime import clock
from roomdesk.web.api import case_schemas as forms
from roomdesk.web.api.asked import check_query
from roomdesk.web.api.auth import endpoint, viewer_of
from roomdesk.web.api.schemas import REFUSALS

router = Router(tags=["queue and reports"])


class Queued(Schema):
    position: int = Field(description="From 1, among all open cases of its product.")
    why: forms.Why = Field(
        description="p0, late, due, arrival or answered; customer, snoozed or misuse where that sets it back."
    )
    case: forms.Case


class Queue(Schema):
    items: list[Queued]
    next: str | None = Field(description="The value of `after` for the next page, or null at the end.")
    total: int


class Counts(Schema):
    met: int
    breached: int
    caused_by: int = Field(description="Late only by a split, a merge or a reclassification; in no percentage.")
    past_aim: int
    undecided: int = Field(description="Still running; in no percentage.")
    percent: str | None = Field(description="Met, of met, breached and past_aim; one decimal, halves up.")


class Line(Counts):
    month: str | None = Field(description="Of the due instant, where the office is; null while a pause leaves it open.")
    product: str
    tier: str
    severity: str
    clock: str
    soft: bool = Field(description="An aim, which is never breached.")
    public: bool


class Lowered(Schema):
    ref: str
    workspace: str
    product: str
    tier: str | None
    month: str | None
    at: datetime
    by: str
    before: str
    after: str
    reason: str | None = Field(description="Null for a restricted case.")


class Attainment(Schema):
    items: list[Line]
    promises: Counts
    aims: Counts
    downward: list[Lowered] = Field(description="Severities that were lowered, the newest 500.")
    downward_total: int


class Satisfied(Schema):
    resolved: int
    answered: int
    good: int
    bad: int
    percent: str | None = Field(description="Good, of those that were answered; one decimal, halves up.")


class SatisfactionLine(Satisfied):
    product: str
    month: str = Field(description="Of the resolution, where the office is.")


class Satisfaction(Satisfied):
    items: list[SatisfactionLine]


@router.get("/queue", response={200: Queue, **REFUSALS}, **endpoint("queue_list"))
def queue_list(
    request: HttpRequest,
    product: str | None = None,
    after: str = Query("", description="The `next` of the page before."),
    limit: int = Query(queue.PAGE, ge=1, le=queue.MOST),
) -> dict[str, Any]:
    """Open cases, the next one first, each with the reason for its place."""
    check_query(request, "product", "after", "limit")
    queue.check_after(after)
    viewer = viewer_of(request)
    found = queue.queue(viewer, clock.now(), product=product, after=after, limit=limit)
    return queue.shown_queue(found, viewer)


@router.get("/attainment", response={200: Attainment, **REFUSALS}, **endpoint("attainment"))
def attainment(
    request: HttpRequest,
    product: str | None = None,
    tier: str | None = None,
    severity: str | None = None,
    month: str | None = Query(None, description="Such as 2026-03."),
    clock: str | None = Query(None, description="first_response, update or resolution."),
) -> dict[str, Any]:
    """How many clocks were met, breached or are undecided, by month, product, tier, severity and clock."""
    check_query(request, "product", "tier", "severity", "month", "clock")
    return shown.report(viewer_of(request), Asked(product, tier, severity, month, clock))


@router.get("/satisfaction", response={200: Satisfaction, **REFUSALS}, **endpoint("satisfaction"))
def satisfied(
    request: HttpRequest,
    product: str | None = None,
    month: str | None = Query(None, description="Such as 2026-03."),
) -> dict[str, Any]:
    """What customers said of resolutions, by product and month."""
    check_query(request, "product", "month")
    return satisfaction.shown(satisfaction.satisfaction(viewer_of(request), product=product, month=month))
