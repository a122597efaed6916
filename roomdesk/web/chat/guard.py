"""Who reads a room on its page: the people of the workspace who have access to it, and the staff of its product."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils import translation
from django.views.decorators.cache import never_cache

from roomdesk.audit.work import Actor
from roomdesk.directory.customers import access_customer
from roomdesk.directory.models import Person, StaffRole, Workspace
from roomdesk.directory.queries import Viewer, access_workspace, viewer_of_person
from roomdesk.directory.services.intervals import valid_at
from roomdesk.product.formatting import format_due, zone_name
from roomdesk.product.queries import newest, product_of
from roomdesk.product.schema import Product
from roomdesk.refusals import DeskError, NotFound
from roomdesk.runtime import clock
from roomdesk.web.portal.guard import language_of

View = Callable[..., HttpResponseBase]


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who may read the room. `security`: products whose restricted cases they may read (empty text: all)."""

    person: Person
    workspace: Workspace
    product: Product
    viewer: Viewer
    is_staff: bool
    security: frozenset[str]
    now: datetime

    @property
    def actor(self) -> Actor:
        return Actor("staff" if self.is_staff else "person", self.person.slug)

    @property
    def locale(self) -> str:
        """Staff read the desk's own language, as on the console."""
        if self.is_staff:
            return "en"
        wanted = self.person.locale
        return wanted if wanted in self.product.texts else self.product.locale_for(self.workspace.locale)

    def told_at(self, at: datetime) -> tuple[str, str]:
        """An instant for the reader, and for hovering; staff in the office's zone."""
        office = self.product.office.timezone
        zone = office if self.is_staff else self.workspace.time_zone or office
        words, name = format_due(at, zone, self.locale, now=self.now), zone_name(at, zone)
        return words, f"{words} {'UTC' if name[:1] in '+-' else ''}{name}"


def reader_only(view: View) -> View:
    """Signs people in; who may not read the room learns nothing of it. The view gets the reader."""

    @login_required
    @never_cache
    @wraps(view)
    def guarded(request: HttpRequest, slug: str, **named: Any) -> HttpResponseBase:
        try:
            reader = _reader(request, slug)
        except DeskError as error:
            return missing(request, error)
        with translation.override(language_of(reader.locale)):
            try:
                return view(request, reader, **named)
            except DeskError as error:
                return missing(request, error)

    return guarded


def missing(request: HttpRequest, error: DeskError) -> HttpResponseBase:
    return render(request, "chat/missing.html", {"sentence": str(error).replace("`", "")}, status=error.status)


_NOT_YOURS = "There is no such room, or you have no access to it."


def _reader(request: HttpRequest, slug: str) -> Reader:
    """NotFound, in the same words, for a room that is missing, not theirs, or of a product without rooms."""
    person, now = request.user, clock.now()
    assert isinstance(person, Person)
    viewer = viewer_of_person(person, now)
    is_staff = viewer.kind == "staff"
    try:
        workspace = access_workspace(slug, viewer)
        is_staff = is_staff and (viewer.sees_all or workspace.product in viewer.products)
        viewer = viewer if is_staff else access_customer(person, slug, now).viewer
    except NotFound as error:
        raise NotFound(_NOT_YOURS) from error
    product = product_of(newest([workspace.product])[workspace.product].pk)
    if not product.room or not (is_staff or viewer.workspaces):
        raise NotFound(_NOT_YOURS)
    return Reader(
        person, workspace, product, viewer, is_staff, _security(person, now) if is_staff else frozenset(), now
    )


def _security(person: Person, now: datetime) -> frozenset[str]:
    roles = StaffRole.objects.filter(valid_at(now), person=person, role=StaffRole.Role.SECURITY)
    return frozenset(roles.values_list("product", flat=True))
