"""What is asked of the homeserver about a room as a whole: to make it, to look at it. Plans calls in the caller's `Work`."""

from __future__ import annotations

from typing import Any

from roomdesk.audit.work import Work
from roomdesk.bootstrap import settings
from roomdesk.directory.models import Workspace
from roomdesk.product.schema import Product
from roomdesk.rooms import naming
from roomdesk.rooms.desired import body_of, staff_people
from roomdesk.rooms.homes import Home, House, destination
from roomdesk.rooms.models import Room


def ask_for_room(work: Work, room: Room, home: Home, product: Product | None, *, predecessor: str = "") -> None:
    """Plans one call that makes the room, right from its first event (R01, R05).

    `predecessor`: the former room as the new one names it, so that clients lead from one to the other.
    """
    server = settings.matrix_server_name
    staff = _powered(home, product, server, work)
    room.powered = " ".join(staff)
    work.update(room, "powered")
    body = body_of(home, product, alias=room.alias, staff=staff, server=server)
    if predecessor:
        body["creation_content"] = {**body["creation_content"], "predecessor": {"room_id": predecessor}}
    payload = {"body": body, "alias": room.alias or None, "replaces": room.replaces or None}
    # Every time is a call of its own: a row is for ever the one attempt that it was, and its key marks the room it made.
    times = "" if room.makings == 1 else f":{room.makings}"
    whose = f"staff:{home.slug}" if isinstance(home, House) else home.slug
    once = f"create_room:{whose}{times}"
    work.send("matrix", "create_room", destination(home), payload, once=once, lane_id=home.lane_id)


def _powered(home: Home, product: Product | None, server: str, work: Work) -> list[str]:
    """In the staff's own rooms everybody is alike."""
    if isinstance(home, House):
        return []
    assert product is not None
    return sorted(naming.person_id(p, server) for p in staff_people(home, product, work.now))


def ask_look(work: Work, room: Room, home: Home, because: str, **more: Any) -> None:
    """Plans a look at the room. `more`: an operator's words (`drift.WORDS`), and `drift` for a look after a repair."""
    payload = {"room_id": room.room_id, "alias": room.alias, "acts": room.acts, "because": because, **more}
    work.send("matrix", "look", destination(home), payload, lane_id=home.lane_id)


def ask_examine(work: Work, workspace: Workspace, room_id: str) -> None:
    """Plans a look at a room that an operator wants to be the workspace's."""
    work.send("matrix", "examine", destination(workspace), {"room_id": room_id}, lane_id=workspace.lane_id)
