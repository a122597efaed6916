"""Another room in the place of one that the desk keeps: made anew, or taken over. In the caller's `Work`, under the lane's lock.

What was said in the former room stays on record, and what is still said there is read: its route stays.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection

from roomdesk.audit.work import Work
from roomdesk.bootstrap import settings
from roomdesk.channels.matrix.names import KEEPER
from roomdesk.product.schema import Product
from roomdesk.queues import lanes
from roomdesk.queues.models import Lane
from roomdesk.rooms import naming
from roomdesk.rooms.acting import Site, note_member
from roomdesk.rooms.asking import ask_for_room, ask_look
from roomdesk.rooms.homes import Home, destination, named, scope_of, subject_of
from roomdesk.rooms.models import FormerRoom, Room
from roomdesk.rooms.staff_rooms import tell_space
from roomdesk.rules.room_succession import Candidate, refusal

Why = FormerRoom.Why

#: Deleted rooms that the desk makes anew by itself in any hour: an empty database under the homeserver must not have it make
#: all rooms again before anybody has looked.
MOST_AN_HOUR = 10
#: Advisory lock of those who count and make: two workers must not both take the last place.
_REMAKING = 0x526D_0002

#: A look at a room that has just taken another's place.
REPLACED = "replaced"


def may_remake(now: datetime) -> bool:
    """Whether one more deleted room may be made anew without an operator's word. Held until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_REMAKING])
    recent = FormerRoom.objects.filter(why=Why.DELETED, left_at__gt=now - timedelta(hours=1))
    return recent.count() < MOST_AN_HOUR


def before(room: Room) -> tuple[str, ...]:
    """The room and those it has replaced, by id."""
    return (room.room_id, *(row.address for row in FormerRoom.objects.filter(room=room)))


def refused(room: Room, home: Home, found: Candidate | None, server: str) -> str:
    """Why an operator's word does not put the room that was found in the place of this one; empty where it does."""
    bot, keeper = naming.user_id(naming.BOT, server), naming.user_id(KEEPER, server)
    return refusal(found, bot, keeper, named(home), before=before(room), by_operator=True)


def remake(site: Site, product: Product | None, why: str) -> None:
    """Plans another room; its people follow once it is there, and what is left of the former one is shut then."""
    room, workspace = site.room, site.workspace
    _leave(site, why)
    room.room_id, room.state, room.problem, room.keeper_is_creator = "", Room.State.WANTED, "", True
    room.wanted_at, room.makings = site.work.now, room.makings + 1
    site.work.update(room, "room_id", "state", "problem", "keeper_is_creator", "wanted_at", "makings")
    for user in sorted(site.members):
        note_member(site.work, room, site.members, user, "leave")
    ask_for_room(site.work, room, workspace, product, predecessor="" if why == Why.DELETED else room.replaces)
    _audit(site.work, workspace, "room.remaking", {"former": room.replaces, "why": str(why)})


def make_again(work: Work, room: Room, workspace: Home, product: Product | None) -> None:
    """Plans once more the room that could not be made."""
    room.state, room.problem, room.wanted_at, room.makings = Room.State.WANTED, "", work.now, room.makings + 1
    work.update(room, "state", "problem", "wanted_at", "makings")
    ask_for_room(work, room, workspace, product)
    _audit(work, workspace, "room.wanted", {"alias": room.alias, "times": room.makings})


def adopt(site: Site, lane: Lane, found: Candidate, why: str) -> None:
    """The room is this one from now on; a look brings it right, and the former one is shut."""
    room, workspace, work = site.room, site.workspace, site.work
    if room.room_id:
        _leave(site, why)
    room.room_id, room.state, room.problem, room.ready_at = found.room_id, Room.State.READY, "", work.now
    room.keeper_is_creator = naming.user_id(KEEPER, settings.matrix_server_name) in found.creators
    room.powered, room.acts = "", room.acts + 1
    work.update(room, "room_id", "state", "problem", "ready_at", "keeper_is_creator", "powered", "acts")
    lanes.route("matrix", found.room_id, lane, work.now)
    tell_space(work, room, workspace)
    for user in sorted({*site.members, *found.members}):
        note_member(work, room, site.members, user, found.members.get(user, "leave"))
    _audit(work, workspace, "room.adopted", {"room_id": found.room_id, "former": room.replaces, "why": str(why)})


def moved_in(work: Work, room: Room, workspace: Home) -> None:
    """After the new room's people were asked in: the former one is shut, and a look says what is still missing here."""
    former = FormerRoom.objects.filter(address=room.replaces).first()
    if former is not None and former.why != Why.DELETED:
        payload = {"room_id": former.address, "successor": room.room_id}
        work.send("matrix", "shut", destination(workspace), payload, lane_id=workspace.lane_id)
    ask_look(work, room, workspace, REPLACED)


def _leave(site: Site, why: str) -> None:
    """Written at once: `may_remake` counts it."""
    room = site.room
    FormerRoom.objects.create(room=room, address=room.room_id, why=why, left_at=site.work.now)
    room.replaces = room.room_id
    site.work.update(room, "replaces")


def _audit(work: Work, workspace: Home, action: str, data: dict[str, object]) -> None:
    work.audit(action, subject_of(workspace), data, scope=scope_of(workspace))
