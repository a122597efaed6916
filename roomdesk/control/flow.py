"""What the desk does with one event of a staff lane: its rooms are made, kept right, and listened to (D9)."""

from __future__ import annotations

from collections.abc import Collection

from roomdesk.audit.work import Work
from roomdesk.bootstrap import settings
from roomdesk.cases import hearing
from roomdesk.cases.hearing import Claimed, Echoes
from roomdesk.control.loading import Desk, Place
from roomdesk.directory.services.staff import STAFF_CHANGED
from roomdesk.rooms import asking, drift, reporting, services, staff_rooms, succession
from roomdesk.rooms.acting import Site, carry_out
from roomdesk.rooms.homes import destination
from roomdesk.rooms.models import Room
from roomdesk.rooms.planning import LOOK
from roomdesk.rooms.staff_rooms import SPACE_CHILD
from roomdesk.rules.room_plan import CHILD, SetState

SERVER = settings.matrix_server_name


def decide(work: Work, desk: Desk, item: Claimed, echoes: Echoes) -> None:
    """Decides one event, whatever its source."""
    if not desk.is_known:
        item.ignore("This product is loaded no more.")
        return
    match item.event.source:
        case "matrix":
            _hear(work, desk, item, echoes)
        case "outbox":
            _report(work, desk, item)
        case "desk":
            _own(work, desk, item)
        case other:
            item.ignore(f"Nobody reads events of the source {other!r} in a room of the staff.")


def _own(work: Work, desk: Desk, item: Claimed) -> None:
    match item.data["kind"]:
        case kind if kind == STAFF_CHANGED:
            for place in desk.places:
                _settle(work, desk, place, item.data.get("left", ()))
        case kind if kind == LOOK:
            _look(work, desk, item)
        case kind if kind == SPACE_CHILD:
            _hold(work, desk, item)
        case other:
            item.ignore(f"Nobody reads {other!r} here yet.")


def _settle(work: Work, desk: Desk, place: Place, left: Collection[str]) -> None:
    """Has the room made once somebody belongs in it, and then the right people in it. `left`: user ids of leavers."""
    if place.room is None:
        if staff_rooms.belong(place.house, SERVER, work.now):
            place.room = services.want_staff_room(work, place.house, desk.product)
    elif place.room.room_id:
        services.refresh(work, place.room, place.house, desk.product, place.members, SERVER, leaving=left)


def _look(work: Work, desk: Desk, item: Claimed) -> None:
    words = {name: item.data[name] for name in drift.WORDS if name in item.data}
    for place in desk.places:
        room = place.room
        if room is None or item.data.get("room") not in (None, room.pk):
            continue
        if room.room_id:
            asking.ask_look(work, room, place.house, item.data["because"], **words)
        elif room.state == Room.State.FAILED:
            succession.make_again(work, room, place.house, desk.product)


def _hold(work: Work, desk: Desk, item: Claimed) -> None:
    """A room is there that stands in this space. Where the space is not there yet, it begins with all of them."""
    space, room = desk.place(Room.Kind.SPACE), Room.objects.filter(pk=item.data["room"]).exclude(room_id="").first()
    if space is None or space.room is None or not space.room.room_id or room is None:
        item.ignore("There is no space yet, or no room to stand in it.")
        return
    links = [SetState(CHILD, room.room_id, staff_rooms.child(SERVER))]
    if room.replaces:
        # Nobody can enter the former room any more; whoever looks at the space should not see both.
        links.append(SetState(CHILD, room.replaces, {}))
    carry_out(_site(work, space), links)


def _site(work: Work, place: Place) -> Site:
    assert place.room is not None
    return Site(work, place.room, place.house, {}, place.members)


def _report(work: Work, desk: Desk, item: Claimed) -> None:
    """What became of a call for one of these rooms."""
    place = next((p for p in desk.places if p.room and destination(p.house) == item.event.address), None)
    if place is None or place.room is None:
        item.ignore("It speaks of no room of the staff.")
        return
    room, data = place.room, item.data
    if data["kind"] not in reporting.CALLS:
        reporting.acted(work, room, place.house, place.members, data)
    elif reporting.reported(work, room, place.house, desk.product, desk.lane, place.members, data):
        services.refresh(work, room, place.house, desk.product, place.members, SERVER)
        succession.moved_in(work, room, place.house)
    elif data["kind"] == "create_room" and data["ok"]:
        asking.ask_look(work, room, place.house, drift.CHANGE)


def _hear(work: Work, desk: Desk, item: Claimed, echoes: Echoes) -> None:
    """Decides one Matrix event of such a room."""
    heard, place = item.heard, desk.at(item.event.address)
    if heard is None or place is None or place.room is None:
        item.ignore("It comes from no room of the staff.")
        return
    if heard.kind == "member":
        reporting.member(work, place.room, place.house, place.members, heard)
        item.ignore("Kept as membership.")
    elif heard.kind == "state":
        reporting.state(work, place.room, place.house, heard)
        item.ignore("Room state is not part of the record.")
    else:
        row = hearing.echoed(heard, echoes)
        if row is not None:
            hearing.confirm(work, row, heard.event_id)
        item.ignore("Nobody listens in rooms of the staff yet.")
