"""Consents: asked by staff, used by their programs (R30–R36). What may not be used is refused with `reason`, and nothing is consumed."""

from __future__ import annotations

from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse
from ninja import Query, Router

from roomdesk.audit import signing
from roomdesk.consent import asking, identifying, queries, using
from roomdesk.consent.asking import Wish
from roomdesk.runtime import clock
from roomdesk.web.api import consent_schemas as forms
from roomdesk.web.api.asked import check_query
from roomdesk.web.api.auth import actor_of, endpoint, viewer_of
from roomdesk.web.api.idempotency import answer_once
from roomdesk.web.api.schemas import REFUSALS

router = Router(tags=["consents"])


@router.get("/consents", response={200: forms.Consents, **REFUSALS}, **endpoint("consents_list"))
def consents_list(
    request: HttpRequest,
    workspace: str | None = None,
    case: str | None = None,
    state: str | None = Query(None, description="open, granted, refused, withdrawn, expired or used."),
    before: str | None = Query(None, description="The `next` of the page before."),
    limit: int = Query(queries.PAGE, ge=1, le=queries.MOST),
) -> dict[str, Any]:
    """What customers were asked, newest first."""
    check_query(request, "workspace", "case", "state", "before", "limit")
    viewer = viewer_of(request)
    page = queries.page_of_consents(viewer, workspace=workspace, case=case, state=state, before=before, limit=limit)
    return queries.shown_page(page, viewer)


@router.post("/consents", response={201: forms.Consent, **REFUSALS}, **endpoint("consents_ask"))
def consents_ask(request: HttpRequest, wanted: forms.ConsentWanted) -> HttpResponse:
    """Ask the customer's written word. Honours the header Idempotency-Key; `Location` names the request."""
    check_query(request)
    now, viewer = clock.now(), viewer_of(request)
    given = wanted.model_dump()
    author = given.pop("author")

    def act() -> tuple[int, Any]:
        found = asking.do_ask(viewer, Wish(**given), author=author, actor=actor_of(request), now=now)
        return 201, queries.shown_one(found, viewer)

    response = answer_once(request, now, act)
    response.headers["Location"] = f"/api/v1/consents/{orjson.loads(response.content)['id']}"
    return response


@router.get("/consents/keys", response={200: forms.Keys, **REFUSALS}, **endpoint("consents_keys"))
def consents_keys(request: HttpRequest) -> dict[str, Any]:
    """The public keys (Ed25519) by which receipts are checked without the desk."""
    check_query(request)
    return {"items": signing.public_keys()}


@router.get("/consents/{id}", response={200: forms.Consent, **REFUSALS}, **endpoint("consents_get"))
def consents_get(request: HttpRequest, id: str) -> dict[str, Any]:
    """One request with what was written and what was done with it."""
    check_query(request)
    viewer = viewer_of(request)
    return queries.shown_one(queries.access_consent(id, viewer), viewer)


@router.post("/consents/{id}/withdraw", response={200: forms.Consent, **REFUSALS}, **endpoint("consents_withdraw"))
def consents_withdraw(request: HttpRequest, id: str, wanted: forms.Act) -> HttpResponse:
    """Take a question back, or a grant that nobody has used."""
    check_query(request)
    now, viewer, actor = clock.now(), viewer_of(request), actor_of(request)

    def act() -> tuple[int, Any]:
        found = asking.do_withdraw(viewer, id.upper(), wanted.reason, author=wanted.author, actor=actor, now=now)
        return 200, queries.shown_one(found, viewer)

    return answer_once(request, now, act)


@router.post("/consents/{id}/identity", response={200: forms.Consent, **REFUSALS}, **endpoint("consents_identity"))
def consents_identity(request: HttpRequest, id: str, wanted: forms.ConsentIdentity) -> HttpResponse:
    """Keep that the person a reset is for was verified: how, by whom, on what evidence. The room is told nothing of it."""
    check_query(request)
    now, viewer, actor = clock.now(), viewer_of(request), actor_of(request)

    def act() -> tuple[int, Any]:
        found = identifying.do_verify_identity(viewer, id, **wanted.model_dump(), actor=actor, now=now)
        return 200, queries.shown_one(found, viewer)

    return answer_once(request, now, act)


@router.post("/consents/{id}/consume", response={200: forms.Receipt, **REFUSALS}, **endpoint("consents_consume"))
def consents_consume(request: HttpRequest, id: str, wanted: forms.ConsentUse) -> dict[str, Any]:
    """Use it for exactly this action, once. Its nonce makes it safe to repeat; a refusal (409 `not_usable`) names its `reason`."""
    check_query(request)
    by: dict[str, Any] = {"actor": actor_of(request), "now": clock.now()}
    return using.do_consume(viewer_of(request), id, wanted.action, wanted.nonce, dry_run=wanted.dry_run, **by).as_json()


@router.post("/consents/{id}/result", response={200: forms.Consent, **REFUSALS}, **endpoint("consents_result"))
def consents_result(request: HttpRequest, id: str, wanted: forms.ConsentResult) -> dict[str, Any]:
    """Say how it ended; the room is told. The same again changes nothing."""
    check_query(request)
    viewer = viewer_of(request)
    by: dict[str, Any] = {"actor": actor_of(request), "now": clock.now()}
    return queries.shown_one(using.do_result(viewer, id, **wanted.model_dump(), **by), viewer)
