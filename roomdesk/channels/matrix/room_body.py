"""The whole of a support room as createRoom takes it. Pure; every line was tried against the real server (matrix-facts §1)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from roomdesk.channels.matrix.names import KEEPER, user_id

#: There the creators can be neither kicked nor demoted, so that the desk can always heal the room.
ROOM_VERSION = "12"
STAFF_POWER = 50
WORKSPACE_TYPE = "solutions.roomdesk.workspace"

_DESK_ONLY = (
    "m.room.name",
    "m.room.topic",
    "m.room.avatar",
    "m.room.canonical_alias",
    "m.room.power_levels",
    "m.room.history_visibility",
    "m.room.join_rules",
    "m.room.guest_access",
    "m.room.server_acl",
    "m.space.parent",
    "m.space.child",
    "im.vector.modular.widgets",
)


def room_body(
    *,
    name: str,
    topic: str,
    server: str,
    workspace_slug: str,
    alias_localpart: str | None = None,
    staff: Iterable[str] = (),
    invite: Iterable[str] = (),
    keeper: str | None = None,
    mighty: Iterable[str] = (),
) -> dict[str, Any]:
    """The body of createRoom for a workspace's room.

    `staff`: user ids with power 50, whether invited here or later; `invite`: whom to invite at once, beside the keeper;
    `mighty`: users of the desk that are no creators of the room.
    """
    keeper = keeper or user_id(KEEPER, server)
    body = {
        "room_version": ROOM_VERSION,
        "visibility": "private",
        "preset": "private_chat",
        "name": name,
        "topic": topic,
        "creation_content": {"m.federate": False, "additional_creators": [keeper]},
        "invite": list(dict.fromkeys([*invite, keeper])),
        "initial_state": _initial_state(workspace_slug, server),
        "power_level_content_override": power_levels(staff, mighty),
    }
    return body if alias_localpart is None else {**body, "room_alias_name": alias_localpart}


def power_levels(staff: Iterable[str], mighty: Iterable[str] = ()) -> dict[str, Any]:
    """Content of m.room.power_levels: only the desk changes the room, nobody encrypts it, staff may pin and redact.

    The creators must not be listed; `mighty` are users of the desk that are none. 101 for `m.room.encrypted` too: else members could write past the record.
    """
    events = {kind: 100 for kind in _DESK_ONLY}
    events |= {"m.room.pinned_events": STAFF_POWER, "m.call.invite": 0}
    events |= {"m.room.encryption": 101, "m.room.encrypted": 101, "m.room.tombstone": 150}
    return {
        "users": {user: STAFF_POWER for user in sorted(set(staff))} | {user: 100 for user in mighty},
        "users_default": 0,
        "events_default": 0,
        "state_default": 100,
        "invite": 100,
        "kick": 100,
        "ban": 100,
        "redact": STAFF_POWER,
        "historical": 100,
        "notifications": {"room": STAFF_POWER},
        "events": events,
    }


def _initial_state(workspace_slug: str, server: str) -> list[dict[str, Any]]:
    contents = {
        "m.room.join_rules": {"join_rule": "invite"},
        "m.room.guest_access": {"guest_access": "forbidden"},
        "m.room.history_visibility": {"history_visibility": "shared"},
        WORKSPACE_TYPE: {"slug": workspace_slug},
        # `m.federate` keeps other servers out already; this says so to whoever reads the room, and is repaired like the rest.
        "m.room.server_acl": {"allow": [server], "deny": [], "allow_ip_literals": False},
    }
    return [{"type": kind, "state_key": "", "content": content} for kind, content in contents.items()]


def expected_state(body: dict[str, Any], alias: str | None) -> dict[str, dict[str, Any]]:
    """The state contents, by type, that a room made from this body has; the create event is not among them.

    Exact, but for what the homeserver adds to the power levels.
    """
    state = {item["type"]: item["content"] for item in body.get("initial_state", [])}
    state["m.room.power_levels"] = body["power_level_content_override"]
    state |= {"m.room.name": {"name": body["name"]}} if body.get("name") else {}
    state |= {"m.room.topic": {"topic": body["topic"]}} if body.get("topic") else {}
    return state | ({"m.room.canonical_alias": {"alias": alias}} if alias else {})


def whole_state(body: dict[str, Any], alias: str | None) -> dict[str, dict[str, Any]]:
    """`expected_state`, and `{}` for what nobody but the desk may set and the desk does not."""
    nothing: dict[str, dict[str, Any]] = {"m.room.avatar": {}, "m.room.canonical_alias": {}}
    state = nothing | expected_state(body, alias)
    # As createRoom writes it: clients that know the rich form would go on showing another one.
    topic = state["m.room.topic"]["topic"] if "m.room.topic" in state else ""
    return state | ({"m.room.topic": {"topic": topic, "m.topic": {"m.text": [{"body": topic}]}}} if topic else {})
