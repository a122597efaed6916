"""Cases: read, opened, answered; and the workspace's room. POST honours the header Idempotency-Key."""

from __future__ import annotations

from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse
from ninja import Query, Router

from roomdesk.cases import asking, queries, story
from roomdesk.directory.queries import access_workspace
from roomdesk.rooms import queries as rooms
from roomdesk.runtime import clock
from roomdesk.web.api import case_schemas as forms
from roomdesk.web.api.asked import check_query
from roomdesk.web.api.auth import actor_of, endpoint, viewer_of
from roomdesk.web.api.idempotency import answer_once
from roomdesk.web.api.schemas import REFUSALS

router = Router(tags=["cases"])


@router.get("/cases", response={200: forms.Cases, **REFUSALS}, **endpoint("cases_list"))
def cases_list(
    request: HttpRequest,
    workspace: str | None = None,
    state: str | None = Query(None, description="`open`, or one state such as `new`."),
    before: str | None = Query(None, description="The `next` of the page before."),
    limit: int = Query(queries.PAGE, ge=1, le=queries.MOST),
) -> dict[str, Any]:
    """Cases that the token may see, newest first."""
    check_query(request, "workspace", "state", "before", "limit")
    page = queries.page_of_cases(viewer_of(request), workspace=workspace, state=state, before=before, limit=limit)
    return story.cases(page, viewer_of(request))


@router.post("/cases", response={201: forms.Case, **REFUSALS}, **endpoint("cases_open"))
def cases_open(request: HttpRequest, wanted: forms.CaseWanted) -> HttpResponse:
    """Open a case in the name of a person of the workspace, or as staff. `Location` names it."""
    check_query(request)
    now = clock.now()

    def act() -> tuple[int, Any]:
        case = asking.do_open(
            viewer_of(request), **wanted.model_dump(), channel="rest", actor=actor_of(request), now=now
        )
        return 201, story.case(case, viewer_of(request))

    response = answer_once(request, now, act)
    response.headers["Location"] = f"/api/v1/cases/{orjson.loads(response.content)['ref']}"
    return response


@router.get("/cases/{ref}", response={200: forms.Story, **REFUSALS}, **endpoint("cases_get"))
def cases_get(request: HttpRequest, ref: str) -> dict[str, Any]:
    """A case with its clocks, its messages and what changed."""
    check_query(request)
    viewer = viewer_of(request)
    return story.whole(queries.access_case(ref, viewer), viewer)


@router.get("/cases/{ref}/sla", response={200: forms.Explained, **REFUSALS}, **endpoint("cases_sla"))
def cases_sla(request: HttpRequest, ref: str) -> dict[str, Any]:
    """How every clock of the case came to its due time, and how it stands."""
    check_query(request)
    viewer = viewer_of(request)
    return story.sla(queries.access_case(ref, viewer), clock.now(), viewer)


@router.post("/cases/{ref}/messages", response={201: forms.Said, **REFUSALS}, **endpoint("cases_say"))
def cases_say(request: HttpRequest, ref: str, wanted: forms.MessageWanted) -> HttpResponse:
    """Say something in a case. It counts once the room has it (`state`: sending)."""
    check_query(request)
    now = clock.now()

    def act() -> tuple[int, Any]:
        said = {**wanted.model_dump(), "channel": "rest", "actor": actor_of(request), "now": now}
        return 201, story.said(asking.do_say(viewer_of(request), ref=ref, **said))

    return answer_once(request, now, act)


@router.get("/workspaces/{slug}/room", response={200: forms.Room, **REFUSALS}, **endpoint("workspaces_room"))
def workspaces_room(request: HttpRequest, slug: str) -> dict[str, Any]:
    """The workspace's Matrix room and who is in it."""
    check_query(request)
    return rooms.shown(rooms.access_room(access_workspace(slug, viewer_of(request))))
