"""What reconciling rooms would do, from the rooms as they are; and asking the flow to do it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction

from roomdesk.audit.work import Actor, Work
from roomdesk.bootstrap import settings
from roomdesk.channels.matrix.client import Matrix, current
from roomdesk.channels.matrix.errors import MatrixError
from roomdesk.channels.matrix.looking import look
from roomdesk.directory.errors import Conflict
from roomdesk.directory.models import Workspace
from roomdesk.directory.services.staff import tell_staff_rooms
from roomdesk.product.queries import newest, product_of
from roomdesk.product.schema import Product
from roomdesk.product.services import known
from roomdesk.queues import inbox
from roomdesk.queues.lanes import staff_key
from roomdesk.queues.models import OutboxRow
from roomdesk.rooms import queries, staff_rooms
from roomdesk.rooms.desired import actual, belong, desired
from roomdesk.rooms.homes import Home, destination, home_of, scope_of, subject_of
from roomdesk.rooms.models import Room
from roomdesk.rooms.shown import shown_plan
from roomdesk.rules.room_plan import Plan, plan

#: Tells the flow that a room is to be looked at, and repaired where it is not as it should be.
LOOK = "room_look"
#: Tells the flow that an operator wants this room to be the workspace's.
ADOPT = "room_adopt"
#: Planned for a room that nobody has asked for yet.
MAKE_ROOM = {"action": "make_room"}
_TRY_AGAIN = "Rooms are compared only with what the homeserver says; try again."


def staff_plans(
    now: datetime, *, allow_mass_removal: bool = False, matrix: Matrix | None = None
) -> list[dict[str, Any]]:
    """As `plans`, for the staff's own rooms: `staff_room` names each, and `workspace` is None."""
    there = queries.staff_rooms()
    names = {home_of(room).slug for room in there}
    wanted = [house for slug in ("", *known()) for house in staff_rooms.houses(slug, lane_id=0)]
    missing = [
        {"workspace": None, "staff_room": house.slug, "room_id": None, "state": None, "actions": [MAKE_ROOM]}
        for house in wanted
        if house.slug not in names and staff_rooms.belong(house, settings.matrix_server_name, now)
    ]
    try:
        return missing + [_planned_staff_room(room, now, matrix, allow_mass_removal) for room in there]
    except MatrixError as error:
        raise Conflict(f"{error} {_TRY_AGAIN}") from error


def do_reconcile_staff_rooms(actor: Actor, now: datetime, *, allow_mass_removal: bool = False) -> list[str]:
    """As `do_reconcile`, for the staff's own rooms; those that are missing are made. Returns the names of those that are there."""
    with transaction.atomic(durable=True):
        work = Work(now, actor)
        tell_staff_rooms(known(), work)
        for slug in ("", *known()):
            work.tell(staff_key(slug), LOOK, because="operator", by=actor.name, allow_mass_removal=allow_mass_removal)
        names = [home_of(room).slug for room in queries.staff_rooms()]
        work.audit("room.reconcile", "staff_rooms", {"allow_mass_removal": allow_mass_removal, "rooms": names})
        work.flush()
    return names


def plans(
    workspaces: Iterable[Workspace], now: datetime, *, allow_mass_removal: bool = False, matrix: Matrix | None = None
) -> list[dict[str, Any]]:
    """For every workspace whose product has rooms, what is missing in the room as it is. Nothing is written.

    Two calls of the homeserver a room (four where the bot is out). Conflict where it does not answer.
    """
    try:
        return [_planned(w, product, now, matrix, allow_mass_removal) for w, product in _with_rooms(workspaces)]
    except MatrixError as error:
        raise Conflict(f"{error} {_TRY_AGAIN}") from error


def do_reconcile(
    workspaces: Iterable[Workspace], actor: Actor, now: datetime, *, allow_mass_removal: bool = False
) -> list[str]:
    """Asks the flow to bring the rooms of these workspaces right, each in its lane; returns their slugs. Idempotent."""
    with transaction.atomic(durable=True):
        asked = [workspace for workspace, _ in _with_rooms(workspaces)]
        work = Work(now, actor)
        for workspace in asked:
            told = {"by": actor.name, "because": "operator", "allow_mass_removal": allow_mass_removal}
            inbox.tell(workspace.lane_id, LOOK, told, now)
            data = {"allow_mass_removal": allow_mass_removal}
            work.audit("room.reconcile", subject_of(workspace), data, scope=scope_of(workspace))
        work.flush()
    return [workspace.slug for workspace in asked]


def plan_of(room: Room, now: datetime, *, matrix: Matrix | None = None) -> dict[str, Any]:
    """As `plans`, for one room, a workspace's or the staff's. Conflict where the homeserver does not answer."""
    home = home_of(room)
    try:
        return _compared({"state": room.state}, room, home, product_for(home), now, matrix, allow_mass_removal=False)
    except MatrixError as error:
        raise Conflict(f"{error} {_TRY_AGAIN}") from error


def do_reconcile_room(room: Room, actor: Actor, now: datetime) -> None:
    """As `do_reconcile`, for one room, a workspace's or the staff's."""
    home = home_of(room)
    with transaction.atomic(durable=True):
        work = Work(now, actor)
        inbox.tell(home.lane_id, LOOK, {"by": actor.name, "because": "operator", "room": room.pk}, now)
        work.audit("room.reconcile", subject_of(home), {"allow_mass_removal": False}, scope=scope_of(home))
        work.flush()


def differences(
    room: Room,
    workspace: Home,
    product: Product | None,
    now: datetime,
    matrix: Matrix,
    *,
    allow_mass_removal: bool = False,
) -> Plan:
    """The plan for the room as the homeserver has it now. Raises `MatrixError`."""
    seen = look(matrix, room.room_id, room.alias)
    server = settings.matrix_server_name
    wanted = desired(room, workspace, product, belong(workspace, product, server, now), server)
    return plan(wanted, actual(room, seen), allow_mass_removal=allow_mass_removal)


def waiting_calls(workspace: Home) -> int:
    """Calls for the room that have not been made yet: what they change is still missing in it. Words change nothing of it."""
    waiting = OutboxRow.objects.filter(destination=destination(workspace), state__in=OutboxRow.ACTIVE)
    return waiting.exclude(kind="send").count()


def _with_rooms(workspaces: Iterable[Workspace]) -> list[tuple[Workspace, Product]]:
    found = list(workspaces)
    versions = newest(workspace.product for workspace in found)
    pairs = [(w, product_of(versions[w.product].pk)) for w in found if w.product in versions]
    return [(workspace, product) for workspace, product in pairs if product.room]


def _planned(
    workspace: Workspace, product: Product, now: datetime, matrix: Matrix | None, allow_mass_removal: bool
) -> dict[str, Any]:
    room = Room.objects.filter(workspace=workspace).first()
    if room is None:
        return {"workspace": workspace.slug, "state": None, "actions": [MAKE_ROOM]}
    head = {"workspace": workspace.slug, "state": room.state}
    return _compared(head, room, workspace, product, now, matrix, allow_mass_removal)


def _planned_staff_room(room: Room, now: datetime, matrix: Matrix | None, allow_mass_removal: bool) -> dict[str, Any]:
    house = home_of(room)
    head = {"workspace": None, "staff_room": house.slug, "room_id": room.room_id or None, "state": room.state}
    return _compared(head, room, house, product_for(house), now, matrix, allow_mass_removal)


def product_for(home: Home) -> Product | None:
    """The newest version of the product that the room is for; None for all of them, or one that is loaded no more."""
    version = newest([home.product]).get(home.product) if home.product else None
    return product_of(version.pk) if version else None


def _compared(
    head: dict[str, Any],
    room: Room,
    home: Home,
    product: Product | None,
    now: datetime,
    matrix: Matrix | None,
    allow_mass_removal: bool,
) -> dict[str, Any]:
    if not room.room_id:
        # It is being made, or could not be and is asked for again: its people follow once it is there.
        return {**head, "actions": [MAKE_ROOM] if room.state == Room.State.FAILED else []}
    found = differences(room, home, product, now, matrix or current(), allow_mass_removal=allow_mass_removal)
    return {**head, **shown_plan(found), "waiting": waiting_calls(home)}
