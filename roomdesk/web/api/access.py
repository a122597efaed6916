"""Requests of members for access to their workspace's room (D7). The toggle itself is `support_room_access` of a member."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from roomdesk.directory import customers, shown
from roomdesk.directory.queries import access_workspace
from roomdesk.directory.services import access
from roomdesk.runtime import clock
from roomdesk.web.api.asked import check_query
from roomdesk.web.api.auth import actor_of, endpoint, viewer_of
from roomdesk.web.api.schemas import REFUSALS, Text, Wanted

router = Router(tags=["access"])


class AccessWanted(Wanted):
    member: Text = Field(description="The id of the member who asks.")


class Decision(Wanted):
    decision: Text = Field(description="approved, declined or withdrawn.")
    by: Text | None = Field(
        None,
        description="The owner or an admin who decides, or the member who withdraws. Left out: the token decides for itself.",
    )


class AccessRequest(Schema):
    id: int
    workspace: str
    member: str
    name: str
    state: str = Field(description="open, approved, declined, withdrawn, or ended with the membership.")
    asked_at: datetime
    asked_by: str
    decided_at: datetime | None
    decided_by: str | None


class AccessRequests(Schema):
    items: list[AccessRequest]
    next: str | None


@router.get("/workspaces/{slug}/access-requests", response={200: AccessRequests, **REFUSALS}, **endpoint("access_list"))
def access_list(request: HttpRequest, slug: str) -> dict[str, Any]:
    """Open requests, the oldest first, then the last that were decided."""
    check_query(request)
    found = customers.access_requests(access_workspace(slug, viewer_of(request)))
    return {"items": [shown.access_request(row) for row in found], "next": None}


@router.post("/workspaces/{slug}/access-requests", response={200: AccessRequest, **REFUSALS}, **endpoint("access_ask"))
def access_ask(request: HttpRequest, slug: str, wanted: AccessWanted) -> dict[str, Any]:
    """Ask in the name of a member. Idempotent: a member has at most one open request, which is the answer."""
    check_query(request)
    access_workspace(slug, viewer_of(request))
    made = access.do_ask(workspace=slug, person=wanted.member, actor=actor_of(request), now=clock.now())
    return shown.access_request(made)


@router.post(
    "/workspaces/{slug}/access-requests/{int:number}",
    response={200: AccessRequest, **REFUSALS},
    **endpoint("access_decide"),
)
def access_decide(request: HttpRequest, slug: str, number: int, wanted: Decision) -> dict[str, Any]:
    """Decide about a request; the same again changes nothing. An approved member is let into the room at once."""
    check_query(request)
    access_workspace(slug, viewer_of(request))
    done = access.do_decide(
        workspace=slug,
        request=number,
        decision=wanted.decision,
        by=wanted.by,
        actor=actor_of(request),
        now=clock.now(),
    )
    return shown.access_request(done)
