"""How what people say reaches the desk: from the room, at once, late or after an error; by the form; from console to room and back."""

from __future__ import annotations

from roomdesk import pipeline
from roomdesk.audit.work import Actor
from roomdesk.cases import set_aside, writing
from roomdesk.cases.models import Case
from roomdesk.queues.models import InboxEvent, OutboxRow
from roomdesk.runtime import clock
from tests.year import schedule
from tests.year.chances import HOUR
from tests.year.desk import Desk, Happens, Matter
from tests.year.place import VENDOR, hear


def opens(desk: Desk, matter: Matter, author: str, text: str) -> None:
    actor, place = Actor("staff", author), matter.place
    given = {
        "workspace": place.slug,
        "author": author,
        "text": text,
        "channel": "form",
        "actor": actor,
        "now": clock.now(),
    }
    case = desk.attempt("open", writing.do_open_case, **given)
    matter.case_id = case.pk if case else None
    if case and place.room:
        _echo_soon(desk, matter, author, case)


def _echo_soon(desk: Desk, matter: Matter, author: str, case: Case) -> None:
    """What was written through a face comes back from the room a little later."""
    row = OutboxRow.objects.filter(case_id=case.pk, message_id__isnull=False).latest("id")
    event_id = matter.event_id()
    matter.root = matter.root or event_id
    content = {"msgtype": "m.text", "body": "…", "solutions.roomdesk.id": str(row.key)}

    def happens(desk: Desk) -> None:
        hear(matter.place.room, author, "m.room.message", content, event_id)
        desk.heard()

    desk.plan(desk.now + schedule.SECOND * matter.rng.randrange(1, 400), happens)


def in_room(desk: Desk, matter: Matter, person: str, text: str, event_id: str, *, threaded: bool = False) -> None:
    """Heard at once, but for one of twenty, which reaches the desk minutes or hours after it was said.

    One in a hundred is set aside for an error, and put back hours or days later (D24).
    """
    content: dict[str, object] = {"msgtype": "m.text", "body": text}
    if threaded and matter.root:
        content["m.relates_to"] = {"rel_type": "m.thread", "event_id": matter.root}
    sent, room = clock.to_ms(clock.now()), matter.place.room

    def happens(desk: Desk) -> None:
        hear(room, person, "m.room.message", content, event_id, sent=sent)
        desk.done["said"] += 1
        desk.heard()

    fate = matter.rng.random()
    if fate < 0.05:
        desk.plan(desk.now + matter.rng.randrange(schedule.MINUTE, 5 * HOUR), happens)
    elif fate < 0.06:
        hear(room, person, "m.room.message", content, event_id, sent=sent, problem="An error since mended")
        desk.plan(desk.now + matter.rng.randrange(HOUR, 6 * schedule.DAY), puts_back(event_id))
    else:
        happens(desk)


def puts_back(event_id: str) -> Happens:
    """What was set aside is replayed with its own time."""

    def happens(desk: Desk) -> None:
        event = InboxEvent.objects.get(source="matrix", external_id=event_id)
        given = {"put_back": pipeline.replay, "actor": VENDOR, "now": clock.now()}
        desk.attempt("replay", set_aside.do_replay, event.pk, **given)
        desk.heard()

    return happens


def says(desk: Desk, matter: Matter, case: Case, person: str, text: str, *, threaded: bool = True) -> None:
    if matter.place.room:
        in_room(desk, matter, person, text, matter.event_id(), threaded=threaded)
        return
    given = {"ref": case.ref, "author": person, "text": text, "channel": "form"}
    desk.attempt("say", writing.do_say, **given, actor=Actor("staff", person), now=clock.now())
