"""Who reads a room: the people of the workspace who have access to it, and the staff of its product."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from roomdesk.audit.work import Actor
from roomdesk.directory.customers import access_customer
from roomdesk.directory.models import Person, Workspace
from roomdesk.directory.queries import Viewer, access_workspace, viewer_of_person
from roomdesk.product.formatting import format_due, zone_name
from roomdesk.product.queries import newest, product_of
from roomdesk.product.schema import Product
from roomdesk.refusals import NotFound
from roomdesk.web.languages import locale_now


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
        """Staff read their own language, as on the console; customers theirs where the product speaks it."""
        if self.is_staff:
            return locale_now()
        wanted = self.person.locale
        return wanted if wanted in self.product.texts else self.product.locale_for(self.workspace.locale)

    def told_at(self, at: datetime) -> tuple[str, str]:
        """An instant for the reader, and for hovering; staff in the office's zone."""
        office = self.product.office.timezone
        zone = office if self.is_staff else self.workspace.time_zone or office
        words, name = format_due(at, zone, self.locale, now=self.now), zone_name(at, zone)
        return words, f"{words} {'UTC' if name[:1] in '+-' else ''}{name}"


_NOT_YOURS = "There is no such room, or you have no access to it."


def reader_of(person: Person, slug: str, now: datetime) -> Reader:
    """NotFound, in the same words, for a room that is missing, not theirs, or of a product without rooms."""
    viewer = viewer_of_person(person, now)
    is_staff, security = viewer.kind == "staff", viewer.security
    try:
        workspace = access_workspace(slug, viewer)
        is_staff = is_staff and (viewer.sees_all or workspace.product in viewer.products)
        viewer = viewer if is_staff else access_customer(person, slug, now).viewer
    except NotFound as error:
        raise NotFound(_NOT_YOURS) from error
    product = product_of(newest([workspace.product])[workspace.product].pk)
    if not product.room or not (is_staff or viewer.workspaces):
        raise NotFound(_NOT_YOURS)
    return Reader(person, workspace, product, viewer, is_staff, security if is_staff else frozenset(), now)
