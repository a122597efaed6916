"""Who belongs to a workspace. There is at most one owner; another one put takes over from the former (D6)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from roomdesk.audit.work import Actor, Work
from roomdesk.directory.errors import Conflict, Invalid, NotFound
from roomdesk.directory.models import AccessRequest, Membership, Person, StaffRole, Workspace
from roomdesk.directory.services import access_requests
from roomdesk.directory.services.intervals import close
from roomdesk.directory.services.people import off_board, put_person, take_back, user_id
from roomdesk.directory.services.wishes import MemberGone, MemberWish, Outcome
from roomdesk.queues import inbox
from roomdesk.rules.room_access import is_admitted

Role = Membership.Role


def put_member(wish: MemberWish, work: Work) -> Outcome[Membership]:
    """The member as wished, within the caller's transaction, which holds the lane."""
    workspace = access_open(wish.workspace)
    before = _open(workspace, wish.person.id)
    role, access = _wished(wish, before)
    _check_keeps_owner(workspace, before, role)
    if wish.own_people_only:
        _check_own(workspace, wish.person.id)
    person = put_person(wish.person, work)
    if before and (before.role, before.support_room_access) == (role, access):
        if person.changed:
            _tell(workspace, [wish.person.id], work)
        return Outcome(before, changed=person.changed)
    after = _set(workspace, person.value, before, role, access, work)
    return Outcome(after, created=before is None, changed=True)


def remove_member(wish: MemberGone, work: Work) -> Outcome[Membership]:
    """Ends a membership. NotFound if there is none; Conflict for the owner."""
    workspace = access_open(wish.workspace)
    before = _open(workspace, wish.id)
    if before is None:
        raise NotFound(f'There is no member "{wish.id}" in the workspace "{wish.workspace}".', field="id")
    _check_keeps_owner(workspace, before, None)
    close(before, work.now)
    _note(work, workspace, "member.removed", wish.id, {"before": _shown(before)})
    access_requests.settle(work, workspace, before.person, AccessRequest.Outcome.ENDED, work.actor)
    off_board(before.person, work)
    _tell(workspace, [wish.id], work, left=[user_id(before.person)])
    return Outcome(before, changed=True)


def access_open(slug: str) -> Workspace:
    workspace = Workspace.objects.filter(slug=slug).first()
    if workspace is None:
        raise NotFound(f'There is no workspace "{slug}", or it is not yours to see.', field="workspace")
    return workspace


def _open(workspace: Workspace, person: str) -> Membership | None:
    rows = Membership.objects.filter(workspace=workspace, person__slug=person, valid_to=None)
    return rows.select_related("person").first()


def _wished(wish: MemberWish, before: Membership | None) -> tuple[str, bool]:
    role = wish.role if wish.role is not None else before.role if before else Role.MEMBER.value
    if role not in Role.values:
        raise Invalid(f'A member cannot be "{role}"; the role is owner, admin or member.', field="role")
    access = wish.support_room_access
    if access is None:
        access = before.support_room_access if before else False
    return role, access


def _check_keeps_owner(workspace: Workspace, before: Membership | None, role: str | None) -> None:
    if before and before.role == Role.OWNER and role != Role.OWNER:
        raise Conflict(
            f'"{before.person.slug}" is the only owner of the workspace "{workspace.slug}"; put another owner first, '
            "who takes over.",
            field="role",
        )


def _check_own(workspace: Workspace, slug: str) -> None:
    """A caller who rules one workspace must not rename people of others: with the address goes their password."""
    person = Person.objects.filter(slug=slug).first()
    if person is None:
        return
    memberships = set(Membership.objects.filter(person=person).values_list("workspace_id", flat=True))
    if memberships != {workspace.pk} or StaffRole.objects.filter(person=person).exists():
        raise Conflict(
            f'The id "{slug}" is taken outside this workspace; choose another, or ask the vendor.', field="id"
        )


def _set(
    workspace: Workspace, person: Person, before: Membership | None, role: str, access: bool, work: Work
) -> Membership:
    """Closes what was and opens what shall be, and with a new owner the same for the former."""
    concerned = [person.slug]
    if before:
        close(before, work.now)
    else:
        take_back(person, work)
    if role == Role.OWNER and (former := _owner(workspace)):
        _step_down(former, person, work)
        concerned.append(former.person.slug)
    after = _begin(workspace, person, role, access, work)
    data = {"before": _shown(before), "after": _shown(after)} if before else {"after": _shown(after)}
    _note(work, workspace, "member.changed" if before else "member.added", person.slug, data)
    _settle(workspace, after, work, work.actor)
    _tell(workspace, concerned, work)
    return after


def switch_access(workspace: Workspace, before: Membership, access: bool, work: Work, by: Actor) -> Membership:
    """The membership with access to the room on or off, in the name of `by`; within the caller's transaction, which holds the lane."""
    close(before, work.now)
    after = _begin(workspace, before.person, before.role, access, work)
    data = {"before": _shown(before), "after": _shown(after)}
    _note(work, workspace, "member.changed", before.person.slug, data, by)
    _settle(workspace, after, work, by)
    _tell(workspace, [before.person.slug], work)
    return after


def _settle(workspace: Workspace, after: Membership, work: Work, by: Actor) -> None:
    """Whoever is let in, by whatever way, asks no longer (D7)."""
    if is_admitted(after.role, after.support_room_access):
        access_requests.settle(work, workspace, after.person, AccessRequest.Outcome.APPROVED, by)


def _owner(workspace: Workspace) -> Membership | None:
    rows = Membership.objects.filter(workspace=workspace, role=Role.OWNER, valid_to=None)
    return rows.select_related("person", "workspace").first()


def _step_down(former: Membership, successor: Person, work: Work) -> None:
    """The former owner becomes admin at the same instant."""
    close(former, work.now)
    after = _begin(former.workspace, former.person, Role.ADMIN, former.support_room_access, work)
    data = {"before": _shown(former), "after": _shown(after), "successor": successor.slug}
    _note(work, former.workspace, "member.ownership_passed", former.person.slug, data)


def _begin(workspace: Workspace, person: Person, role: str, access: bool, work: Work) -> Membership:
    return Membership.objects.create(
        workspace=workspace, person=person, role=role, support_room_access=access, valid_from=work.now
    )


def _shown(row: Membership) -> dict[str, Any]:
    return {"role": str(row.role), "support_room_access": row.support_room_access}


def _note(
    work: Work, workspace: Workspace, action: str, person: str, data: dict[str, Any], by: Actor | None = None
) -> None:
    work.audit(action, f"person:{person}", data, scope=f"workspace:{workspace.slug}", actor=by)


def _tell(workspace: Workspace, people: list[str], work: Work, left: Sequence[str] = ()) -> None:
    """`left`: user ids of leavers."""
    told = {"slug": workspace.slug, "people": people, "left": list(left)}
    inbox.tell(workspace.lane_id, "people_changed", told, work.now)
