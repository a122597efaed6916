"""Reading rooms: what is wanted of one, what is there, and who is in it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from django.db.models import Q

from roomdesk.bootstrap import settings
from roomdesk.directory.errors import NotFound
from roomdesk.directory.models import Person, Workspace
from roomdesk.rooms import naming
from roomdesk.rooms.homes import Home, House, home_of, whose
from roomdesk.rooms.models import Drift, Room, RoomMember

#: Memberships of those who are not in the room and not on their way into it.
_GONE = ("leave", "ban")


def access_room(workspace: Workspace) -> Room:
    """The room of a workspace the caller has access to. NotFound where its product has none, or it is not wanted yet."""
    room = Room.objects.filter(workspace=workspace).first()
    if room is None:
        raise NotFound(f'The workspace "{workspace.slug}" has no room.')
    return room


def shown(room: Room) -> dict[str, Any]:
    """A room as REST and `--json` give it. Two queries."""
    rows = list(RoomMember.objects.filter(room=room).exclude(membership__in=_GONE).order_by("user_id"))
    people = _people(rows)
    return {
        "room_id": room.room_id or None,
        "alias": room.alias or None,
        "state": room.state,
        "problem": room.problem or None,
        "members": [{"user_id": r.user_id, "person": people.get(r.user_id), "membership": r.membership} for r in rows],
    }


def is_inside(workspace: Workspace, person: Person) -> bool:
    """Whether the person is in the workspace's room as the homeserver told us last: only then can the desk write there for them."""
    user = naming.person_id(person, settings.matrix_server_name)
    return RoomMember.objects.filter(room__workspace=workspace, user_id=user, membership="join").exists()


def _people(rows: list[RoomMember]) -> dict[str, str]:
    """Person ids by user id."""
    server = settings.matrix_server_name
    names = [naming.localpart_of(row.user_id, server) for row in rows]
    found = Person.objects.filter(localpart__in=filter(None, names)).values_list("localpart", "slug")
    return {naming.user_id(localpart, server): slug for localpart, slug in found}


def home_at(room_id: str) -> Home | None:
    """Whose the room is, or was before another one took its place; None for one that the desk does not keep."""
    rows = Room.objects.filter(Q(room_id=room_id) | Q(former__address=room_id))
    room = rows.select_related("workspace", "person").first()
    return home_of(room) if room else None


def failed() -> list[Room]:
    """Rooms that could not be made."""
    return list(
        Room.objects.filter(state=Room.State.FAILED).select_related("workspace", "person").order_by("workspace__slug")
    )


def staff_rooms() -> list[Room]:
    """The staff's own rooms, wanted or made: the Staff Space first, then those for direct messages, then by product."""
    return list(
        Room.objects.filter(workspace=None).select_related("person").order_by("product", "-kind", "person__slug")
    )


def access_staff_room(name: str) -> House:
    """The staff's room of this name, as `rooms plan` gives it. NotFound names those that there are."""
    houses = [home_of(room) for room in staff_rooms()]
    for house in houses:
        if isinstance(house, House) and house.slug == name:
            return house
    known = ", ".join(house.slug for house in houses) or "none yet"
    raise NotFound(f'The staff have no room "{name}". There are: {known}.', field="staff_room")


def newest_ready(*, with_alias: bool = False) -> Room | None:
    """The room made last, if there is one."""
    ready = Room.objects.filter(state=Room.State.READY).exclude(room_id="").select_related("workspace", "person")
    return (ready.exclude(alias="") if with_alias else ready).order_by("-pk").first()


def drifts(
    workspaces: Iterable[Workspace], limit: int = 100, *, with_staff_rooms: bool = False
) -> list[dict[str, Any]]:
    """What was found other than it should be in the rooms of these workspaces, newest first, and what became of it.

    `with_staff_rooms` adds the staff's own: `staff_room` names them, and `workspace` is None.
    """
    those = Q(room__workspace__in=list(workspaces))
    those |= Q(room__workspace=None) if with_staff_rooms else Q()
    rows = Drift.objects.filter(those).select_related("room__workspace", "room__person")
    return [_drift(row) for row in rows.order_by("-found_at", "-pk")[:limit]]


def _drift(row: Drift) -> dict[str, Any]:
    return {
        **whose(home_of(row.room)),
        "because": row.because,
        "found_at": row.found_at.isoformat(),
        "repaired_at": row.repaired_at.isoformat() if row.repaired_at else None,
        "found": json.loads(row.found),
        "left": json.loads(row.left) if row.left else None,
    }
