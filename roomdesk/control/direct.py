"""Direct messages with the desk: a room for one member of the staff and the desk alone, where commands are answered to that person only (D9).

The desk makes it, when it is asked for: by `!desk direct`, or by an invitation of the bot to a room of the person's own. That one is
declined: whoever made it could bring others in, or encrypt it.
"""

from __future__ import annotations

import hashlib
import json

from roomdesk.audit.work import Work
from roomdesk.bootstrap import settings
from roomdesk.cases.hearing import Claimed
from roomdesk.channels.matrix.events import Heard, read_event
from roomdesk.control import telling
from roomdesk.control.loading import Desk, Place
from roomdesk.directory.models import Person
from roomdesk.directory.queries import is_staff_at
from roomdesk.oncall.reaching import DIRECT_WANTED
from roomdesk.queues.lanes import staff_key
from roomdesk.queues.models import InboxEvent, Lane
from roomdesk.queues.outbox import BEHIND
from roomdesk.rooms import naming, services
from roomdesk.rooms.homes import House
from roomdesk.rooms.models import Room

SERVER = settings.matrix_server_name
BOT = naming.user_id(naming.BOT, SERVER)
#: Invitations that are looked at at once.
_MANY = 100
_HELLO = (
    "This room is for you and the desk alone. Name the case in every command, as in !desk BC-1042 status; !desk help lists them. "
    "What is said here without !desk is kept nowhere."
)
_HINT = "Only what begins with !desk is read here, as in !desk BC-1042 status; !desk help lists the commands."
_COMING = "A room for you and the desk alone is being made; you are invited in a moment."
_THERE = "It is there: https://matrix.to/#/{}"


def is_direct(place: Place) -> bool:
    return place.house.kind == Room.Kind.DIRECT


def is_theirs(place: Place, heard: Heard) -> bool:
    """Whether it is said by the person whose room it is."""
    person = place.house.person
    return person is not None and heard.sender == naming.person_id(person, SERVER)


def ask(work: Work, person: Person) -> str:
    """Asks for the person's room, who is staff; gives what is to be answered."""
    work.tell(staff_key(""), DIRECT_WANTED, person=person.pk)
    there = Room.objects.filter(person=person).exclude(room_id="").values_list("room_id", flat=True).first()
    return _THERE.format(there) if there else _COMING


def wanted(work: Work, desk: Desk, item: Claimed) -> None:
    """Has the room made, or the person let in again."""
    person = Person.objects.filter(pk=item.data["person"], is_active=True).first()
    if person is None or not is_staff_at(person, work.now):
        item.ignore("Only staff speak to the desk directly.")
    else:
        _open(work, desk, person)


def _open(work: Work, desk: Desk, person: Person) -> None:
    place = next((place for place in desk.places if place.house.person == person), None)
    if place is None:
        place = Place(House(Room.Kind.DIRECT, "", desk.lane.pk, person))
        place.room = services.want_staff_room(work, place.house, None)
        desk.places.append(place)
    elif place.room is not None and place.room.room_id:
        services.refresh(work, place.room, place.house, None, place.members, SERVER)


def greet(work: Work, place: Place) -> None:
    """The room is there."""
    assert place.room is not None
    telling.say(work, place, "", _HELLO, once=f"direct:{place.room.room_id}:hello")


def hint(work: Work, place: Place, item: Claimed) -> None:
    """What is no command is answered with how one is written."""
    assert item.heard is not None
    item.ignore("It is no command.")
    telling.answer(work, place, "", item.heard.event_id, _HINT)


def is_invitation(heard: Heard) -> bool:
    """Whether somebody invites the desk into a room."""
    return heard.kind == "member" and heard.membership == "invite" and heard.state_key == BOT


def invited(work: Work, desk: Desk, item: Claimed) -> None:
    """Staff get their own room for it; whoever invites, the desk does not come."""
    heard = item.heard
    assert heard is not None
    name = naming.localpart_of(heard.sender, SERVER)
    person = Person.objects.filter(localpart=name, is_active=True).first() if name else None
    if person is not None and is_staff_at(person, work.now):
        _open(work, desk, person)
    item.ignore("The desk comes into no room that it has not made.")
    where = f"matrix:invitation:{hashlib.sha256(heard.room_id.encode()).hexdigest()[:32]}"
    payload = {"room_id": heard.room_id, "user_id": BOT}
    once = f"decline:{hashlib.sha256(heard.event_id.encode()).hexdigest()}"
    work.send("matrix", "decline", where, payload, once=once, lane_id=desk.lane.pk, priority=BEHIND)


def take_in_invitations() -> int:
    """Brings invitations of the desk to rooms that are not its own before whoever answers them; returns how many there were."""
    waiting = InboxEvent.objects.filter(state=InboxEvent.State.PENDING, lane=None, source="matrix")
    # As `receive` has written it down; what only looks so is told apart afterwards.
    likely = waiting.filter(raw__contains=f'"state_key": {json.dumps(BOT)}').filter(
        raw__contains='"membership": "invite"'
    )
    found = [event.pk for event in likely.order_by("pk")[:_MANY] if is_invitation(read_event(event.raw))]
    if not found:
        return 0
    lane, _ = Lane.objects.get_or_create(key=staff_key(""))
    return waiting.filter(pk__in=found).update(lane=lane)
