"""What staff say in a control room, or to the desk directly: in a case's thread it is an internal note, and goes on to the lane of the case's workspace (D9)."""

from __future__ import annotations

import json

from roomdesk.audit.work import Work
from roomdesk.cases import notes
from roomdesk.cases.hearing import Claimed
from roomdesk.cases.models import Case
from roomdesk.cases.speaking import SPEECH
from roomdesk.control import commands, direct, telling
from roomdesk.control.loading import Desk, Place
from roomdesk.queues import inbox
from roomdesk.queues.models import InboxEvent
from roomdesk.record.models import Message
from roomdesk.rules.desk_command import is_command
from roomdesk.rules.own_text import own_text


def hear(work: Work, desk: Desk, place: Place, item: Claimed) -> None:
    """A person's event in the control room, or in one for direct messages. In a space nobody can write."""
    heard = item.heard
    assert heard is not None
    if direct.is_direct(place) and not direct.is_theirs(place, heard):
        item.ignore("Only the person for whom this room was made speaks to the desk here.")
        return
    if heard.kind not in SPEECH:
        if not commands.edited(work, desk, place, item):
            _about_a_note(item)
        return
    thread = desk.thread(place, heard.thread_root, heard.reply_to)
    text = own_text(heard.body, bool(heard.reply_to))
    if is_command(text):
        noted = commands.noted_case(desk, place, item, thread, text)
        if noted is None:
            commands.take_down(work, desk, place, item, thread, text)
        else:
            _pass_on(item, noted)
            if direct.is_direct(place):
                telling.answer(work, place, "", heard.event_id, "")
    elif direct.is_direct(place):
        direct.hint(work, place, item)
    elif thread is None:
        item.ignore("It was said outside the threads of cases.")
    else:
        _pass_on(item, Case.objects.select_related("workspace").get(pk=thread.case_id))


def _about_a_note(item: Claimed) -> None:
    """Edits and redactions of notes go where the note went; reactions say nothing yet."""
    heard = item.heard
    assert heard is not None
    case = _noted_of(heard.target) if heard.kind in ("edit", "redaction") and heard.target else None
    if case is None:
        item.ignore("It speaks of no note.")
    else:
        _pass_on(item, case)


def _noted_of(event_id: str) -> Case | None:
    """The case that a note belongs to, by what was passed on: one that was written just now is not on record yet."""
    passed = InboxEvent.objects.filter(source=notes.SOURCE, external_id=event_id).first()
    if passed is not None:
        return Case.objects.select_related("workspace").get(pk=json.loads(passed.raw)["case"])
    noted = Message.objects.filter(external_id=event_id, kind=Message.Kind.NOTE).select_related("case__workspace")
    return next((message.case for message in noted), None)


def _pass_on(item: Claimed, case: Case) -> None:
    raw = json.dumps({"case": case.pk, "event": json.loads(item.event.raw)})
    inbox.forward(item.event, notes.SOURCE, case.workspace.lane_id, raw)
