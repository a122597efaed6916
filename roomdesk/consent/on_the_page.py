"""Agreeing and refusing on the customer's page: a signed-in person types the phrase after a fresh sign-in (R34, D42)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from roomdesk.audit.work import Actor, Work
from roomdesk.cases import loading
from roomdesk.cases.conversation import Conversation
from roomdesk.consent import granting, people
from roomdesk.consent.errors import Conflict, Forbidden, Invalid, NotFound
from roomdesk.consent.granting import Word
from roomdesk.consent.models import Grant, Request
from roomdesk.consent.queries import access_consents, waiting_for
from roomdesk.directory.customers import Customer
from roomdesk.queues import lanes
from roomdesk.queues.signals import LIVE, notify
from roomdesk.rules.consent_answer import State
from roomdesk.rules.consent_phrase import is_phrase

CHANNEL = "portal"


def access_on_page(customer: Customer, ref: str) -> Request:
    """The request in the customer's own workspace, for those who may read its room. NotFound, in the same words, otherwise."""
    rows = access_consents(customer.viewer).filter(workspace=customer.workspace)
    found = rows.filter(ref=ref.upper()).first() if "\0" not in ref else None
    if found is None:
        raise NotFound("There is no such question, or it is not yours to see.", field="ref")
    return found


def may_answer(customer: Customer, request: Request, now: datetime) -> bool:
    return bool(people.role_to_answer(customer.person, request, now))


def open_for(customer: Customer, now: datetime) -> list[Request]:
    """Questions that wait in the workspace, for those who may read its room."""
    return list(waiting_for(customer.workspace.pk, now)) if customer.may_read else []


def do_agree(
    customer: Customer, ref: str, text: str, *, session: Mapping[str, Any], actor: Actor, now: datetime
) -> Request:
    """Keeps the person's word with the evidence of their session, which must be of a fresh sign-in: the caller has looked.

    Forbidden for who may not agree; Invalid where the text is not the phrase; Conflict where nothing waits for it. Agreeing again changes nothing.
    """
    request = access_on_page(customer, ref)
    with transaction.atomic():
        conversation, work = _held(request, actor, now)
        request = Request.objects.select_related("workspace", "case").get(pk=request.pk)
        role = _role(customer, request, work.now)
        before = list(Grant.objects.filter(request=request).select_related("person").order_by("pk"))
        if any((one.person_id, one.channel) == (customer.person.pk, CHANNEL) for one in before):
            return request
        _check_open(request, work.now)
        text = text.replace("\0", "\ufffd")
        if not is_phrase(request.phrase, text, None, is_reply=False):
            raise Invalid(f"Only the exact words count: {request.phrase}", field="text")
        evidence = json.dumps(dict(session), sort_keys=True)
        word = Word(
            person=customer.person,
            sender=customer.person.slug,
            role=role,
            channel=CHANNEL,
            text=text,
            raw=json.dumps({"text": text, "consent": request.ref, "session": dict(session)}, sort_keys=True),
            at=work.now,
            step_up=True,
            session=evidence,
        )
        granting.record(work, conversation, request, before, word)
        _end(work, conversation)
    return request


def do_refuse(customer: Customer, ref: str, *, actor: Actor, now: datetime) -> Request:
    """Says no to it, also after a yes that was not used. Forbidden for who may not; Conflict where it is over."""
    request = access_on_page(customer, ref)
    with transaction.atomic():
        conversation, work = _held(request, actor, now)
        request = Request.objects.select_related("workspace", "case").get(pk=request.pk)
        _role(customer, request, work.now)
        if request.state not in (State.OPEN, State.GRANTED):
            raise Conflict("This question is over; there is nothing left to refuse.")
        granting.refuse(work, conversation, request, customer.person, "", CHANNEL)
        _end(work, conversation)
    return request


def _held(request: Request, actor: Actor, now: datetime) -> tuple[Conversation, Work]:
    lane, at = lanes.lock_from(request.workspace.lane_id, now)
    return loading.load({lane.pk: lane}, earliest=at)[lane.pk], Work(at, actor)


def _end(work: Work, conversation: Conversation) -> None:
    work.flush()
    notify(LIVE, str(conversation.lane.pk))


def _role(customer: Customer, request: Request, now: datetime) -> str:
    role = people.role_to_answer(customer.person, request, now)
    if not role:
        raise Forbidden("You may read this question, and not answer it.")
    return role


def _check_open(request: Request, now: datetime) -> None:
    if request.state != State.OPEN:
        raise Conflict("This question waits for no more answers.")
    if now >= request.expires_at:
        raise Conflict("This question has expired. Nothing is done; we ask again if it is still needed.")
