"""What reconciling rooms would do, from what is stored; and asking the flow to do it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction

from roomdesk.audit.work import Actor, Work
from roomdesk.bootstrap import settings
from roomdesk.directory.models import Workspace
from roomdesk.product.queries import newest, product_of
from roomdesk.product.schema import Product
from roomdesk.queues import inbox
from roomdesk.rooms.models import Room, RoomMember
from roomdesk.rooms.services import belong, plan
from roomdesk.rules.room_plan import Action, Admit, Remove, SetPower


def plans(workspaces: Iterable[Workspace], now: datetime) -> list[dict[str, Any]]:
    """For every workspace whose product has rooms, the actions that are missing. Nothing is written."""
    return [_planned(workspace, product, now) for workspace, product in _with_rooms(workspaces)]


def do_reconcile(workspaces: Iterable[Workspace], actor: Actor, now: datetime) -> list[str]:
    """Asks the flow to bring the rooms of these workspaces right, each in its lane; returns their slugs. Idempotent."""
    with transaction.atomic(durable=True):
        asked = [workspace for workspace, _ in _with_rooms(workspaces)]
        work = Work(now, actor)
        for workspace in asked:
            inbox.tell(workspace.lane_id, "people_changed", {"by": actor.name}, now)
            scope = f"workspace:{workspace.slug}"
            work.audit("room.reconcile", scope, {}, scope=scope)
        work.flush()
    return [workspace.slug for workspace in asked]


def _with_rooms(workspaces: Iterable[Workspace]) -> list[tuple[Workspace, Product]]:
    found = list(workspaces)
    versions = newest(workspace.product for workspace in found)
    pairs = [(w, product_of(versions[w.product].pk)) for w in found if w.product in versions]
    return [(workspace, product) for workspace, product in pairs if product.room]


def _planned(workspace: Workspace, product: Product, now: datetime) -> dict[str, Any]:
    room = Room.objects.filter(workspace=workspace).first()
    head = {"workspace": workspace.slug, "state": room.state if room else None}
    if room is None:
        return {**head, "actions": [{"action": "make_room"}]}
    if not room.room_id:
        # It is being made, or could not be: its people follow once it is there.
        return {**head, "actions": []}
    members = {member.user_id: member for member in RoomMember.objects.filter(room=room)}
    server = settings.matrix_server_name
    actions = plan(room, belong(workspace, product, server, now), members, server)
    return {**head, "actions": [_shown(action) for action in actions]}


def _shown(action: Action) -> dict[str, Any]:
    match action:
        case Admit(user, power):
            return {"action": "admit", "user_id": user, "power": power}
        case Remove(user, reason):
            return {"action": "remove", "user_id": user, "reason": reason}
        case SetPower(staff):
            return {"action": "set_power", "staff": list(staff)}
