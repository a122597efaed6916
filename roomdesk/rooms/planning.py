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
from roomdesk.product.queries import newest, product_of
from roomdesk.product.schema import Product
from roomdesk.queues import inbox
from roomdesk.queues.models import OutboxRow
from roomdesk.rooms.acting import destination
from roomdesk.rooms.desired import actual, belong, desired
from roomdesk.rooms.models import Room
from roomdesk.rooms.shown import shown_plan
from roomdesk.rules.room_plan import Plan, plan

#: Tells the flow that a room is to be looked at, and repaired where it is not as it should be.
LOOK = "room_look"
#: Tells the flow that an operator wants this room to be the workspace's.
ADOPT = "room_adopt"


def plans(
    workspaces: Iterable[Workspace], now: datetime, *, allow_mass_removal: bool = False, matrix: Matrix | None = None
) -> list[dict[str, Any]]:
    """For every workspace whose product has rooms, what is missing in the room as it is. Nothing is written.

    Two calls of the homeserver a room (four where the bot is out). Conflict where it does not answer.
    """
    try:
        return [_planned(w, product, now, matrix, allow_mass_removal) for w, product in _with_rooms(workspaces)]
    except MatrixError as error:
        raise Conflict(f"{error} Rooms are compared only with what the homeserver says; try again.") from error


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
            scope = f"workspace:{workspace.slug}"
            work.audit("room.reconcile", scope, {"allow_mass_removal": allow_mass_removal}, scope=scope)
        work.flush()
    return [workspace.slug for workspace in asked]


def differences(
    room: Room,
    workspace: Workspace,
    product: Product,
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


def waiting_calls(workspace: Workspace) -> int:
    """Calls for the room that have not been made yet: what they change is still missing in it."""
    return OutboxRow.objects.filter(destination=destination(workspace), state__in=OutboxRow.ACTIVE).count()


def _with_rooms(workspaces: Iterable[Workspace]) -> list[tuple[Workspace, Product]]:
    found = list(workspaces)
    versions = newest(workspace.product for workspace in found)
    pairs = [(w, product_of(versions[w.product].pk)) for w in found if w.product in versions]
    return [(workspace, product) for workspace, product in pairs if product.room]


def _planned(
    workspace: Workspace, product: Product, now: datetime, matrix: Matrix | None, allow_mass_removal: bool
) -> dict[str, Any]:
    room = Room.objects.filter(workspace=workspace).first()
    head = {"workspace": workspace.slug, "state": room.state if room else None}
    if room is None:
        return {**head, "actions": [{"action": "make_room"}]}
    if not room.room_id:
        # It is being made, or could not be and is asked for again: its people follow once it is there.
        return {**head, "actions": [{"action": "make_room"}] if room.state == Room.State.FAILED else []}
    found = differences(room, workspace, product, now, matrix or current(), allow_mass_removal=allow_mass_removal)
    return {**head, **shown_plan(found), "waiting": waiting_calls(workspace)}
