"""What the desk does with one event of a staff lane: its rooms are made, kept right, and listened to (D9)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from roomdesk.audit.work import Work
from roomdesk.bootstrap import settings
from roomdesk.cases import hearing
from roomdesk.cases.hearing import Claimed, Echoes
from roomdesk.cases.models import Question
from roomdesk.cases.questions import ASKED
from roomdesk.cases.staff_signs import MISPLACED, REACTED
from roomdesk.clocks.writing import CASE_CHANGED
from roomdesk.control import commands, direct, facts, listening, telling
from roomdesk.control.loading import Desk, Place
from roomdesk.directory.models import Person
from roomdesk.directory.services.staff import STAFF_CHANGED
from roomdesk.queues.models import OutboxRow
from roomdesk.rooms import asking, drift, naming, reporting, services, staff_rooms, succession
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
    act = _ACTS.get(item.data["kind"])
    if act is None:
        item.ignore(f"Nobody reads {item.data['kind']!r} here.")
    else:
        act(work, desk, item)


def _settle_all(work: Work, desk: Desk, item: Claimed) -> None:
    left = item.data.get("left", ())
    for place in desk.places:
        # Nobody else belongs in a room for direct messages; there may be one for everybody on the staff.
        if not direct.is_direct(place) or set(left) & set(place.members):
            _settle(work, desk, place, left)


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
        if data["kind"] == "send" and not data["ok"]:
            _unsaid(work, desk, room, data)
    elif reporting.reported(work, room, place.house, desk.product, desk.lane, place.members, data):
        services.refresh(work, room, place.house, desk.product, place.members, SERVER)
        succession.moved_in(work, room, place.house)
        _begin(work, desk, place)
    elif data["kind"] == "create_room" and data["ok"]:
        asking.ask_look(work, room, place.house, drift.CHANGE)
        _begin(work, desk, place)


def _unsaid(work: Work, desk: Desk, room: Room, data: Mapping[str, Any]) -> None:
    """Something was refused for good: what the case's thread was to show is shown with its next change."""
    if data["payload"]["room_id"] != room.room_id:
        # The room it was for is no longer the control room; in the present one all that is open stands anew.
        OutboxRow.objects.filter(pk=data["row"]).update(state=OutboxRow.State.DROPPED)
    for thread in desk.threads.values():
        telling.refused(work, thread, data["row"])


def _begin(work: Work, desk: Desk, place: Place) -> None:
    """A control room that is new, or another one, begins with all that is open; one for direct messages with how it is used."""
    if direct.is_direct(place):
        direct.greet(work, place)
    if place.house.kind == Room.Kind.CONTROL:
        for case_id in facts.open_cases(desk.slug):
            work.tell(desk.lane.key, CASE_CHANGED, case=case_id)
        for question_id in facts.open_questions(desk.slug):
            work.tell(desk.lane.key, ASKED, question=question_id)


def _hear(work: Work, desk: Desk, item: Claimed, echoes: Echoes) -> None:
    """Decides one Matrix event of such a room."""
    heard, place = item.heard, desk.at(item.event.address)
    if heard is not None and place is None and direct.is_invitation(heard):
        direct.invited(work, desk, item)
        return
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
        if naming.is_ours(heard.sender, SERVER):
            _came_back(work, desk, row, heard.event_id)
            item.ignore("The desk said it itself.")
        else:
            listening.hear(work, desk, place, item)


def _came_back(work: Work, desk: Desk, row: OutboxRow | None, event_id: str) -> None:
    """A card is in the room: now it is known which event its thread hangs from."""
    for thread in desk.threads.values():
        if row is not None and thread.card_row == row.pk and not thread.root_event_id:
            thread.root_event_id = event_id
            work.update(thread, "root_event_id")


def _show(work: Work, desk: Desk, item: Claimed) -> None:
    place, found = desk.control, desk.cases.get(item.data["case"])
    if place is None or found is None:
        item.ignore("There is no control room yet; it begins with all open cases.")
    elif not telling.show(work, place, desk.threads, found):
        item.ignore("The control room shows it so already.")


def _ask(work: Work, desk: Desk, item: Claimed) -> None:
    place = desk.control
    found = Question.objects.select_related("workspace", "case").filter(pk=item.data["question"]).first()
    if place is None or found is None:
        item.ignore("There is no control room to ask in yet.")
        return
    author = Person.objects.filter(localpart=naming.localpart_of(found.author_ref, SERVER)).first()
    if not telling.ask(work, place, found, author, found.workspace.display_name):
        item.ignore("It was asked, and its answer told, already.")


_ACTS: dict[str, Callable[[Work, Desk, Claimed], None]] = {
    STAFF_CHANGED: _settle_all,
    LOOK: _look,
    SPACE_CHILD: _hold,
    CASE_CHANGED: _show,
    ASKED: _ask,
    MISPLACED: commands.misplaced,
    REACTED: commands.reacted,
    direct.DIRECT_WANTED: direct.wanted,
}
