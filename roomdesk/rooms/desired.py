"""What a workspace's room should be: its settings, and who belongs in it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db.models import Q

from roomdesk.channels.matrix import room_body
from roomdesk.channels.matrix.names import KEEPER
from roomdesk.directory import belonging
from roomdesk.directory.models import Person, Workspace
from roomdesk.product.schema import Product
from roomdesk.rooms import naming
from roomdesk.rooms.models import Room
from roomdesk.rules.room_plan import STAFF_POWER, Actual, Desired, Wanted, staff_of
from roomdesk.rules.room_succession import Candidate

People = Mapping[str, tuple[Person, int]]


def belong(workspace: Workspace, product: Product, server: str, now: datetime) -> People:
    """Who belongs in the workspace's room at `now` with their power, by user id."""
    customers = {naming.person_id(p, server): (p, 0) for p in belonging.customers(workspace, now)}
    staff = {naming.person_id(p, server): (p, STAFF_POWER) for p in staff_people(workspace, product, now)}
    return customers | staff


def staff_people(workspace: Workspace, product: Product, now: datetime) -> list[Person]:
    limit = product.limits.rooms_with_staff_in_advance
    many = Workspace.objects.filter(product=workspace.product)[: limit + 1].count() > limit
    return belonging.staff(workspace, now, many_rooms=many)


def body_of(
    workspace: Workspace, product: Product, *, alias: str, staff: list[str], server: str, mighty: Iterable[str] = ()
) -> dict[str, Any]:
    """The body of createRoom for the workspace; `alias` as in `Room.alias`, empty for none. `mighty` as in `mighty_of`."""
    locale = workspace.locale
    names = {"slug": workspace.slug, "workspace": workspace.display_name, "product": product.name}
    return room_body.room_body(
        name=product.text(locale, "room.name", **names),
        topic=product.text(locale, "room.topic", **names),
        alias_localpart=alias[1:].partition(":")[0] or None,
        server=server,
        staff=staff,
        workspace_slug=workspace.slug,
        mighty=mighty,
    )


def mighty_of(room: Room, server: str) -> list[str]:
    """Users of the desk that need power by name in this room, being none of its creators."""
    return [] if room.keeper_is_creator else [naming.user_id(KEEPER, server)]


def desired(room: Room, workspace: Workspace, product: Product, people: People, server: str) -> Desired:
    """The whole room. Every user of the desk's own name space is ours, so that none of them is ever planned out of it."""
    wanted = {user: Wanted(user, power) for user, (_, power) in people.items()}
    staff, mighty = list(staff_of(wanted)), mighty_of(room, server)
    body = body_of(workspace, product, alias=room.alias, staff=staff, server=server, mighty=mighty)
    return Desired(
        state=room_body.whole_state(body, room.alias or None),
        people=wanted,
        bot=naming.user_id(naming.BOT, server),
        keeper=naming.user_id(KEEPER, server),
        is_ours=lambda user: naming.is_ours(user, server),
        alias=room.alias,
        slug=workspace.slug,
    )


def actual(room: Room, seen: Mapping[str, Any]) -> Actual:
    """The room as `channels.matrix.looking.look` told of it."""
    state = {(kind, key): content for kind, key, content in seen["state"]}
    successor = seen.get("successor")
    return Actual(
        room.room_id,
        state,
        seen["members"],
        seen["alias_room"],
        is_gone=seen.get("is_gone", False),
        successor=candidate(successor) if successor else None,
    )


def candidate(examined: Mapping[str, Any]) -> Candidate:
    """A room as `channels.matrix.looking.examine` told of it, with the workspace that has or had it by our own books."""
    room_id = examined["room_id"]
    rows = Room.objects.filter(Q(room_id=room_id) | Q(former__address=room_id))
    owner = rows.values_list("workspace__slug", flat=True).first()
    return Candidate(**{**examined, "creators": tuple(examined["creators"])}, owner=owner or "")


def canonical(found: object) -> str:
    return json.dumps(found, sort_keys=True, ensure_ascii=False)
