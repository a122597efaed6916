"""Commands that staff write in the control room, or to the desk directly: taken down where they are heard, carried out under the case's own lane (D9).

A command is a service of the console written as a sentence. It is carried out in one transaction with the note that it was, so that
whoever dies, it happens once; what is refused changes nothing and is answered with the reason.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from django.db import InterfaceError, OperationalError, transaction

from roomdesk.audit.work import Actor, Work
from roomdesk.bootstrap import settings
from roomdesk.cases.hearing import Claimed
from roomdesk.cases.models import Case
from roomdesk.cases.staff_signs import PROPOSE
from roomdesk.control import direct, telling
from roomdesk.control.carrying import Doing, carry_out
from roomdesk.control.loading import Desk, Place
from roomdesk.control.models import Command, Thread
from roomdesk.directory.models import Person, StaffRole
from roomdesk.directory.queries import viewer_of_person
from roomdesk.directory.services.availability import do_set_availability
from roomdesk.directory.services.intervals import valid_at
from roomdesk.oncall import rotas
from roomdesk.queues.errors import LanesBusy
from roomdesk.queues.models import Timer
from roomdesk.refusals import DeskError
from roomdesk.rooms import naming
from roomdesk.rooms.homes import House, home_of
from roomdesk.rooms.models import Room
from roomdesk.rules import desk_command
from roomdesk.rules.desk_command import CommandError

_LOG = logging.getLogger(__name__)

COMMAND_TIMER = "desk_command"
#: When a command looks again that acts on other customers' cases too, while somebody else is at one of them.
_AGAIN = timedelta(seconds=1)
_PRESENCE = {"here": True, "away": False}
_STRANGER = "Only staff of this product have commands carried out."
_MAY_NOT = "Your role may look (status, why) and change nothing."
_WHICH = "Which case? Write it in the case's thread, or name the case: !desk BC-1042 status. Nothing was done."
_RESTRICTED = "{ref} is restricted, and everybody in this room would read the answer; act on it in the console."
_WHICH_ALONE = "Which case? Name it: !desk BC-1042 status. Nothing was done."
_NO_CASE = "There is no case {} here; nothing was done."
_NOT_YOURS = "{ref} is restricted; only the security role acts on it, or is told of it. Nothing was done."
_TAKE = "!desk ack"
SECURITY = StaffRole.Role.SECURITY
_PROPOSED = (
    "{name} proposes {ref} as resolved. To do it: !desk resolve fix: what made it work; cause: why it had failed."
)
_MISPLACED = (
    "{name}, a command was written in the room of {workspace}: it was removed there, and nothing was done. "
    "Write it in the case's thread here, or with the case named first:\n{text}"
)
_EDITED = "A command stays as it was first written, and so does what it did; write it anew."
_BROKEN = "This could not be carried out, by a fault of the desk; nothing was done. The console does the same."


def take_down(work: Work, desk: Desk, place: Place, item: Claimed, thread: Thread | None, text: str) -> None:
    """Notes the command; the lane of its case's workspace carries it out, once what was said there before is heard."""
    heard = item.heard
    assert heard is not None and place.room is not None
    written = Command(
        event_id=heard.event_id,
        case=_case(desk, thread, text),
        room_id=place.room.room_id,
        root=thread.root_event_id if thread else "",
        sender=heard.sender,
        text=text,
        at=item.at,
    )
    _put(work, desk, written)
    item.ignore("A command.")


def _put(work: Work, desk: Desk, command: Command) -> None:
    command.pk = work.new_id(Command)
    command.product = desk.slug or (command.case.product if command.case else "")
    work.insert(command)
    lane_id = command.case.workspace.lane_id if command.case else desk.lane.pk
    work.remind(lane_id, COMMAND_TIMER, command.pk, command.at)


def reacted(work: Work, desk: Desk, item: Claimed) -> None:
    """A neutral reaction of staff in a customer's room: taking the case is a command, proposing it as resolved is said to all."""
    data = item.data
    place, case = desk.control, Case.objects.select_related("workspace").filter(pk=data["case"]).first()
    if place is None or place.room is None or case is None:
        item.ignore("There is no control room yet.")
        return
    root = Thread.objects.filter(case=case, room_id=place.room.room_id).values_list("root_event_id", flat=True).first()
    if data["sign"] == PROPOSE:
        name = naming.localpart_of(data["sender"], settings.matrix_server_name)
        telling.say(
            work, place, root or "", _PROPOSED.format(name=name, ref=case.ref), once=f"control:sign:{data['event']}"
        )
        return
    at = datetime.fromisoformat(data["at"])
    sign = Command(
        event_id=data["event"], case=case, room_id=place.room.room_id, root=root or "", sender=data["sender"], text=_TAKE, at=at, is_sign=True
    )  # fmt: skip
    _put(work, desk, sign)


def misplaced(work: Work, desk: Desk, item: Claimed) -> None:
    """Tells whoever wrote a command in a customer's room that it was taken away there and not carried out."""
    data, place = item.data, desk.control
    if place is None:
        item.ignore("There is no control room yet.")
        return
    text = _MISPLACED.format(name=data["person"], workspace=data["workspace"], text=data["text"])
    telling.say(work, place, "", text, once=f"control:misplaced:{data['event']}", mentions=[data["sender"]])


def noted_case(desk: Desk, place: Place, item: Claimed, thread: Thread | None, text: str) -> Case | None:
    """The case that `!desk note` writes a note of: it is what a plain reply in the case's thread is. None for other commands.

    Said to the desk directly it is one only by staff of the case's product, and of a restricted case by its security role.
    """
    try:
        is_note = desk_command.parse(text).name == "note"
    except CommandError:
        return None
    case = _case(desk, thread, text) if is_note else None
    if case is None or place.house.person is None:
        return case
    roles = _roles(place.house.person, case.product, item.at)
    return case if roles and (not case.is_restricted or SECURITY in roles) else None


def edited(work: Work, desk: Desk, place: Place, item: Claimed) -> bool:
    """Says that an edit changes no command: it was carried out as it was written. False where it speaks of none."""
    heard = item.heard
    assert heard is not None
    command = Command.objects.filter(event_id=heard.target).first() if heard.kind == "edit" else None
    if command is None:
        return False
    item.ignore("An edit of a command.")
    telling.answer(work, place, command.root, heard.event_id, _EDITED)
    return True


def _case(desk: Desk, thread: Thread | None, text: str) -> Case | None:
    """The case that is named, else that of the thread."""
    # Whoever speaks to the desk directly may work for several products; which is theirs is asked when it is carried out.
    cases = Case.objects.filter(**({"product": desk.slug} if desk.slug else {})).select_related("workspace")
    try:
        ref = desk_command.parse(text).ref
    except CommandError:
        ref = ""
    if ref:
        return cases.filter(ref=ref).first()
    return cases.filter(pk=thread.case_id).first() if thread else None


def fire(work: Work, due: Sequence[Timer]) -> Mapping[int, datetime | None]:
    """Carries out commands, in the order in which they were written, and answers them."""
    lanes = {timer.subject_id: timer.lane_id for timer in due}
    waiting = Command.objects.filter(pk__in=lanes, state=Command.State.WAITING)
    again: dict[int, datetime | None] = {}
    busy: set[int] = set()
    for command in waiting.select_related("case__workspace").order_by("pk"):
        lane = lanes[command.pk]
        if lane in busy or not _carry_out(work, command):
            # What is behind it in its lane was written after it, and waits for it.
            busy.add(lane)
            again[command.pk] = work.now + _AGAIN
            continue
        command.done_at = work.now
        work.update(command, "state", "answer", "done_at")
        _answer(work, command)
    return again


def _carry_out(work: Work, command: Command) -> bool:
    """Does it, or notes why not. False where it has to wait for other customers' lanes: then nothing is done yet."""
    try:
        # What a service has written when it refuses is taken back; the refusal itself is noted.
        with transaction.atomic():
            command.answer, command.state = _done(work, command), Command.State.DONE
    except (DeskError, CommandError) as refusal:
        command.answer, command.state = str(refusal), Command.State.REFUSED
    except LanesBusy:
        return False
    except (OperationalError, InterfaceError):
        raise
    except Exception:  # noqa: BLE001 - one that always fails must not come up for ever, nor stop those behind it
        _LOG.exception("Command %s failed.", command.pk)
        command.answer, command.state = _BROKEN, Command.State.REFUSED
    return True


def _done(work: Work, command: Command) -> str:
    """Does it; gives what is to be answered in words, empty where a sign is enough."""
    wanted = desk_command.parse(command.text)
    person = Person.objects.filter(localpart=naming.localpart_of(command.sender, settings.matrix_server_name)).first()
    # What they were for this product when they wrote it.
    roles = _roles(person, command.product, command.at) if person is not None and person.is_active else frozenset()
    room = Room.objects.filter(room_id=command.room_id).first()
    alone = room is not None and room.kind == Room.Kind.DIRECT
    if person is None or not roles:
        raise CommandError(_NO_CASE.format(wanted.ref) if alone and command.case else _STRANGER)
    if not desk_command.may(wanted, roles):
        raise CommandError(_MAY_NOT)
    if wanted.name == "help":
        return desk_command.help_text(wanted.given["topic"])
    if wanted.name in _PRESENCE:
        actor = Actor("staff", person.slug)
        do_set_availability(person.slug, is_present=_PRESENCE[wanted.name], actor=actor, now=work.now)
        return ""
    if wanted.name == "swap":
        return _swapped(person, command.product, wanted, work.now)
    if wanted.name == "direct":
        return direct.ask(work, person)
    case = command.case
    if case is None:
        raise CommandError(_NO_CASE.format(wanted.ref) if wanted.ref else _WHICH_ALONE if alone else _WHICH)
    _check_restricted(case, alone, roles)
    if wanted.name == "note":
        raise CommandError(f"{case.ref} could not be noted in; write the note in its thread.")
    return carry_out(Doing(case, person, viewer_of_person(person, work.now), work.now, command), wanted)


def _swapped(person: Person, product: str, wanted: desk_command.Command, now: datetime) -> str:
    """Somebody takes the author's present or next shift."""
    if not product:
        raise CommandError("Of which product's rota? Write it in that product's control room. Nothing was done.")
    wish = rotas.Wish(None, wanted.given["with"].lower(), wanted.given["reason"], instead_of=person.slug)
    viewer, actor = viewer_of_person(person, now), Actor("staff", person.slug)
    made = rotas.do_swap(viewer, product, wish, actor=actor, now=now)
    return f"{made.person} is on call ({made.layer}) from {made.start:%a %Y-%m-%d %H:%M} to {made.end:%a %Y-%m-%d %H:%M} UTC."


def _check_restricted(case: Case, alone: bool, roles: frozenset[str]) -> None:
    """Of a restricted case nothing is said but to its security role, and to them only where nobody else reads (D22)."""
    if case.is_restricted and not alone:
        raise CommandError(_RESTRICTED.format(ref=case.ref))
    if case.is_restricted and SECURITY not in roles:
        raise CommandError(_NOT_YOURS.format(ref=case.ref))


def _roles(person: Person, product: str, at: datetime) -> frozenset[str]:
    """Of a product's staff; of any where no product is named."""
    found = StaffRole.objects.filter(valid_at(at), person=person)
    if product:
        found = found.filter(product__in=("", product))
    return frozenset(found.values_list("role", flat=True))


def _answer(work: Work, command: Command) -> None:
    room = Room.objects.select_related("person").filter(room_id=command.room_id, workspace=None).first()
    if room is None:
        # The room was made anew meanwhile: what was done shows in the case's thread there.
        return
    home = home_of(room)
    assert isinstance(home, House)
    place = Place(home, room)
    if not command.is_sign:
        telling.answer(work, place, command.root, command.event_id, command.answer)
    elif command.answer:
        telling.say(work, place, command.root, command.answer, once=f"control:answer:{command.event_id}")
