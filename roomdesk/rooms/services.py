"""Making a workspace's room and keeping its people right. Plans writes and calls in the caller's `Work`, under the lane's lock."""

from __future__ import annotations

import hashlib
from collections.abc import Collection

from roomdesk.audit.work import Work
from roomdesk.directory.models import Workspace
from roomdesk.product.schema import Product
from roomdesk.queues import lanes
from roomdesk.queues.models import Lane
from roomdesk.rooms import naming
from roomdesk.rooms.acting import Site, carry_out, note_member
from roomdesk.rooms.asking import ask_for_room
from roomdesk.rooms.desired import belong, desired
from roomdesk.rooms.homes import Home, House, scope_of, subject_of
from roomdesk.rooms.models import Room, RoomMember
from roomdesk.rooms.staff_rooms import tell_space
from roomdesk.rules.room_plan import members_plan

__all__ = ["note_member", "refresh", "room_made", "room_refused", "want_room", "want_staff_room"]


def want_room(work: Work, workspace: Workspace, product: Product, *, server: str, secret: str) -> Room:
    """Plans the room of a workspace that has none: one call that makes it, right from its first event (R01, R05)."""
    localpart = naming.alias_localpart(workspace, product, _suffix(workspace, secret))
    alias = f"#{localpart}:{server}" if localpart else ""
    room = Room(workspace=workspace, alias=alias, wanted_at=work.now)
    _want(work, room, workspace, product)
    return room


def want_staff_room(work: Work, house: House, product: Product | None) -> Room:
    """Plans a room of the staff that is not there yet (D9). Nobody can look for it by a name: it has none."""
    room = Room(kind=house.kind, product=house.product, lane_id=house.lane_id, person=house.person, wanted_at=work.now)
    _want(work, room, house, product)
    return room


def _want(work: Work, room: Room, home: Home, product: Product | None) -> None:
    work.insert(room)
    ask_for_room(work, room, home, product)
    work.audit("room.wanted", subject_of(home), {"alias": room.alias}, scope=scope_of(home))


def _suffix(workspace: Workspace, secret: str) -> str:
    """Eight characters that nobody can guess and that stay the same when the work is repeated."""
    return hashlib.sha256(f"{secret}:{workspace.slug}".encode()).hexdigest()[:8]


def room_made(work: Work, room: Room, workspace: Home, lane: Lane, room_id: str) -> None:
    """The homeserver has made the room: from now on its events belong to this lane, and it stands in its space."""
    room.room_id, room.state, room.ready_at, room.problem = room_id, Room.State.READY, work.now, ""
    work.update(room, "room_id", "state", "ready_at", "problem")
    lanes.route("matrix", room_id, lane, work.now)
    work.audit("room.made", subject_of(workspace), {"room_id": room_id, "alias": room.alias}, scope=scope_of(workspace))
    tell_space(work, room, workspace)


def room_refused(work: Work, room: Room, workspace: Home, error: str) -> None:
    """The room could not be made, for good: shown by `doctor` and the console."""
    room.state, room.problem = Room.State.FAILED, error
    work.update(room, "state", "problem")
    work.audit("room.failed", subject_of(workspace), {"error": error}, scope=scope_of(workspace))


def refresh(
    work: Work,
    room: Room,
    workspace: Home,
    product: Product | None,
    members: dict[str, RoomMember],
    server: str,
    *,
    leaving: Collection[str] = (),
) -> None:
    """Plans what brings the room's people to what they should be; nothing when they are right. Idempotent.

    `leaving`: user ids of those who were just removed by name.
    """
    people = belong(workspace, product, server, work.now)
    wanted = desired(room, workspace, product, people, server)
    known = {user: member.membership for user, member in members.items()}
    plan = members_plan(wanted, known, tuple(room.powered.split()), leaving)
    carry_out(Site(work, room, workspace, people, members), plan.actions)
