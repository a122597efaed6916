"""Writes of the directory: the names that others build on. Idempotent; everything is checked before anything is written."""

from __future__ import annotations

from datetime import datetime

from roomdesk.audit.work import Actor
from roomdesk.directory.models import Membership, StaffRole, Workspace
from roomdesk.directory.services.granting import grant
from roomdesk.directory.services.people import access_person, do_put_person, do_set_password, user_id
from roomdesk.directory.services.products import load, load_all
from roomdesk.directory.services.tokens import access_token, do_make_token, do_revoke_token, ensure_bootstrap_token
from roomdesk.directory.services.wishes import MemberGone, MemberWish, PersonWish, StaffGone, StaffWish, WorkspaceWish


def do_put_workspace(
    *,
    slug: str,
    product: str | None = None,
    display_name: str | None = None,
    tier: str | None = None,
    addons: tuple[str, ...] | list[str] | None = None,
    locale: str | None = None,
    account_manager: str | None = None,
    state: str | None = None,
    time_zone: str | None = None,
    actor: Actor,
    now: datetime,
) -> Workspace:
    """Creates or changes a workspace; its room follows by itself. `None` leaves a value as it is.

    Invalid names the field; Conflict: another product than before.
    """
    wish = WorkspaceWish(
        slug=slug,
        product=product,
        display_name=display_name,
        tier=tier,
        addons=None if addons is None else tuple(addons),
        locale=locale,
        account_manager=account_manager,
        state=state,
        time_zone=time_zone,
    )
    workspace: Workspace = grant([wish], actor, now)[0].value
    return workspace


def do_put_member(
    *,
    workspace: str,
    id: str,
    name: str | None = None,
    email: str | None = None,
    role: str | None = None,
    support_room_access: bool | None = None,
    locale: str | None = None,
    actor: Actor,
    now: datetime,
) -> Membership:
    """Creates the person if need be, with a role (default member). Another owner takes over from the former (D6)."""
    person = PersonWish(id=id, name=name, email=email, locale=locale)
    wish = MemberWish(workspace=workspace, person=person, role=role, support_room_access=support_room_access)
    membership: Membership = grant([wish], actor, now)[0].value
    return membership


def do_remove_member(*, workspace: str, id: str, actor: Actor, now: datetime) -> Membership:
    """Ends a membership. NotFound; Conflict for the owner."""
    membership: Membership = grant([MemberGone(workspace=workspace, id=id)], actor, now)[0].value
    return membership


def do_put_staff(
    *,
    id: str,
    roles: tuple[str, ...] | list[str] | None,
    name: str | None = None,
    email: str | None = None,
    product: str = "",
    field: str = "",
    locale: str | None = None,
    actor: Actor,
    now: datetime,
) -> list[StaffRole]:
    """For `product` (empty: all) the person has exactly `roles` from now on; returns all open roles of the person."""
    person = PersonWish(id=id, name=name, email=email, locale=locale)
    wish = StaffWish(person=person, roles=None if roles is None else tuple(roles), product=product, field=field)
    rows: list[StaffRole] = grant([wish], actor, now)[0].value
    return rows


def do_remove_staff(*, id: str, product: str | None = None, actor: Actor, now: datetime) -> list[StaffRole]:
    """Ends what the person does for one product, or with `None` for the vendor altogether; returns what ended."""
    rows: list[StaffRole] = grant([StaffGone(id=id, product=product)], actor, now)[0].value
    return rows


__all__ = [
    "access_person",
    "access_token",
    "do_make_token",
    "do_put_member",
    "do_put_person",
    "do_put_staff",
    "do_put_workspace",
    "do_remove_member",
    "do_remove_staff",
    "do_revoke_token",
    "do_set_password",
    "ensure_bootstrap_token",
    "grant",
    "load",
    "load_all",
    "user_id",
]
