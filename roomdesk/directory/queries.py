"""Reads of the directory. Each takes the instant it is about; none makes more queries for more rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Prefetch, Q, QuerySet

from roomdesk.directory.errors import NotFound
from roomdesk.directory.models import (
    ApiToken,
    Availability,
    Escalation,
    Membership,
    Person,
    StaffRole,
    Workspace,
    WorkspaceTerms,
)
from roomdesk.directory.services.intervals import valid_at

#: The most that one page of a list holds.
PAGE = 100


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks, and what they may see. `kind` is token, staff or member; `name` the token's or the person's id.

    `sees_all` and `products` (of staff; empty text: all) and `workspaces` (ids) say which workspaces are theirs, `security` of
    which products they have the security role (empty text: all).
    """

    kind: str
    name: str
    scopes: frozenset[str] = frozenset()
    sees_all: bool = False
    products: frozenset[str] = frozenset()
    workspaces: frozenset[int] = field(default=frozenset())
    person_id: int | None = None
    security: frozenset[str] = frozenset()
    #: What a member of the staff is, for whichever products.
    roles: frozenset[str] = frozenset()

    def may(self, scope: str) -> bool:
        """Whether a token has the scope; `admin` has every one."""
        return scope in self.scopes or "admin" in self.scopes


@dataclass(frozen=True, slots=True)
class Authority:
    """What a person may do in a workspace at an instant. `role` is empty for somebody who is no member."""

    role: str = ""
    support_room_access: bool = False
    staff_roles: frozenset[str] = frozenset()

    @property
    def is_staff(self) -> bool:
        """Staff is staff for clocks, and never a customer for consent (D5)."""
        return bool(self.staff_roles)


def viewer_of_token(token: ApiToken) -> Viewer:
    """What a token sees: everything, or the one workspace it is limited to."""
    limited = frozenset() if token.workspace_id is None else frozenset({token.workspace_id})
    return Viewer("token", token.name, frozenset(token.scopes), sees_all=not limited, workspaces=limited)


def viewer_of_person(person: Person, at: datetime) -> Viewer:
    """What a person sees: as staff the workspaces of their products, as member their own."""
    roles = list(StaffRole.objects.filter(valid_at(at), person=person).values_list("role", "product"))
    products = frozenset(product for _, product in roles)
    security = frozenset(product for role, product in roles if role == StaffRole.Role.SECURITY)
    own = frozenset(Membership.objects.filter(valid_at(at), person=person).values_list("workspace_id", flat=True))
    kind = "staff" if products else "member"
    return Viewer(
        kind,
        person.slug,
        sees_all="" in products,
        products=products,
        workspaces=own,
        person_id=person.pk,
        security=security,
        roles=frozenset(role for role, _ in roles),
    )


def workspaces_of(viewer: Viewer) -> QuerySet[Workspace]:
    """The workspaces that are the viewer's to see, by slug."""
    rows = Workspace.objects.select_related("account_manager").order_by("slug")
    if viewer.sees_all:
        return rows
    return rows.filter(Q(pk__in=viewer.workspaces) | Q(product__in=viewer.products))


def readable_rooms(viewer: Viewer, at: datetime) -> frozenset[int]:
    """The viewer's own workspaces (ids) whose conversation they may read: a member only with access to the room (R08)."""
    if viewer.person_id is None or not viewer.workspaces:
        return viewer.workspaces
    rows = Membership.objects.filter(valid_at(at), person_id=viewer.person_id, workspace_id__in=viewer.workspaces)
    rows = rows.exclude(role=Membership.Role.MEMBER, support_room_access=False)
    return frozenset(rows.values_list("workspace_id", flat=True))


def access_workspace(slug: str, viewer: Viewer) -> Workspace:
    """The workspace; NotFound, in the same words, if it is missing or not the viewer's."""
    # PostgreSQL cannot compare a text with NUL; no slug has one.
    found = workspaces_of(viewer).filter(slug=slug).first() if "\0" not in slug else None
    if found is None:
        raise NotFound(f'There is no workspace "{slug}", or it is not yours to see.')
    return found


def workspace_page(viewer: Viewer, after: str = "", limit: int = PAGE) -> tuple[list[Workspace], str | None]:
    """A page of workspaces with their terms in force, and the key of the next page if there is one."""
    rows = workspaces_of(viewer).filter(slug__gt=after).prefetch_related(open_terms())
    return _page(list(rows[: limit + 1]), limit)


def open_terms() -> Prefetch[str]:
    """Prefetches the one open row of terms as `terms_now`."""
    return Prefetch("terms", WorkspaceTerms.objects.filter(valid_to=None), to_attr="terms_now")


def _page(rows: list[Workspace], limit: int) -> tuple[list[Workspace], str | None]:
    shown = rows[:limit]
    return shown, shown[-1].slug if len(rows) > limit else None


def terms_at(workspace_ids: Iterable[int], at: datetime) -> dict[int, WorkspaceTerms]:
    """Tier, add-ons and state in force at `at`, by workspace id."""
    rows = WorkspaceTerms.objects.filter(valid_at(at), workspace_id__in=set(workspace_ids))
    return {row.workspace_id: row for row in rows}


def people_at(workspace_ids: Iterable[int], at: datetime) -> dict[int, list[Membership]]:
    """Members in force at `at` by workspace id, owner first; every id has its list. One query."""
    found: dict[int, list[Membership]] = {pk: [] for pk in workspace_ids}
    rows = Membership.objects.filter(valid_at(at), workspace_id__in=found).select_related("person")
    order = {"owner": 0, "admin": 1, "member": 2}
    for row in sorted(rows, key=lambda row: (order[row.role], row.person.slug)):
        found[row.workspace_id].append(row)
    return found


def people_of(workspace: Workspace, at: datetime) -> list[Membership]:
    """Members of one workspace in force at `at`, owner first."""
    return people_at([workspace.pk], at)[workspace.pk]


def access_member(workspace: Workspace, person: str, at: datetime) -> Membership:
    """One member in force at `at`. NotFound."""
    rows = Membership.objects.filter(valid_at(at), workspace=workspace, person__slug=person)
    found = rows.select_related("person").first() if "\0" not in person else None
    if found is None:
        raise NotFound(f'There is no member "{person}" in the workspace "{workspace.slug}".')
    return found


def staff_at(at: datetime, products: Iterable[str] | None = None) -> list[StaffRole]:
    """Staff roles in force at `at`, those for all products included, by person; `None` means of every product."""
    rows = StaffRole.objects.filter(valid_at(at)).select_related("person__availability")
    rows = rows.order_by("person__slug", "product", "role", "field")
    return list(rows if products is None else rows.filter(product__in={"", *products}))


def is_staff_at(person: Person, at: datetime) -> bool:
    """Whether the person works for the vendor at `at`, in whatever role and for whichever product."""
    return StaffRole.objects.filter(valid_at(at), person=person).exists()


def staff_of(product: str, at: datetime) -> dict[str, list[Person]]:
    """Who has which role for a product at `at`: role → people by id."""
    found: dict[str, list[Person]] = {}
    for row in staff_at(at, [product]):
        people = found.setdefault(row.role, [])
        if row.person not in people:
            people.append(row.person)
    return found


def specialists_at(product: str, at: datetime) -> dict[str, list[Person]]:
    """Active specialists for a product by their field, at `at`."""
    found: dict[str, list[Person]] = {}
    for row in staff_at(at, [product]):
        people = found.setdefault(row.field, []) if row.role == StaffRole.Role.SPECIALIST else None
        if people is not None and row.person.is_active and row.person not in people:
            people.append(row.person)
    return found


def is_present(person: Person) -> bool:
    """Whether they are given new cases by turn."""
    return not Availability.objects.filter(person=person, is_present=False).exists()


def escalated(refs: Iterable[str]) -> dict[str, list[str]]:
    """The fields to which each of these cases is escalated now, by reference; every reference has its list. One query."""
    found: dict[str, list[str]] = {ref: [] for ref in refs}
    rows = Escalation.objects.filter(ref__in=found, valid_to=None)
    for ref, called in rows.order_by("field").values_list("ref", "field"):
        found[ref].append(called)
    return found


def account_manager_at(workspace: Workspace, at: datetime) -> Person | None:
    """The account manager, if the person still has that role: leaving the staff ends it everywhere at once."""
    if workspace.account_manager_id is None:
        return None
    rows = StaffRole.objects.filter(valid_at(at), person_id=workspace.account_manager_id, role="account_manager")
    return workspace.account_manager if rows.filter(product__in=["", workspace.product]).exists() else None


def authority(person: Person, workspace: Workspace, at: datetime) -> Authority:
    """What the person may do in the workspace at `at`. Two queries."""
    member = Membership.objects.filter(valid_at(at), person=person, workspace=workspace).first()
    rows = StaffRole.objects.filter(valid_at(at), person=person, product__in=["", workspace.product])
    roles = frozenset(rows.values_list("role", flat=True))
    if member is None:
        return Authority(staff_roles=roles)
    return Authority(member.role, member.support_room_access, roles)


def tokens() -> list[ApiToken]:
    """All tokens, by name."""
    return list(ApiToken.objects.select_related("workspace").order_by("name"))


def terms_now(workspace: Workspace) -> WorkspaceTerms:
    """The open row of terms: prefetched by `workspace_page`, else read."""
    prefetched: list[WorkspaceTerms] | None = getattr(workspace, "terms_now", None)
    return prefetched[0] if prefetched else WorkspaceTerms.objects.get(workspace=workspace, valid_to=None)


def belongings(person: Person, at: datetime) -> dict[str, list[dict[str, str]]]:
    """A person's workspaces and staff roles at `at`."""
    members = (
        Membership.objects.filter(valid_at(at), person=person).select_related("workspace").order_by("workspace__slug")
    )
    roles = StaffRole.objects.filter(valid_at(at), person=person).order_by("product", "role", "field")
    return {
        "workspaces": [{"workspace": row.workspace.slug, "role": str(row.role)} for row in members],
        "roles": [{"role": str(row.role), "product": row.product, "field": row.field} for row in roles],
    }


def active_person(slug: str) -> Person | None:
    """The person of this id, unless they may no longer sign in."""
    return Person.objects.filter(slug=slug, is_active=True).first() if "\0" not in slug else None
