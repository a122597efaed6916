"""Taking the page of a case, without being in its room: from the console, by REST, by command, or from a link on a phone (R38)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from roomdesk.audit.work import Actor
from roomdesk.cases import acting, paging
from roomdesk.cases.models import Case
from roomdesk.cases.queries import access_case
from roomdesk.directory.errors import Conflict
from roomdesk.directory.queries import Viewer
from roomdesk.oncall.models import Page


def do_acknowledge(viewer: Viewer, ref: str, *, author: str | None, actor: Actor, now: datetime, via: str) -> Case:
    """Acknowledges the case's page everywhere. Idempotent; Conflict where there was never one."""
    with transaction.atomic():
        held = acting.hold(viewer, ref, author=author, actor=actor, now=now)
        entry = held.entry(ref)
        if not Page.objects.filter(case_id__in=[entry.case.pk, *held.conversation.merged]).exists():
            raise Conflict(f"Nobody was paged for {ref}.", field="ref")
        paging.human_acted(held.work, held.conversation, entry, by=held.by, via=via)
        held.flush()
    return access_case(ref, viewer)


def do_page(viewer: Viewer, ref: str, *, reason: str, author: str | None, actor: Actor, now: datetime) -> Case:
    """Pages the engineer on call for a case, because somebody of the staff says so, whatever its cover. Conflict where it was paged in this cycle."""
    with transaction.atomic():
        held = acting.hold(viewer, ref, author=author, actor=actor, now=now)
        entry = held.entry(ref)
        if not entry.is_open:
            raise Conflict(f"{entry.case.ref} is {entry.case.state}; reopen it before you page for it.", field="state")
        if not paging.page_now(held.work, held.conversation, entry, by=held.by, reason=reason):
            raise Conflict(f"{entry.case.ref} was paged for already.", field="ref")
        held.flush()
    return access_case(ref, viewer)
