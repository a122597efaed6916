"""Making a room exactly once, whenever who died (createRoom has no transaction id; the row's key in the create event is ours)."""

from __future__ import annotations

from typing import Any

from roomdesk.channels.matrix.client import Matrix
from roomdesk.channels.matrix.errors import AliasTaken, Forbidden, MatrixError, NotFound, Refused
from roomdesk.channels.matrix.membership import invite, membership, seat
from roomdesk.channels.matrix.names import MARKER, path
from roomdesk.channels.matrix.room_body import expected_state

Json = dict[str, Any]


def create_room(matrix: Matrix, key: str, payload: Json, *, is_repeat: bool) -> str:
    """The room's id. Safe to repeat after a crash of anybody at any point; a room half made is completed.

    A room without alias can be found again only once the bot is in it: should the first createRoom still be running
    while it is repeated, an empty second room may be left over.
    """
    matrix.ensure_desk()
    body, alias = payload["body"], payload.get("alias")
    marked = {**body, "creation_content": {**body.get("creation_content", {}), MARKER: key}}
    room = _find_unnamed(matrix, key) if is_repeat and not alias else None
    if room is None:
        room = _make_or_find(matrix, key, marked, alias, takes_alias=bool(payload.get("replaces")))
    else:
        _complete(matrix, room, body, alias)
    _check_unencrypted(matrix, room)
    if payload.get("keeper", True):
        seat(matrix, room, matrix.keeper)
    return room


def _make_or_find(matrix: Matrix, key: str, body: Json, alias: str | None, *, takes_alias: bool) -> str:
    try:
        return str(matrix.call("POST", path("createRoom"), body)["room_id"])
    except AliasTaken:
        if alias is None:
            raise
    room = str(matrix.call("GET", path("directory", "room", alias))["room_id"])
    if _marker(matrix, room) == key:
        _complete(matrix, room, body, alias)
        return room
    # In the place of a former room the new one takes its name, whoever has it now: only the desk gives such names away.
    if not takes_alias and not is_gone(matrix, room):
        raise Refused(
            f"The alias {alias} is taken by a room that is not ours ({room}); remove it or choose another slug."
        )
    # The homeserver died between naming the room and making it: the name is all there is.
    matrix.call("DELETE", path("directory", "room", alias))
    return str(matrix.call("POST", path("createRoom"), body)["room_id"])


def _marker(matrix: Matrix, room: str) -> object:
    try:
        return matrix.call("GET", path("rooms", room, "state", "m.room.create")).get(MARKER)
    except (Forbidden, NotFound):
        return None


def is_gone(matrix: Matrix, room: str) -> bool:
    """Whether the homeserver knows for certain that there is no such room.

    Nothing is certain without an admin token, or where it is refused or the admin API is not passed on to us.
    """
    if not matrix.has_admin:
        return False
    try:
        matrix.admin("GET", path("rooms", room, base="/_synapse/admin/v1"))
    except NotFound:
        return True
    except MatrixError as error:
        if not error.permanent:
            raise
    return False


def _find_unnamed(matrix: Matrix, key: str) -> str | None:
    """Our room among all the bot is in; 2 ms each, and only after a crash."""
    rooms = matrix.call("GET", path("joined_rooms"))["joined_rooms"]
    return next((room for room in rooms if _marker(matrix, room) == key), None)


def _complete(matrix: Matrix, room: str, body: Json, alias: str | None) -> None:
    """Writes what a broken-off createRoom left out; touches nothing that is there."""
    for kind, content in expected_state(body, alias).items():
        if not _holds(_state(matrix, room, kind), content):
            matrix.call("PUT", path("rooms", room, "state", kind), content)
    for user in body.get("invite", []):
        if membership(matrix, room, user) not in ("join", "invite"):
            invite(matrix, room, user)


def _state(matrix: Matrix, room: str, kind: str) -> Json | None:
    try:
        return matrix.call("GET", path("rooms", room, "state", kind))
    except NotFound:
        return None


def _holds(actual: Json | None, wanted: Json) -> bool:
    """Whether all that is wanted is there; the homeserver may have added to it."""
    return actual is not None and all(
        _holds(actual.get(name), value)
        if isinstance(value, dict) and isinstance(actual.get(name), dict)
        else actual.get(name) == value
        for name, value in wanted.items()
    )


def _check_unencrypted(matrix: Matrix, room: str) -> None:
    """A homeserver that encrypts new rooms by itself makes them useless for good (matrix-facts §2)."""
    try:
        matrix.call("GET", path("rooms", room, "state", "m.room.encryption"))
    except NotFound:
        return
    raise Refused(
        f"The homeserver made the room {room} encrypted; set encryption_enabled_by_default_for_room_type to off."
    )


def named_by(matrix: Matrix, alias: str) -> str:
    """The id of the room that an alias names; empty where it names none."""
    try:
        return str(matrix.call("GET", path("directory", "room", alias))["room_id"])
    except NotFound:
        return ""


def point_alias(matrix: Matrix, room: str, alias: str) -> None:
    """The alias names this room, whatever it named before. Only the desk's own registration may do this (matrix-facts §7)."""
    where = path("directory", "room", alias)
    named = named_by(matrix, alias)
    if named == room:
        return
    if named:
        matrix.call("DELETE", where)
    matrix.call("PUT", where, {"room_id": room})
