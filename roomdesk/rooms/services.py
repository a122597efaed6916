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
from roomdesk.rooms.acting import Site, carry_out, destination, note_member
from roomdesk.rooms.asking import ask_for_room
from roomdesk.rooms.desired import belong, desired
from roomdesk.rooms.models import Room, RoomMember
from roomdesk.rules.room_plan import members_plan

__all__ = ["destination", "note_member", "refresh", "room_made", "room_refused", "want_room"]


def want_room(work: Work, workspace: Workspace, product: Product, *, server: str, secret: str) -> Room:
    """Plans the room of a workspace that has none: one call that makes it, right from its first event (R01, R05)."""
    localpart = naming.alias_localpart(workspace, product, _suffix(workspace, secret))
    alias = f"#{localpart}:{server}" if localpart else ""
    room = work.insert(Room(workspace=workspace, alias=alias, wanted_at=work.now))
    ask_for_room(work, room, workspace, product)
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
    work: Work,
    room: Room,
    workspace: Workspace,
    product: Product,
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
