"""Making a workspace's room and keeping its people right. Plans writes and calls in the caller's `Work`, under the lane's lock."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from roomdesk.audit.work import Work
from roomdesk.channels.matrix import room_body
from roomdesk.directory import belonging
from roomdesk.directory.models import Person, Workspace
from roomdesk.product.schema import Product
from roomdesk.queues import lanes
from roomdesk.queues.models import Lane
from roomdesk.rooms import naming
from roomdesk.rooms.models import Room, RoomMember
from roomdesk.rules.room_plan import STAFF_POWER, Action, Admit, Remove, SetPower, Wanted, members_plan


def destination(workspace: Workspace) -> str:
    """The outbox destination of everything that happens in a workspace's room: in order, one at a time."""
    return f"matrix:room:{workspace.slug}"


def want_room(work: Work, workspace: Workspace, product: Product, *, server: str, secret: str) -> Room:
    """Plans the room of a workspace that has none: one call that makes it, right from its first event (R01, R05)."""
    staff = sorted(naming.person_id(p, server) for p in _staff(workspace, product, work.now))
    localpart = naming.alias_localpart(workspace, product, _suffix(workspace, secret))
    alias = f"#{localpart}:{server}" if localpart else ""
    room = Room(workspace=workspace, alias=alias, wanted_at=work.now, powered=" ".join(staff))
    work.insert(room)
    locale = workspace.locale
    names = {"slug": workspace.slug, "workspace": workspace.display_name, "product": product.name}
    body = room_body.room_body(
        name=product.text(locale, "room.name", **names),
        topic=product.text(locale, "room.topic", **names),
        alias_localpart=localpart,
        server=server,
        staff=staff,
        workspace_slug=workspace.slug,
    )
    payload = {"body": body, "alias": alias or None}
    work.send(
        "matrix",
        "create_room",
        destination(workspace),
        payload,
        once=f"create_room:{workspace.slug}",
        lane_id=workspace.lane_id,
    )
    work.audit("room.wanted", f"workspace:{workspace.slug}", {"alias": alias}, scope=f"workspace:{workspace.slug}")
    return room


def _suffix(workspace: Workspace, secret: str) -> str:
    """Eight characters that nobody can guess and that stay the same when the work is repeated."""
    return hashlib.sha256(f"{secret}:{workspace.slug}".encode()).hexdigest()[:8]


def room_made(work: Work, room: Room, workspace: Workspace, lane: Lane, room_id: str) -> None:
    """The homeserver has made the room: from now on its events belong to the workspace's lane."""
    room.room_id, room.state, room.ready_at, room.problem = room_id, Room.State.READY, work.now, ""
    work.update(room, "room_id", "state", "ready_at", "problem")
    lanes.route("matrix", room_id, lane, work.now)
    scope = f"workspace:{workspace.slug}"
    work.audit("room.made", scope, {"room_id": room_id, "alias": room.alias}, scope=scope)


def room_refused(work: Work, room: Room, workspace: Workspace, error: str) -> None:
    """The room could not be made, for good: shown by `doctor` and the console."""
    room.state, room.problem = Room.State.FAILED, error
    work.update(room, "state", "problem")
    scope = f"workspace:{workspace.slug}"
    work.audit("room.failed", scope, {"error": error}, scope=scope)


def refresh(
    work: Work, room: Room, workspace: Workspace, product: Product, members: dict[str, RoomMember], server: str
) -> None:
    """Plans what brings the room's people to what they should be; nothing when they are right. Idempotent."""
    people = belong(workspace, product, server, work.now)
    for action in plan(room, people, members, server):
        match action:
            case Admit(user):
                _admit(work, room, workspace, people[user][0], user, members)
            case Remove(user, reason):
                _remove(work, room, workspace, user, reason)
            case SetPower(staff):
                _set_power(work, room, workspace, staff)


People = Mapping[str, tuple[Person, int]]


def plan(room: Room, people: People, members: Mapping[str, RoomMember], server: str) -> list[Action]:
    """What is missing between who belongs there (with their power) and who is there as far as we know."""
    wanted = {user: Wanted(user, power) for user, (_, power) in people.items()}
    actual = {user: member.membership for user, member in members.items()}
    ours = frozenset(user for user in actual if naming.is_ours(user, server))
    return members_plan(wanted, actual, tuple(room.powered.split()), ours)


def belong(workspace: Workspace, product: Product, server: str, now: datetime) -> People:
    """Who belongs in the workspace's room at `now`, by user id."""
    customers = {naming.person_id(p, server): (p, 0) for p in belonging.customers(workspace, now)}
    staff = {naming.person_id(p, server): (p, STAFF_POWER) for p in _staff(workspace, product, now)}
    return customers | staff


def _staff(workspace: Workspace, product: Product, now: datetime) -> list[Person]:
    limit = product.limits.rooms_with_staff_in_advance
    many = Workspace.objects.filter(product=workspace.product)[: limit + 1].count() > limit
    return belonging.staff(workspace, now, many_rooms=many)


def _call(work: Work, workspace: Workspace, kind: str, payload: Mapping[str, Any]) -> None:
    work.send("matrix", kind, destination(workspace), payload, lane_id=workspace.lane_id)


def _admit(
    work: Work, room: Room, workspace: Workspace, person: Person, user: str, members: dict[str, RoomMember]
) -> None:
    payload = {
        "room_id": room.room_id,
        "user_id": user,
        "display_name": person.name,
        "subject": person.slug,
        "join": True,
    }
    _call(work, workspace, "admit", payload)
    note_member(work, room, members, user, "asked")
    scope = f"workspace:{workspace.slug}"
    work.audit("room.admitting", scope, {"person": person.slug, "user_id": user}, scope=scope)


def _remove(work: Work, room: Room, workspace: Workspace, user: str, reason: str) -> None:
    _call(work, workspace, "remove", {"room_id": room.room_id, "user_id": user, "reason": reason})
    scope = f"workspace:{workspace.slug}"
    work.audit("room.removing", scope, {"user_id": user, "reason": reason}, scope=scope)


def _set_power(work: Work, room: Room, workspace: Workspace, staff: tuple[str, ...]) -> None:
    content = room_body.power_levels(list(staff))
    payload = {"room_id": room.room_id, "type": "m.room.power_levels", "state_key": "", "content": content}
    _call(work, workspace, "state", payload)
    room.powered = " ".join(staff)
    work.update(room, "powered")
    scope = f"workspace:{workspace.slug}"
    work.audit("room.power", scope, {"staff": list(staff)}, scope=scope)


def note_member(work: Work, room: Room, members: dict[str, RoomMember], user: str, membership: str) -> None:
    """Keeps what the homeserver (or our own plan: `asked`) says about somebody's membership."""
    known = members.get(user)
    if known is None:
        members[user] = work.insert(RoomMember(room=room, user_id=user, membership=membership, since=work.now))
    elif known.membership != membership:
        known.membership, known.since = membership, work.now
        work.update(known, "membership", "since")
