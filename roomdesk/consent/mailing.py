"""Receipts by mail: owner and admins hear of every grant in their workspace, by another way than the room, with the head of the chain (D42)."""

from __future__ import annotations

import json
from datetime import datetime

from roomdesk.audit.models import Head
from roomdesk.audit.work import Work
from roomdesk.cases import notices
from roomdesk.cases.conversation import Conversation
from roomdesk.channels.email import send as email
from roomdesk.consent.models import Grant, Request
from roomdesk.directory.models import Membership
from roomdesk.directory.queries import people_of
from roomdesk.product.formatting import format_due, zone_name
from roomdesk.queues.models import OutboxRow
from roomdesk.queues.outbox import Sent

_TOLD = (Membership.Role.OWNER, Membership.Role.ADMIN)
_URGENT = 5


def receipts(work: Work, conversation: Conversation, request: Request, grant: Grant) -> None:
    """Plans a mail to each of them, once for a grant; none where the installation sends no mail."""
    if not email.is_on():
        return
    for row in people_of(conversation.workspace, work.now):
        if row.role in _TOLD and row.person.email and row.person.is_active:
            _plan(work, conversation, request, grant, row)


def _plan(work: Work, conversation: Conversation, request: Request, grant: Grant, to: Membership) -> None:
    product, workspace, person = conversation.product, conversation.workspace, to.person
    assert product is not None
    locale = product.locale_for(person.locale or workspace.locale)
    text = product.text(
        locale,
        "consent.mail",
        ref=request.ref,
        person=grant.person.name,
        workspace=workspace.display_name,
        action=request.words,
        text=grant.text,
        at=_told(grant.at, notices.zone_of(conversation), locale),
        event=grant.event_id or grant.channel,
    )
    said = {
        "to": person.email,
        "name": person.name,
        "subject": product.text(locale, "consent.mail_subject", ref=request.ref, person=grant.person.name),
        "text": text,
        "scope": conversation.scope,
    }
    once, where = f"consent:{request.pk}:mail:{grant.pk}:{person.pk}", email.destination(person.email)
    work.send(email.CHANNEL, email.KIND, where, said, once=once, priority=_URGENT)


def _told(at: datetime, zone: str, locale: str) -> str:
    return f"{format_due(at, zone, locale)} {zone_name(at, zone)}"


def send(row: OutboxRow) -> Sent:
    """Sends one, with the head of the chain as it is now: it covers the grant. Raises `MailError`."""
    said = json.loads(row.payload)
    head = Head.objects.filter(scope=said.get("scope", "")).first()
    return email.send(row, f"{said['text']}\n\n{head.scope} {head.seq} {head.hash}\n" if head else None)
