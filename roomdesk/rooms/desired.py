"""What a room should be: its settings, and who belongs in it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db.models import Q

from roomdesk.bootstrap import settings
from roomdesk.channels.matrix import room_body
from roomdesk.channels.matrix.names import KEEPER
from roomdesk.directory import belonging
from roomdesk.directory.models import Person, Workspace
from roomdesk.oncall import needs
from roomdesk.product.schema import Product
from roomdesk.rooms import naming, staff_rooms
from roomdesk.rooms.homes import Home, House, home_of, named
from roomdesk.rooms.models import Room
from roomdesk.rules.room_plan import STAFF_POWER, Actual, Desired, Wanted, staff_of
from roomdesk.rules.room_succession import Candidate

People = Mapping[str, tuple[Person, int]]


def belong(workspace: Home, product: Product | None, server: str, now: datetime) -> People:
    """Who belongs in the room at `now` with their power, by user id."""
    if isinstance(workspace, House):
        return staff_rooms.belong(workspace, server, now)
    assert product is not None
    customers = {naming.person_id(p, server): (p, 0) for p in belonging.customers(workspace, now)}
    staff = {naming.person_id(p, server): (p, STAFF_POWER) for p in staff_people(workspace, product, now)}
    return customers | staff


def staff_people(workspace: Workspace, product: Product, now: datetime) -> list[Person]:
    limit = product.limits.rooms_with_staff_in_advance
    many = Workspace.objects.filter(product=workspace.product)[: limit + 1].count() > limit
    return belonging.staff(workspace, now, many_rooms=many, on_call=needs.belong(workspace, now, many_rooms=many))


def power_of(room: Room, home: Home, staff: Iterable[str]) -> dict[str, Any]:
    """Content of the room's power levels; `staff`: user ids with staff power."""
    mighty = mighty_of(room, settings.matrix_server_name)
    if isinstance(home, House):
        return staff_rooms.power_levels(is_space=home.is_space, mighty=mighty)
    return room_body.power_levels(staff, mighty)


def body_of(
    home: Home, product: Product | None, *, alias: str, staff: list[str], server: str, mighty: Iterable[str] = ()
) -> dict[str, Any]:
    """The body of createRoom; `alias` as in `Room.alias`, empty for none. `mighty` as in `mighty_of`."""
    if isinstance(home, House):
        return staff_rooms.body_of(home, product, server, mighty)
    return _workspace_body(home, product, alias=alias, staff=staff, server=server, mighty=mighty)


def _workspace_body(
    workspace: Workspace,
    product: Product | None,
    *,
    alias: str,
    staff: list[str],
    server: str,
    mighty: Iterable[str],
) -> dict[str, Any]:
    assert product is not None
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


def desired(room: Room, workspace: Home, product: Product | None, people: People, server: str) -> Desired:
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
        slug=named(workspace),
        type=body["creation_content"].get("type", ""),
        children=staff_rooms.children(workspace, server) if isinstance(workspace, House) else {},
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
    """A room as `channels.matrix.looking.examine` told of it, with whose it is or was by our own books."""
    room_id = examined["room_id"]
    rows = Room.objects.filter(Q(room_id=room_id) | Q(former__address=room_id))
    owner = rows.select_related("workspace", "person").first()
    return Candidate(
        **{**examined, "creators": tuple(examined["creators"])}, owner=named(home_of(owner)) if owner else ""
    )


def canonical(found: object) -> str:
    return json.dumps(found, sort_keys=True, ensure_ascii=False)
