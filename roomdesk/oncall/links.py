"""A link by which whoever is called takes a page from their phone without signing in: signed, for one page and person, for hours (R38)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.signing import BadSignature, Signer
from django.db import transaction

from roomdesk.audit.work import Actor, Work
from roomdesk.bootstrap import settings
from roomdesk.directory.errors import Conflict, NotFound
from roomdesk.directory.models import Person
from roomdesk.directory.queries import is_staff_at
from roomdesk.oncall import escalating, paging
from roomdesk.oncall.models import Call, Page

#: How long a link can be used. Who takes a page later signs in.
LASTS = timedelta(hours=4)
_SALT = "roomdesk.oncall.link"
_WRONG = "This link is wrong, or too old. Sign in to the console instead."
TAKE, HAND_ON, NOT_ME = "take", "hand_on", "not_me"


@dataclass(frozen=True, slots=True)
class Seen:
    """What a link leads to."""

    page: Page
    person: Person

    @property
    def is_waiting(self) -> bool:
        return self.page.state in Page.WAITING


def address(call: Call, now: datetime) -> str:
    """The link of a call to a person; empty for a call to nobody in particular."""
    if not call.to:
        return ""
    said = {"page": call.page_id, "to": call.to, "until": (now + LASTS).isoformat()}
    token = Signer(salt=_SALT).sign_object(said)
    return f"{(settings.public_url or '').rstrip('/')}/page/{token}"


def access(token: str, now: datetime) -> Seen:
    """The page and the person of a link. NotFound, always in the same words, for one that is wrong, too old, or of somebody who left."""
    try:
        said = Signer(salt=_SALT).unsign_object(token)
        until = datetime.fromisoformat(said["until"])
    except (BadSignature, KeyError, ValueError, TypeError) as error:
        raise NotFound(_WRONG) from error
    page = Page.objects.filter(pk=said["page"]).select_related("workspace").first()
    person = Person.objects.filter(slug=said["to"], is_active=True).first()
    if until <= now or page is None or person is None or not is_staff_at(person, now):
        raise NotFound(_WRONG)
    return Seen(page, person)


def do_act(token: str, act: str, *, now: datetime) -> Seen:
    """Takes the page, or has the next be called (`hand_on`, `not_me`). Conflict where somebody has it already; audited as the person's."""
    seen = access(token, now)
    actor = Actor("staff", seen.person.slug)
    with transaction.atomic():
        work = Work(now, actor)
        page = paging.locked(work, seen.page.pk)
        assert page is not None
        if page.state not in Page.WAITING:
            raise Conflict(f"{page.acknowledged_by or 'Somebody'} has it already.")
        if act == TAKE:
            paging.acknowledge(work, page, by=seen.person.slug, via="link")
        else:
            escalating.hand_on(work, page, by=seen.person.slug, is_wrong=act == NOT_ME)
        work.flush()
    return Seen(page, seen.person)
