"""What the homeserver tells of a room that the desk keeps, whosever it is: pushed to us, or as what became of a call.

In the caller's `Work`, under the lane's lock.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from roomdesk.audit.work import Work
from roomdesk.bootstrap import settings
from roomdesk.channels.matrix.events import Heard
from roomdesk.product.schema import Product
from roomdesk.queues.models import Lane
from roomdesk.rooms import asking, drift, naming, services
from roomdesk.rooms.homes import Home, scope_of, subject_of
from roomdesk.rooms.models import Room, RoomMember
from roomdesk.rules.room_plan import GOING

SERVER = settings.matrix_server_name
#: Calls that ask for a room as a whole.
CALLS = ("create_room", "look", "examine")


def member(work: Work, room: Room | None, home: Home, members: dict[str, RoomMember], heard: Heard) -> None:
    """Somebody came or went."""
    # Of a former room nobody is kept: it is shut, and who left it may just have come into the new one.
    if room is None or not heard.state_key or heard.room_id != room.room_id:
        return
    services.note_member(work, room, members, heard.state_key, heard.membership)
    if heard.membership in ("leave", "ban") and naming.is_seat(heard.state_key, SERVER):
        # Neither ever leaves by itself: somebody signed in as the desk, or is just deleting the room.
        asking.ask_look(work, room, home, "left")


def state(work: Work, room: Room | None, home: Home, heard: Heard) -> None:
    """An upgrade is followed at once: people are already going over."""
    if room is not None and heard.type == "m.room.tombstone" and heard.room_id == room.room_id:
        asking.ask_look(work, room, home, "upgraded")


def reported(
    work: Work,
    room: Room,
    home: Home,
    product: Product | None,
    lane: Lane,
    members: dict[str, RoomMember],
    data: Mapping[str, Any],
) -> bool:
    """What became of one of `CALLS`. True where another room has just taken the place of a former one: everything else moves there."""
    before = room.room_id
    match data["kind"], data["ok"]:
        case "create_room", True:
            services.room_made(work, room, home, lane, data["room_id"])
            services.refresh(work, room, home, product, members, SERVER)
        case "create_room", _:
            services.room_refused(work, room, home, data.get("error", ""))
        case "look", True:
            drift.seen(work, room, home, product, lane, members, data, SERVER)
        case "examine", True:
            drift.examined(work, room, home, product, lane, members, data, SERVER)
        case _:
            acted(work, room, home, members, data)
    return bool(room.replaces) and room.room_id not in ("", before)


def acted(work: Work, room: Room | None, home: Home, members: dict[str, RoomMember], data: Mapping[str, Any]) -> None:
    """What became of any other call for the room."""
    if not data["ok"] and room is not None:
        _undone(work, room, members, data)
    work.audit(f"matrix.{data['kind']}", subject_of(home), outcome(data), scope=scope_of(home))


def _undone(work: Work, room: Room, members: dict[str, RoomMember], data: Mapping[str, Any]) -> None:
    """A call that was refused for good has brought nobody in, and nobody out."""
    user = data["payload"].get("user_id", "")
    known = members.get(user)
    if data["kind"] == "admit":
        services.note_member(work, room, members, user, "failed")
    elif data["kind"] == "remove" and known is not None and known.membership == GOING:
        services.note_member(work, room, members, user, "join")


def outcome(data: Mapping[str, Any]) -> dict[str, Any]:
    """What a report says, as the audit keeps it."""
    said = {key: value for key, value in data.items() if key not in ("payload", "kind", "row")}
    return {"user_id": data["payload"].get("user_id"), **said}
