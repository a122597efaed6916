"""Reading a room as it is: one call for its whole state and one for its alias; more only where the bot is out or the room was replaced."""

from __future__ import annotations

from typing import Any

from roomdesk.channels.matrix.client import Matrix
from roomdesk.channels.matrix.errors import Forbidden, NotFound
from roomdesk.channels.matrix.names import is_ours
from roomdesk.channels.matrix.room_body import WORKSPACE_TYPE
from roomdesk.channels.matrix.rooms import is_gone, named_by

Json = dict[str, Any]


def look(matrix: Matrix, room: str, alias: str) -> Json:
    """`state` as [type, key, content], `members` by user id, and `alias_room`, the room that the alias names.

    A room that neither bot nor keeper may read (deleted, or both have left) has neither state nor members; `is_gone` says
    that it does not exist any more. `successor` is what `examine` finds in the room that a tombstone names.
    """
    events = read(matrix, room)
    others = [event for event in events or [] if event["type"] != "m.room.member"]
    replaced_by = _content(others, "m.room.tombstone").get("replacement_room")
    return {
        "state": [[event["type"], event.get("state_key", ""), event.get("content", {})] for event in others],
        "members": members_of(events or []),
        "alias_room": named_by(matrix, alias) if alias else "",
        "is_gone": events is None and is_gone(matrix, room),
        "successor": examine(matrix, replaced_by) if isinstance(replaced_by, str) and replaced_by else None,
    }


def examine(matrix: Matrix, room: str) -> Json | None:
    """What there is to know before a room is taken over; None where neither bot nor keeper is in it."""
    events = read(matrix, room)
    if events is None:
        return None
    made = next(event for event in events if event["type"] == "m.room.create")
    content = made["content"]
    predecessor = content.get("predecessor")
    return {
        "room_id": room,
        "version": str(content.get("room_version", "1")),
        "creators": [made["sender"], *content.get("additional_creators", [])],
        "members": members_of(events),
        "before": str(predecessor.get("room_id", "")) if isinstance(predecessor, dict) else "",
        "marked": _marked(matrix, events),
        "kind": str(content.get("type", "")),
        "replaced_by": str(_content(events, "m.room.tombstone").get("replacement_room", "")),
        "is_encrypted": any(event["type"] == "m.room.encryption" for event in events),
        "is_federated": content.get("m.federate", True) is not False,
    }


def read(matrix: Matrix, room: str) -> list[Json] | None:
    """The room's state as bot or keeper reads it; None where neither is inside."""
    return _read(matrix, room, matrix.bot) or _read(matrix, room, matrix.keeper)


def members_of(events: list[Json]) -> dict[str, str]:
    """Memberships by user id."""
    members = [event for event in events if event["type"] == "m.room.member"]
    return {event["state_key"]: str(event["content"].get("membership", "leave")) for event in members}


def _marked(matrix: Matrix, events: list[Json]) -> str:
    """The workspace that the desk's own mark names; anybody else's mark says nothing."""
    marks = [event for event in events if event["type"] == WORKSPACE_TYPE and is_ours(event["sender"], matrix.server)]
    return str(_content(marks, WORKSPACE_TYPE).get("slug", ""))


def _content(events: list[Json], kind: str) -> Json:
    """The content of the room's one state event of this type; empty where there is none."""
    return next((e["content"] for e in events if e["type"] == kind and e.get("state_key") == ""), {})


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
