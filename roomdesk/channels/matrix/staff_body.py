"""The staff's own rooms as createRoom takes them: spaces, and control rooms. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from roomdesk.channels.matrix import room_body

#: Marks a room of the staff, as `WORKSPACE_TYPE` marks a customer's.
STAFF_TYPE = "solutions.roomdesk.staff"


def staff_body(
    *, name: str, topic: str, server: str, kind: str, product: str, is_space: bool, mighty: Iterable[str] = ()
) -> dict[str, Any]:
    """As private as a customer's room, and without an alias: nobody can guess its name. `mighty` as in `room_body`."""
    body = room_body.room_body(name=name, topic=topic, server=server, workspace_slug="")
    marks = {"kind": kind, "product": product}
    others = [item for item in body["initial_state"] if item["type"] != room_body.WORKSPACE_TYPE]
    body["initial_state"] = [*others, {"type": STAFF_TYPE, "state_key": "", "content": marks}]
    body["power_level_content_override"] = power_levels(is_space=is_space, mighty=mighty)
    if is_space:
        body["creation_content"]["type"] = "m.space"
    return body


def power_levels(*, is_space: bool, mighty: Iterable[str] = ()) -> dict[str, Any]:
    """Everybody there is alike. In a space nobody writes: no record is kept of what is said in one."""
    levels = room_body.power_levels([], mighty)
    return {**levels, "events_default": 100} if is_space else levels
