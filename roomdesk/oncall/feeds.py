"""Calendars of rotas at secret addresses, which can be revoked (R40)."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from django.db import transaction

from roomdesk.audit.work import Actor, Work
from roomdesk.bootstrap import settings
from roomdesk.directory.errors import Forbidden, Invalid, NotFound
from roomdesk.directory.models import Person
from roomdesk.directory.queries import Viewer, is_staff_at
from roomdesk.oncall import rotas
from roomdesk.oncall.models import Feed, Rota
from roomdesk.rules import ics
from roomdesk.rules import rota as rules

#: What a calendar holds: so much of the past, and so much of what comes.
PAST, COMING = timedelta(days=14), timedelta(days=120)


def do_make(viewer: Viewer, product: str, person: str, *, actor: Actor, now: datetime) -> tuple[Feed, str]:
    """A feed and its secret address, which is told this once. Everybody may have one of their own; others leads make."""
    rota = rotas.access_rota(viewer, product)
    if not person or person != viewer.name or viewer.kind != "staff":
        rotas.check_leads(viewer, product, now)
    if person and not Person.objects.filter(slug=person, is_active=True).exists():
        raise Invalid(f'There is no person "{person}".', field="person")
    token = secrets.token_urlsafe(32)
    with transaction.atomic():
        made = Feed.objects.create(rota=rota, person=person, digest=_digest(token), made_at=now, made_by=actor.name)
        _note("rota.feed_made", made, actor, now)
    return made, f"{(settings.public_url or '').rstrip('/')}/calendars/{token}.ics"


def access_feeds(viewer: Viewer, product: str, now: datetime) -> list[Feed]:
    """The feeds in force: all of them for leads, those of their own for others."""
    rota = rotas.access_rota(viewer, product)
    found = rota.feeds.filter(revoked_at=None).order_by("pk")
    try:
        rotas.check_leads(viewer, product, now)
    except Forbidden:
        found = found.filter(person=viewer.name)
    return list(found)


def do_revoke(viewer: Viewer, product: str, number: int, *, actor: Actor, now: datetime) -> None:
    """The address leads nowhere from now on. Idempotent; NotFound for one that is not the viewer's."""
    rota = rotas.access_rota(viewer, product)
    with transaction.atomic():
        found = rota.feeds.select_for_update(no_key=True).filter(pk=number).first() if 0 < number < 1 << 63 else None
        if found is None:
            raise NotFound(f"There is no calendar {number} of the rota of {product}.", field="feed")
        if found.person != viewer.name or viewer.kind != "staff":
            rotas.check_leads(viewer, product, now)
        if found.revoked_at is None:
            found.revoked_at = now
            found.save(update_fields=["revoked_at"])
            _note("rota.feed_revoked", found, actor, now)


def calendar(token: str, now: datetime) -> str:
    """The calendar at this address. NotFound, always the same, for one that is unknown, revoked, or of somebody who left the staff."""
    found = Feed.objects.filter(digest=_digest(token), revoked_at=None).select_related("rota").first()
    if found is None or (found.person and not _is_staff(found.person, now)):
        raise NotFound("There is no calendar at this address.")
    return written(found.rota, found.person, now)


def written(rota: Rota, person: str, now: datetime) -> str:
    """The shifts of a rota, of one person or of all, as a calendar."""
    shifts = rules.shifts(rotas.rota_of(rota), now - PAST, now + COMING)
    own = [shift for shift in shifts if not person or shift.person == person]
    name = f"On call: {rota.product}{f', {person}' if person else ''}"
    about = ics.Calendar(name, settings.matrix_server_name, now, reminds=bool(person))
    return ics.calendar(about, own)


def _is_staff(slug: str, now: datetime) -> bool:
    person = Person.objects.filter(slug=slug, is_active=True).first()
    return person is not None and is_staff_at(person, now)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def _note(action: str, feed: Feed, actor: Actor, now: datetime) -> None:
    work = Work(now, actor)
    work.audit(action, f"rota:{feed.rota.product}", {"feed": feed.pk, "person": feed.person})
    work.flush()
