"""What is known of the staff lanes that are held: loaded in bulk, kept true in memory while their events are decided."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from roomdesk.product.queries import newest, product_of
from roomdesk.product.schema import Product
from roomdesk.queues.lanes import STAFF
from roomdesk.queues.models import Lane
from roomdesk.rooms.homes import House
from roomdesk.rooms.models import Room, RoomMember
from roomdesk.rooms.staff_rooms import houses


@dataclass(slots=True)
class Place:
    """One room of the staff; `room` is None until it is wanted."""

    house: House
    room: Room | None = None
    members: dict[str, RoomMember] = field(default_factory=dict)


@dataclass(slots=True)
class Desk:
    """A staff lane: the rooms of one product, or that of the whole staff (`product` is None then)."""

    lane: Lane
    slug: str
    product: Product | None
    places: list[Place]

    @property
    def is_known(self) -> bool:
        """Whether there is such a product; its rooms are left alone when it is loaded no more."""
        return self.product is not None or not self.slug

    def at(self, destination_or_id: str) -> Place | None:
        """The place with this room."""
        return next((p for p in self.places if p.room and p.room.room_id == destination_or_id), None)

    def place(self, kind: str) -> Place | None:
        return next((place for place in self.places if place.house.kind == kind), None)


def load(lanes: Iterable[Lane]) -> dict[int, Desk]:
    """The staff lanes among these, by id. Three queries, none where there are no staff lanes."""
    staff = {lane.pk: lane.key.removeprefix(STAFF) for lane in lanes if lane.key.startswith(STAFF)}
    if not staff:
        return {}
    versions = newest(slug for slug in staff.values() if slug)
    desks = {}
    for lane in lanes:
        if lane.pk in staff:
            slug = staff[lane.pk]
            product = product_of(versions[slug].pk) if slug in versions else None
            desks[lane.pk] = Desk(lane, slug, product, [Place(house) for house in houses(slug, lane.pk)])
    _add_rooms(desks)
    return desks


def _add_rooms(desks: Mapping[int, Desk]) -> None:
    rooms: dict[int, Place] = {}
    for room in Room.objects.filter(lane_id__in=desks):
        place = desks[room.lane_id].place(room.kind) if room.lane_id else None
        if place is not None:
            place.room, rooms[room.pk] = room, place
    for member in RoomMember.objects.filter(room_id__in=rooms):
        rooms[member.room_id].members[member.user_id] = member
