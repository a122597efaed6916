"""All rooms at a glance, and one with its history: for the staff whose products they are for. A bounded number of queries."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from roomdesk.audit.models import Content, Entry
from roomdesk.directory.errors import NotFound
from roomdesk.directory.queries import Viewer
from roomdesk.queues.models import OutboxRow
from roomdesk.rooms.homes import Home, destination, home_of, subject_of
from roomdesk.rooms.models import Drift, Room, RoomMember

#: Rooms of workspaces on one page; drifts and entries of the audit of one room.
PAGE, HISTORY = 50, 50

#: `making`: it is not there yet; `failed`: it could not be made. `repairing`: calls for it are under way. `left`: a look after the
#: repair still found something, or no action mends what was found. `unknown`: nobody has compared it yet.
State = Literal["right", "repairing", "left", "making", "failed", "unknown"]


@dataclass(frozen=True, slots=True)
class Glance:
    """A room with what is known of it without asking the homeserver. `drift` is the last that was found."""

    room: Room
    home: Home
    members: int
    waiting: int
    drift: Drift | None

    @property
    def state(self) -> State:
        room, drift = self.room, self.drift
        if room.state == Room.State.FAILED:
            return "failed"
        if not room.room_id:
            return "making"
        if self.waiting:
            return "repairing"
        if drift is not None and drift.repaired_at is None:
            return "left" if drift.left or json.loads(drift.found).get("problem") else "repairing"
        return "right" if room.checked_at or (drift and drift.repaired_at) else "unknown"


@dataclass(frozen=True, slots=True)
class Page:
    """Some rooms; `next` is the `after` of the page behind it (None: there is none)."""

    items: Sequence[Glance]
    next: str | None


def access_rooms(viewer: Viewer) -> QuerySet[Room]:
    """The rooms of the viewer's products, the Staff Space, and their own for direct messages; whoever is no staff has none."""
    rooms = Room.objects.select_related("workspace", "person")
    if viewer.sees_all:
        return rooms
    if not viewer.products:
        return rooms.none()
    own = Q(workspace__product__in=viewer.products)
    staffs = Q(workspace=None, product__in=[*viewer.products, ""])
    return rooms.filter(own | (staffs & (Q(person=None) | Q(person=viewer.person_id))))


def access_room_of(viewer: Viewer, *, workspace: str = "", staff_room: str = "") -> Glance:
    """One of them, by its workspace, or by the name that `rooms plan` gives a room of the staff. NotFound in one sentence."""
    name = workspace or staff_room
    rows = access_rooms(viewer)
    rooms = rows.filter(workspace__slug=workspace) if workspace else rows.filter(workspace=None)
    found = [] if "\0" in name else [room for room in rooms if workspace or home_of(room).slug == staff_room]
    if not found:
        raise NotFound(f'There is no room of "{name}", or it is not yours to see.')
    return _glances(found)[0]


def page_of_rooms(viewer: Viewer, *, after: str = "", only_wrong: bool = False) -> Page:
    """The staff's own rooms first, then those of workspaces by slug; `only_wrong`: those that are not right."""
    rooms = access_rooms(viewer)
    if only_wrong:
        open_drift = Drift.objects.filter(room=OuterRef("pk"), repaired_at=None)
        rooms = rooms.filter(Exists(open_drift) | ~Q(state=Room.State.READY))
    own = [] if after else list(rooms.filter(workspace=None).order_by("product", "-kind", "person__slug"))
    slug = after.replace("\0", "")
    found = list(rooms.filter(workspace__slug__gt=slug).order_by("workspace__slug")[: PAGE + 1])
    shown = found[:PAGE]
    last = shown[-1].workspace if len(found) > PAGE else None
    return Page(_glances([*own, *shown]), last.slug if last else None)


def count_wrong(viewer: Viewer) -> int:
    open_drift = Drift.objects.filter(room=OuterRef("pk"), repaired_at=None)
    return access_rooms(viewer).filter(Exists(open_drift) | ~Q(state=Room.State.READY)).count()


def _glances(rooms: Sequence[Room]) -> list[Glance]:
    """Three queries, however many there are."""
    ids, homes = [room.pk for room in rooms], {room.pk: home_of(room) for room in rooms}
    inside = RoomMember.objects.filter(room__in=ids, membership="join").values("room_id").annotate(count=Count("pk"))
    members = dict(inside.values_list("room_id", "count"))
    waiting = _waiting([destination(home) for home in homes.values()])
    newest = Drift.objects.filter(room__in=ids).order_by("room", "-found_at", "-pk").distinct("room")
    drifts = {drift.room_id: drift for drift in newest}
    return [
        Glance(room, home, members.get(room.pk, 0), waiting.get(destination(home), 0), drifts.get(room.pk))
        for room, home in ((room, homes[room.pk]) for room in rooms)
    ]


def _waiting(destinations: Iterable[str]) -> dict[str, int]:
    """Calls that change something in the room and have not been made yet."""
    rows = OutboxRow.objects.filter(destination__in=list(destinations), state__in=OutboxRow.ACTIVE).exclude(kind="send")
    return dict(rows.values("destination").annotate(count=Count("pk")).values_list("destination", "count"))


def drifts_of(room: Room) -> list[Drift]:
    """What was found other than it should be, newest first."""
    return list(Drift.objects.filter(room=room).order_by("-found_at", "-pk")[:HISTORY])


@dataclass(frozen=True, slots=True)
class Done:
    """What the audit says was done about a room. `data` is empty where it was erased."""

    at: datetime
    actor: str
    action: str
    data: dict[str, Any]


def done_about(home: Home) -> list[Done]:
    """What was done about the room, newest first: asked for, found, repaired, given up. Two queries."""
    entries = list(
        Entry.objects.filter(subject=subject_of(home), action__startswith="room.").order_by("-at", "-seq")[:HISTORY]
    )
    contents = Content.objects.in_bulk([entry.pk for entry in entries])
    return [Done(e.at, e.actor, e.action, json.loads(contents[e.pk].data) if e.pk in contents else {}) for e in entries]
