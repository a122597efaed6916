"""The recorded verification of an identity before a reset (R32): how, by whom, on what evidence. Nothing of it is told in the room."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from roomdesk.audit.work import Actor
from roomdesk.cases import acting
from roomdesk.consent.errors import Conflict, Invalid
from roomdesk.consent.models import IdentityCheck, Request
from roomdesk.consent.queries import access_consent
from roomdesk.directory.queries import Viewer
from roomdesk.rules.consent_answer import State


def do_verify_identity(
    viewer: Viewer, ref: str, method: str, evidence: str, *, author: str | None = None, actor: Actor, now: datetime
) -> Request:
    """Keeps that the person the request is about was verified. Once: Conflict for a second time, or where nothing waits for it."""
    method, evidence = (text.replace("\0", "").strip() for text in (method, evidence))
    if not method or len(method) > 200:
        raise Invalid(
            "method says how it was verified (a call back, a video call, a document), in one line.", field="method"
        )
    if not evidence or len(evidence) > 4000:
        raise Invalid("evidence says what was seen or asked, so that others can judge it.", field="evidence")
    place = access_consent(ref, viewer).workspace
    with transaction.atomic():
        held = acting.hold_workspace(viewer, place, refs=(), author=author, actor=actor, now=now)
        request = Request.objects.select_related("workspace").get(ref=ref.upper())
        if not request.identity_check:
            raise Conflict(f"{request.ref} needs no verification of an identity.")
        if request.state not in (State.OPEN, State.GRANTED) or IdentityCheck.objects.filter(request=request).exists():
            raise Conflict(f"{request.ref} is {request.state}, or its verification is on record already.")
        held.work.insert(IdentityCheck(request=request, method=method, evidence=evidence, verified_by=held.by, at=now))
        told = {"ref": request.ref, "person": request.subject, "method": method, "evidence": evidence}
        held.work.audit("consent.identity", f"consent:{request.ref}", told, scope=held.conversation.scope)
        held.flush()
    return request
