"""Reading consents. Everything that leaves goes through `access_`: one error for missing and forbidden."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from roomdesk.cases.queries import is_staff
from roomdesk.consent.errors import Invalid, NotFound
from roomdesk.consent.models import Grant, Request, Use
from roomdesk.directory.queries import Viewer, access_workspace, workspaces_of
from roomdesk.rules.consent_answer import State

PAGE, MOST = 50, 200


def access_consents(viewer: Viewer) -> QuerySet[Request]:
    """The requests that the viewer may see: of the workspaces that are theirs; about restricted cases in the security role only (D22)."""
    rows = Request.objects.select_related("workspace", "case")
    if viewer.sees_all:
        return rows
    rows = rows.filter(workspace__in=workspaces_of(viewer))
    return rows.filter(
        Q(case=None) | Q(case__is_restricted=False) | Q(workspace__product__in=viewer.security)
        | Q(workspace_id__in=viewer.workspaces if viewer.kind != "staff" else ())
    )  # fmt: skip


def access_consent(ref: str, viewer: Viewer) -> Request:
    """The request `ref`. NotFound, in the same words, if it is missing or not the viewer's."""
    ref = ref.upper()
    found = access_consents(viewer).filter(ref=ref).first() if "\0" not in ref else None
    if found is None:
        raise NotFound(f'There is no consent "{ref[:60]}", or it is not yours to see.', field="id")
    return found


@dataclass(frozen=True, slots=True)
class Page:
    """Some requests, newest first, and where the next page begins (None at the end)."""

    requests: Sequence[Request]
    next: str | None


def page_of_consents(
    viewer: Viewer,
    *,
    workspace: str | None = None,
    state: str | None = None,
    case: str | None = None,
    before: str | None = None,
    limit: int = PAGE,
) -> Page:
    """Newest first, paged by key. NotFound for a workspace that is not the viewer's; Invalid for a state that does not exist."""
    rows = access_consents(viewer)
    if workspace is not None:
        rows = rows.filter(workspace=access_workspace(workspace, viewer))
    if state is not None:
        if state not in list(State):
            raise Invalid(f'There is no state "{state[:40]}"; give {", ".join(State)}.', field="state")
        rows = rows.filter(state=state)
    if case is not None:
        rows = rows.filter(case__ref=case)
    if before is not None:
        if not (before.isascii() and before.isdecimal() and len(before) <= 18):
            raise Invalid("before must be the `next` of an earlier page.", field="before")
        rows = rows.filter(pk__lt=int(before))
    size = max(1, min(limit, MOST))
    found = list(rows.order_by("-pk")[: size + 1])
    return Page(found[:size], str(found[size - 1].pk) if len(found) > size else None)


def grants_of(requests: Sequence[Request]) -> dict[int, list[Grant]]:
    """The grants by request, in their order. One query."""
    found: dict[int, list[Grant]] = {request.pk: [] for request in requests}
    for grant in Grant.objects.filter(request__in=found).select_related("person").order_by("pk"):
        found[grant.request_id].append(grant)
    return found


def shown_page(page: Page, viewer: Viewer) -> dict[str, Any]:
    grants = grants_of(page.requests)
    uses = {use.request_id: use for use in Use.objects.filter(request__in=grants)}
    items = [shown(one, grants[one.pk], uses.get(one.pk), viewer) for one in page.requests]
    return {"items": items, "next": page.next}


def shown_one(request: Request, viewer: Viewer) -> dict[str, Any]:
    use = Use.objects.filter(request=request).first()
    return shown(request, grants_of([request])[request.pk], use, viewer)


def shown(request: Request, grants: Sequence[Grant], use: Use | None, viewer: Viewer) -> dict[str, Any]:
    """A request for REST and `--json`. How an identity was verified, and the raw evidence, are the staff's."""
    import json

    return {
        "id": request.ref,
        "workspace": request.workspace.slug,
        "case": request.case.ref if request.case else None,
        "kind": request.kind,
        "state": request.state,
        "words": request.words,
        "action": json.loads(request.action),
        "action_sha256": request.action_sha256,
        "impact": request.impact,
        "details": request.details or None,
        "phrase": request.phrase,
        "who_may": request.who_may,
        "approvers": request.approvers,
        "high_risk": request.high_risk,
        "asked_at": request.asked_at,
        "asked_by": request.asked_by if is_staff(viewer) else None,
        "expires_at": request.expires_at,
        "event_id": request.event_id or None,
        "granted_at": request.granted_at,
        "closed_at": request.closed_at,
        "reason": request.reason or None,
        "grants": [shown_grant(grant) for grant in grants],
        "used": shown_use(use) if use else None,
    }


def shown_grant(grant: Grant) -> dict[str, Any]:
    return {
        "person": grant.person.slug,
        "name": grant.person.name,
        "role": grant.role,
        "at": grant.at,
        "channel": grant.channel,
        "event_id": grant.event_id or None,
        "text": grant.text,
        "step_up": grant.step_up,
    }


def shown_use(use: Use) -> dict[str, Any]:
    return {
        "at": use.at,
        "by": use.by,
        "key": use.key_id,
        "result": use.result or None,
        "result_words": use.result_words or None,
        "result_at": use.result_at,
    }


def waiting_for(workspace_id: int, now: datetime) -> QuerySet[Request]:
    """What waits for an answer in a workspace, the oldest first."""
    rows = Request.objects.filter(workspace_id=workspace_id, state=State.OPEN, expires_at__gt=now)
    return rows.select_related("workspace", "case").order_by("pk")
