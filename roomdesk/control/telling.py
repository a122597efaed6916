"""Putting cases into the control room: the card on top of the thread, what is told in it, and questions (D9, D10, D18).

Everything goes out by the control room's own destination and after the customers' notices: what staff read never keeps a
customer waiting. Each thing is told once: it is noted on the thread in the transaction that plans the call.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from roomdesk.audit.work import Work
from roomdesk.bootstrap import settings
from roomdesk.cases.models import Question
from roomdesk.cases.paging import LOUD
from roomdesk.clocks.models import Notice
from roomdesk.control.facts import Facts
from roomdesk.control.loading import Place
from roomdesk.control.models import Thread
from roomdesk.directory.models import Person
from roomdesk.directory.queries import specialists_at, staff_of
from roomdesk.queues.models import OutboxRow
from roomdesk.queues.outbox import BEHIND
from roomdesk.rooms import naming
from roomdesk.rooms.homes import destination
from roomdesk.rules.control_card import Changed, card, changed_words, pressed_words, question_words

Json = dict[str, Any]
SERVER = settings.matrix_server_name
#: The sign under a command that was carried out.
DONE = "✅"


def show(work: Work, place: Place, threads: dict[int, Thread], facts: Facts) -> bool:
    """Brings the case's thread up to date. False where there is nothing to do: it is so already, or was over before it was shown."""
    assert place.room is not None
    thread, text = threads.get(facts.case.pk), card(facts.card)
    if thread is None or thread.room_id != place.room.room_id:
        if facts.is_open:
            threads[facts.case.pk] = _begin(work, place, thread, facts, text)
        return facts.is_open
    told = _tell(work, place, thread, facts)
    if thread.shown == text:
        return told
    _edit(work, place, thread, text)
    return True


def _begin(work: Work, place: Place, thread: Thread | None, facts: Facts, text: str) -> Thread:
    """A new thread. What happened before it is on its card."""
    assert place.room is not None
    # Where the card before was refused, this one is another call.
    times = f":{thread.card_row}" if thread else ""
    once = f"control:{place.room.room_id}:{facts.case.pk}:card{times}"
    row = _send(work, place, _notice(text), once=once, case_id=facts.case.pk)
    is_new = thread is None
    thread = thread or Thread(case_id=facts.case.pk)
    thread.room_id, thread.root_event_id = place.room.room_id, ""
    thread.card_row, thread.shown_row, thread.shown = row.pk, row.pk, text
    _note_told(thread, facts)
    if is_new:
        return work.insert(thread)
    work.update(thread, "room_id", "root_event_id", "card_row", "shown_row", "shown", "told_change", "told_notice")
    return thread


def refused(work: Work, thread: Thread, row: int) -> None:
    """Without its card a thread hangs from nothing and begins anew; an edit that was refused is made again."""
    if row == thread.card_row:
        thread.room_id = ""
        work.update(thread, "room_id")
    elif row == thread.shown_row:
        thread.shown = ""
        work.update(thread, "shown")


def _note_told(thread: Thread, facts: Facts) -> None:
    thread.told_change = max([thread.told_change, *(pk for pk, _ in facts.changes)])
    thread.told_notice = max([thread.told_notice, *(notice.pk for notice, _ in facts.notices)])


def _tell(work: Work, place: Place, thread: Thread, facts: Facts) -> bool:
    """What happened since, in the thread, in order: changes first, for a clock may press because of one."""
    said = False
    for pk, change in facts.changes:
        words = changed_words(facts.card, change) if pk > thread.told_change else ""
        if words:
            said = True
            called = _called_in(facts, change, work)
            _post(work, place, thread, _calling(words, called), f"change:{pk}", priority=0 if called else BEHIND)
    for notice, pressed in facts.notices:
        if notice.pk > thread.told_notice:
            said = True
            content = _calling(pressed_words(pressed), _mentions(facts, notice, work))
            _post(work, place, thread, content, f"notice:{notice.pk}", priority=0)
    if facts.changes or facts.notices:
        _note_told(thread, facts)
        work.update(thread, "told_change", "told_notice")
    return said


def _mentions(facts: Facts, notice: Notice, work: Work) -> Json:
    """Whom a step of a clock calls (D18). What is told late, after an outage, calls nobody out of turn."""
    if notice.is_late:
        return {}
    if notice.audience == Notice.Audience.DESK:
        return {"room": True}
    leads = staff_of(facts.case.product, work.now).get("lead", []) if notice.audience == Notice.Audience.LEAD else []
    called = [*leads, *([notice.assignee] if notice.assignee else [])]
    users = sorted({_user(person) for person in called if person.is_active})
    return {"user_ids": users} if users else {}


def _called_in(facts: Facts, change: Changed, work: Work) -> Json:
    """Specialists hear that they are needed, and whoever was given a case by turn, that it is theirs."""
    people: Sequence[Person] = ()
    if change.what == "escalation" and change.after:
        people = specialists_at(facts.case.product, work.now).get(change.after, [])
    elif change.what == "page" and change.after in LOUD:
        return {"room": True}
    elif change.what == "assignee" and change.after and change.by == "desk":
        people = list(Person.objects.filter(slug=change.after))
    users = sorted(map(_user, people))
    return {"user_ids": users} if users else {}


def _user(person: Person) -> str:
    return naming.person_id(person, SERVER)


def _edit(work: Work, place: Place, thread: Thread, text: str) -> None:
    """Shows another text on the card. One that has not left yet is changed where it waits: only the newest is of use (D27)."""
    thread.shown = text
    is_root = thread.shown_row == thread.card_row
    content = _notice(text) if is_root else _edited(thread, text)
    payload = json.dumps(_payload(place, content))
    waiting = OutboxRow.objects.filter(pk=thread.shown_row, state=OutboxRow.State.QUEUED, attempts=0)
    if waiting.update(payload=payload):
        work.update(thread, "shown")
        return
    thread.edits += 1
    once = f"control:{thread.room_id}:{thread.case_id}:edit:{thread.edits}"
    row = _send(work, place, _edited(thread, text), once=once, case_id=thread.case_id, after=_root_row(thread))
    thread.shown_row = row.pk
    work.update(thread, "shown", "shown_row", "edits")


def _edited(thread: Thread, text: str) -> Json:
    replaced = {"rel_type": "m.replace", "event_id": _root(thread)}
    return {**_notice(f"* {text}"), "m.new_content": _notice(text), "m.relates_to": replaced}


def _post(work: Work, place: Place, thread: Thread, content: Json, key: str, priority: int = BEHIND) -> None:
    content |= in_thread(_root(thread))
    once = f"control:{thread.room_id}:{thread.case_id}:{key}"
    _send(work, place, content, once=once, case_id=thread.case_id, after=_root_row(thread), priority=priority)


def in_thread(root: object) -> Json:
    """The relation of a message to the card that its thread hangs from."""
    reply = {"is_falling_back": True, "m.in_reply_to": {"event_id": root}}
    return {"m.relates_to": {"rel_type": "m.thread", "event_id": root, **reply}}


def _root(thread: Thread) -> object:
    return thread.root_event_id or {"$after": "event_id"}


def _root_row(thread: Thread) -> OutboxRow | None:
    return None if thread.root_event_id else OutboxRow(pk=thread.card_row)


def _notice(text: str) -> Json:
    return {"msgtype": "m.notice", "body": text, "m.mentions": {}}


def _calling(text: str, mentions: Mapping[str, Any]) -> Json:
    """Clients are silent about notices, whomever they mention."""
    return {"msgtype": "m.text" if mentions else "m.notice", "body": text, "m.mentions": dict(mentions)}


def ask(work: Work, place: Place, question: Question, author: Person | None, workspace: str) -> bool:
    """Asks in the main line which case an answer belongs to; once answered, the question says so. False where nothing is new."""
    assert place.room is not None
    link = f"{(settings.public_url or '').rstrip('/')}/console/attention"
    answer = _answer(question)
    text = question_words(author.name if author else question.author_ref, workspace, question.choices, link, answer)
    once = f"control:{place.room.room_id}:question:{question.pk}"
    asked = OutboxRow.objects.filter(once=once).first()
    if asked is None and not answer:
        mentions = {"user_ids": [_user(author)]} if author else {}
        _send(work, place, _calling(text, mentions), once=once, priority=0)
        return True
    if asked is None or not answer:
        return False
    replaced = {"rel_type": "m.replace", "event_id": {"$after": "event_id"}}
    content = {**_notice(f"* {text}"), "m.new_content": _notice(text), "m.relates_to": replaced}
    _send(work, place, content, once=f"{once}:answered", after=asked)
    return True


def _answer(question: Question) -> str:
    if question.answered_at is None:
        return ""
    return f"{question.case.ref if question.case else 'None of them'}, by {question.answered_by}."


def say(work: Work, place: Place, root: str, text: str, *, once: str, mentions: Sequence[str] = ()) -> None:
    """Says something in a thread, or in the main line where `root` is empty; whom it mentions it calls."""
    content = _calling(text, {"user_ids": list(mentions)} if mentions else {})
    _send(work, place, {**content, **(in_thread(root) if root else {})}, once=once, priority=0)


def answer(work: Work, place: Place, root: str, event_id: str, text: str) -> None:
    """Answers an event of somebody in the control room, once: with words where it stands, or with a sign where none are needed."""
    once = f"control:answer:{event_id}"
    if not text:
        _send(work, place, {"m.relates_to": {"rel_type": "m.annotation", "event_id": event_id, "key": DONE}}, kind="m.reaction", once=once, priority=0)  # fmt: skip
        return
    replied = in_thread(root) if root else {"m.relates_to": {}}
    replied["m.relates_to"] |= {"m.in_reply_to": {"event_id": event_id}}
    replied["m.relates_to"].pop("is_falling_back", None)
    _send(work, place, {**_notice(text), **replied}, once=once, priority=0)


def _send(
    work: Work,
    place: Place,
    content: Json,
    *,
    once: str,
    kind: str = "m.room.message",
    case_id: int | None = None,
    after: OutboxRow | None = None,
    priority: int = BEHIND,
) -> OutboxRow:
    return work.send(
        "matrix",
        "send",
        destination(place.house),
        _payload(place, content, kind),
        once=once,
        lane_id=place.house.lane_id,
        case_id=case_id,
        after=after,
        priority=priority,
    )


def _payload(place: Place, content: Json, kind: str = "m.room.message") -> Json:
    assert place.room is not None
    return {"room_id": place.room.room_id, "type": kind, "content": content, "as": None}
