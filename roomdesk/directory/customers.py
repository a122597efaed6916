"""People of workspaces as they look at their own: who they are there, and what of it they may read (R08, R10).

Whoever is staff too is a customer here, and sees what customers see (D5).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from roomdesk.directory.errors import NotFound
from roomdesk.directory.models import AccessRequest, Membership, Person, Workspace
from roomdesk.directory.queries import Viewer
from roomdesk.directory.services.intervals import valid_at
from roomdesk.rules import room_access

#: Decided requests that a list shows beside the open ones.
MOST_DECIDED = 20


@dataclass(frozen=True, slots=True)
class Customer:
    """A person in one workspace at an instant. `may_read`: owner and admins always, members with access to the room."""

    person: Person
    workspace: Workspace
    role: str
    has_access: bool

    @property
    def may_read(self) -> bool:
        return room_access.is_admitted(self.role, self.has_access)

    @property
    def may_decide(self) -> bool:
        return room_access.may_decide(self.role)

    @property
    def viewer(self) -> Viewer:
        """What this person sees of cases and the record: this workspace's, or nothing."""
        own = frozenset({self.workspace.pk}) if self.may_read else frozenset[int]()
        return Viewer("member", self.person.slug, workspaces=own, person_id=self.person.pk)


def customers_of(person: Person, at: datetime) -> list[Customer]:
    """The person in each of their workspaces at `at`, by slug. One query."""
    rows = Membership.objects.filter(valid_at(at), person=person).select_related("workspace__account_manager")
    return [_customer(person, row) for row in rows.order_by("workspace__slug")]


def access_customer(person: Person, slug: str, at: datetime) -> Customer:
    """The person in the workspace. NotFound, in the same words, where it is missing or not theirs. One query."""
    rows = Membership.objects.filter(valid_at(at), person=person, workspace__slug=slug)
    found = rows.select_related("workspace__account_manager").first() if "\0" not in slug else None
    if found is None:
        raise NotFound("There is no such workspace, or you do not belong to it.")
    return _customer(person, found)


def _customer(person: Person, row: Membership) -> Customer:
    return Customer(person, row.workspace, str(row.role), row.support_room_access)


def access_requests(workspace: Workspace) -> list[AccessRequest]:
    """Open requests, the oldest first, then some of those decided last. The caller has access to the workspace. Two queries."""
    rows = AccessRequest.objects.filter(workspace=workspace).select_related("person", "workspace")
    decided = rows.exclude(decided_at=None).order_by("-decided_at", "-pk")[:MOST_DECIDED]
    return [*open_requests(workspace), *decided]


def open_requests(workspace: Workspace) -> Iterable[AccessRequest]:
    """Requests that nobody has decided, the oldest first. One query."""
    rows = AccessRequest.objects.filter(workspace=workspace, decided_at=None)
    return rows.select_related("person", "workspace").order_by("asked_at", "pk")


def newest_request(customer: Customer) -> AccessRequest | None:
    """What this person asked for last, and what became of it. One query."""
    rows = AccessRequest.objects.filter(workspace=customer.workspace, person=customer.person)
    return rows.order_by("-asked_at", "-pk").first()
