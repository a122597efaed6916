"""Reading a room as it is: one call for its whole state and one for its alias; two more where the bot is not in it."""

from __future__ import annotations

from typing import Any

from roomdesk.channels.matrix.client import Matrix
from roomdesk.channels.matrix.errors import Forbidden, NotFound
from roomdesk.channels.matrix.rooms import named_by

Json = dict[str, Any]


def look(matrix: Matrix, room: str, alias: str) -> Json:
    """`state` as [type, key, content], `members` by user id, and `alias_room`, the room that the alias names.

    A room that neither bot nor keeper may read (deleted, or both have left) has neither state nor members.
    """
    events = _read(matrix, room, matrix.bot) or _read(matrix, room, matrix.keeper) or []
    members = [event for event in events if event["type"] == "m.room.member"]
    others = [event for event in events if event["type"] != "m.room.member"]
    return {
        "state": [[event["type"], event.get("state_key", ""), event.get("content", {})] for event in others],
        "members": {event["state_key"]: str(event["content"].get("membership", "leave")) for event in members},
        "alias_room": named_by(matrix, alias) if alias else "",
    }


def _read(matrix: Matrix, room: str, reader: str) -> list[Json] | None:
    """The room's state as somebody inside reads it; None for anybody else.

    After leaving, the homeserver still answers, with the state at that time (matrix-facts §7): that says nothing of today.
    """
    try:
        events = matrix.state(room, reader)
    except (Forbidden, NotFound):
        return None
    own = ("m.room.member", reader, "join")
    inside = any((e["type"], e.get("state_key"), e["content"].get("membership")) == own for e in events)
    return events if inside else None
