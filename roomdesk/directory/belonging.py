"""Who belongs in a workspace's room at an instant (R02, R03, R04, D32). One query for customers, one for staff."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db.models import Q, QuerySet

from roomdesk.directory.models import Escalation, Membership, Person, StaffRole, Workspace
from roomdesk.directory.queries import account_manager_at


def _valid(at: datetime) -> Q:
    return Q(valid_from__lte=at) & (Q(valid_to=None) | Q(valid_to__gt=at))


def customers(workspace: Workspace, at: datetime) -> list[Person]:
    """Owner and admins always, members where "Support room access" is on."""
    rows = Membership.objects.filter(_valid(at), workspace=workspace).filter(
        Q(role__in=[Membership.Role.OWNER, Membership.Role.ADMIN]) | Q(support_room_access=True)
    )
    return [row.person for row in rows.filter(person__is_active=True).select_related("person").order_by("person_id")]


def staff(
    workspace: Workspace, at: datetime, *, many_rooms: bool, on_call: Collection[Person] | None = None
) -> list[Person]:
    """The account manager always; account managers and engineers of the product while it has few enough rooms; specialists
    while a case is escalated to their field (D32). `on_call`: those who are on call, where there is a rota; then these are
    the engineers who belong in the room."""
    called = Escalation.objects.filter(_valid(at), workspace=workspace).values("field")
    needed = Q(role=StaffRole.Role.SPECIALIST, field__in=called)
    if not many_rooms:
        needed |= Q(role=StaffRole.Role.ACCOUNT_MANAGER)
        if on_call is None:
            needed |= Q(role=StaffRole.Role.ENGINEER)
    roles: QuerySet[StaffRole] = StaffRole.objects.filter(
        _valid(at), needed, Q(product="") | Q(product=workspace.product), person__is_active=True
    )
    people = {row.person_id: row.person for row in roles.select_related("person")}
    people |= {person.pk: person for person in on_call or ()}
    # Somebody who left the staff is out of every room, whatever the workspaces still name.
    manager = account_manager_at(workspace, at)
    if manager and manager.is_active:
        people[manager.pk] = manager
    return [people[key] for key in sorted(people)]
