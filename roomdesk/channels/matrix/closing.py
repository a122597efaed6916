"""Shutting a room that was replaced: it points to its successor, and nobody but the desk is left in it."""

from __future__ import annotations

from typing import Any

from roomdesk.channels.matrix import membership
from roomdesk.channels.matrix.client import Matrix
from roomdesk.channels.matrix.looking import members_of, read
from roomdesk.channels.matrix.names import is_ours, path

#: Who is removed when a room is shut; who knocks is shown the door too.
_INSIDE = ("join", "invite", "knock")


def shut(matrix: Matrix, room: str, successor: str) -> dict[str, Any]:
    """`removed`: who was taken out; None where neither bot nor keeper is in the room, so that nothing could be done. Repeatable."""
    events = read(matrix, room)
    if events is None:
        return {"removed": None}
    members = members_of(events)
    if members.get(matrix.bot) != "join":
        membership.seat(matrix, room, matrix.bot)
    if not any(event["type"] == "m.room.tombstone" and event["content"] for event in events):
        said = {"body": "This room has been replaced.", "replacement_room": successor}
        matrix.call("PUT", path("rooms", room, "state", "m.room.tombstone"), said)
    inside = [user for user in sorted(members) if members[user] in _INSIDE and not is_ours(user, matrix.server)]
    for user in inside:
        membership.kick(matrix, room, user, "This room has been replaced.")
    return {"removed": inside}
