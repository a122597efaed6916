"""What is known of the staff lanes that are held: loaded in bulk, kept true in memory while their events are decided."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from django.db.models import Q

from roomdesk.cases.hearing import Batch, Claimed, Echoes
from roomdesk.clocks.writing import CASE_CHANGED
from roomdesk.control import facts
from roomdesk.control.facts import Facts
from roomdesk.control.models import Thread
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
    #: Threads, and the cases that have changed, by case; of all lanes at hand.
    threads: dict[int, Thread] = field(default_factory=dict)
    cases: dict[int, Facts] = field(default_factory=dict)

    def thread(self, place: Place, *roots: str) -> Thread | None:
        """The thread of this room that hangs from one of these events."""
        ids = {root for root in roots if root}
        mine = (t for t in self.threads.values() if place.room and t.room_id == place.room.room_id)
        return next((thread for thread in mine if thread.root_event_id in ids), None)

    @property
    def is_known(self) -> bool:
        """Whether there is such a product; its rooms are left alone when it is loaded no more."""
        return self.product is not None or not self.slug

    def at(self, room_id: str) -> Place | None:
        """The place with this room of Matrix."""
        return next((p for p in self.places if p.room and p.room.room_id == room_id), None)

    @property
    def control(self) -> Place | None:
        """The control room, once it is made."""
        place = self.place(Room.Kind.CONTROL)
        return place if place is not None and place.room is not None and place.room.room_id else None

    def place(self, kind: str) -> Place | None:
        return next((place for place in self.places if place.house.kind == kind), None)


def load(lanes: Iterable[Lane], claimed: Batch, echoes: Echoes) -> dict[int, Desk]:
    """The staff lanes among these, by id, with what their events speak of.

    Nine queries at most, however many events there are; none where there are no staff lanes.
    """
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
    _add_cases(desks, [item for item in claimed.items if item.event.lane_id in desks], echoes)
    return desks


def _add_cases(desks: Mapping[int, Desk], items: list[Claimed], echoes: Echoes) -> None:
    """One picture of a thread for all events: each sees what those before it have told."""
    told = {item.data["case"] for item in items if item.data.get("kind") == CASE_CHANGED}
    heard = [item.heard for item in items if item.heard is not None]
    roots = {root for one in heard for root in (one.thread_root, one.reply_to)} - {""}
    sent = [row.pk for one in heard if (row := echoes.rows.get(one.marker)) is not None]
    sent += [item.data["row"] for item in items if item.data.get("kind") == "send"]
    if not (told or roots or sent):
        return
    found = Thread.objects.filter(
        Q(case_id__in=told) | Q(root_event_id__in=roots) | Q(card_row__in=sent) | Q(shown_row__in=sent)
    )
    threads = {thread.case_id: thread for thread in found}
    cases = facts.load(told, threads) if told else {}
    for desk in desks.values():
        desk.threads, desk.cases = threads, cases


def _place(desk: Desk, room: Room) -> Place | None:
    """Rooms for direct messages are as many as have been asked for; the others there are always."""
    if room.person is not None:
        desk.places.append(Place(House(room.kind, room.product, desk.lane.pk, room.person)))
        return desk.places[-1]
    return desk.place(room.kind)


def _add_rooms(desks: Mapping[int, Desk]) -> None:
    rooms: dict[int, Place] = {}
    for room in Room.objects.filter(lane_id__in=desks).select_related("person"):
        place = _place(desks[room.lane_id], room) if room.lane_id else None
        if place is not None:
            place.room, rooms[room.pk] = room, place
    for member in RoomMember.objects.filter(room_id__in=rooms):
        rooms[member.room_id].members[member.user_id] = member
