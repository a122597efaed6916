"""Saying something in a workspace's room through its page, as the person who is signed in: words, answers, files (R10).

It goes to the room and comes back through the inbox like anything said there: recorded, placed in a case, once. Nothing is
decided here. May be the inner part of a transaction that keeps the answer for a form's key.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import transaction

from roomdesk.audit.work import Actor, Work
from roomdesk.bootstrap import settings
from roomdesk.cases import chat_files
from roomdesk.cases.attaching import Upload, check_uploads
from roomdesk.cases.conversation import Conversation
from roomdesk.cases.handing import event_of
from roomdesk.cases.room_talk import once_prefix
from roomdesk.cases.writing import check_text
from roomdesk.directory.models import Person, Workspace
from roomdesk.directory.queries import Viewer, access_workspace, authority
from roomdesk.queues import lanes
from roomdesk.queues.models import OutboxRow
from roomdesk.record.files import PUT
from roomdesk.record.models import File, Message
from roomdesk.refusals import Conflict, Invalid
from roomdesk.rooms import naming
from roomdesk.rooms.homes import destination
from roomdesk.rooms.inside import is_here, room_of
from roomdesk.rooms.models import Room
from roomdesk.rules.desk_command import is_command
from roomdesk.rules.room_access import is_admitted


@dataclass(frozen=True, slots=True)
class Speech:
    """What is to be said: words, or files, or both. `thread` is the number of the message whose thread it goes to (None: the main
    line), `reply` that of the message that the words answer."""

    text: str
    key: str
    thread: int | None = None
    reply: int | None = None
    files: Sequence[Upload] = ()


def do_say_in_room(
    viewer: Viewer, *, slug: str, person: Person, speech: Speech, actor: Actor, now: datetime
) -> list[OutboxRow]:
    """Plans the person's words and files in the room; once for each `speech.key`.

    NotFound for a workspace that is not theirs, Conflict for whoever the desk does not write for (`why_not_speak`), Invalid for an
    empty text without files, files that would not be kept, or a command of staff: those are never typed where customers read (D9).
    """
    text = check_text(speech.text) if speech.text or not speech.files else ""
    check_uploads(speech.files)
    workspace = access_workspace(slug, viewer)
    with transaction.atomic():
        lanes.lock(workspace.lane_id)
        room = check_speaker(workspace, person, now)
        check_no_command(text, workspace, person, now)
        work = Work(now, actor)
        rows = _planned(work, workspace, room, person, text, speech)
        work.flush()
    return rows


def _planned(
    work: Work, workspace: Workspace, room: Room, person: Person, text: str, speech: Speech
) -> list[OutboxRow]:
    relation, rows = _relation(workspace, room, speech), list[OutboxRow]()
    if text:
        content = {"msgtype": "m.text", "body": text, "m.mentions": {}, **relation}
        once = _once(work, workspace, person, speech, 0)
        rows.append(send_as(work, workspace, room, person, "m.room.message", content, once=once))
        note_said(work, workspace, person, rows[-1], text)
    for n, upload in enumerate(speech.files, len(rows)):
        once = _once(work, workspace, person, speech, n)
        row = chat_files.plan(work, workspace, room, person, upload, relation, once=once)
        if row is not None:
            rows.append(row)
            note_said(work, workspace, person, row, upload.name)
    return rows


def file_is_there(work: Work, conversation: Conversation, data: Mapping[str, Any]) -> None:
    """The homeserver's store has a file that was given on the room's page: it is said there, once, by whoever may still speak there.

    `data` reports a call of `chat_files.plan`. Where it is not said, its call tells the giver why.
    """
    said, room, workspace = data["payload"].get(chat_files.SAID), conversation.room, conversation.workspace
    if said is None or data["kind"] != PUT or not data["ok"]:
        return
    row, person = OutboxRow.objects.get(pk=data["row"]), Person.objects.get(slug=said["person"])
    file = File.objects.filter(message_id=row.message_id or 0, unsaid_since__isnull=False).first()
    problem = why_not_speak(workspace, room, person, work.now)
    if file is not None:
        file.url = data["url"]
        work.update(file, "url")
    if problem or room is None or file is None:
        row.state, row.last_error = OutboxRow.State.DROPPED, problem or "It was cleared away meanwhile; give it again."
        work.update(row, "state", "last_error")
        return
    # From now on the event itself is what is on its way.
    row.confirmed_at = work.now
    work.update(row, "confirmed_at")
    # No answer and no thread reaches into another room.
    content = event_of(file) | (said["relation"] if room.room_id == said["room_id"] else {})
    event = send_as(
        work, workspace, room, person, "m.room.message", content, once=said["once"], message_id=row.message_id
    )
    note_said(work, workspace, person, event, file.name)


def check_speaker(workspace: Workspace, person: Person, now: datetime) -> Room:
    """The room that the desk writes in for this person; Conflict with the reason where it does not. To be asked under the lane's lock."""
    room = room_of(workspace)
    problem = why_not_speak(workspace, room, person, now)
    if room is None or problem:
        raise Conflict(problem)
    return room


def check_no_command(text: str, workspace: Workspace, person: Person, now: datetime) -> None:
    """Invalid for a command that staff type where customers read it (D9)."""
    if is_command(text) and authority(person, workspace, now).is_staff:
        raise Invalid(
            "Commands to the desk are never typed in the customer's room; use the control room.", field="text"
        )


def note_said(work: Work, workspace: Workspace, person: Person, row: OutboxRow, text: str) -> None:
    """The audit of a word that the desk says for somebody: which call, and the words' digest."""
    told = {"key": str(row.key), "sha256": hashlib.sha256(text.encode()).hexdigest()}
    work.audit("room.said_for", f"person:{person.slug}", told, scope=f"workspace:{workspace.slug}")


def why_not_speak(workspace: Workspace, room: Room | None, person: Person, now: datetime) -> str:
    """Why the desk does not write in the room for this person, in a sentence; empty where it does.

    Looked at before every word (D47): the homeserver lets the desk write for people who are locked or gone.
    """
    if room is None:
        return "This workspace has no room."
    if not room.room_id:
        return "The workspace's room is not made yet; try again in a moment."
    if not settings.people_token:
        return "This installation does not write as people; use a Matrix client."
    if not person.is_active or not _belongs(workspace, person, now):
        return "You have no access to this room any more."
    if not is_here(room, person):
        return "You are not in this room, so the desk cannot write there as you."
    return ""


def _belongs(workspace: Workspace, person: Person, now: datetime) -> bool:
    held = authority(Person.objects.get(pk=person.pk), workspace, now)
    return held.is_staff or is_admitted(held.role, held.support_room_access)


def send_as(
    work: Work,
    workspace: Workspace,
    room: Room,
    person: Person,
    event_type: str,
    content: dict[str, object],
    *,
    once: str,
    message_id: int | None = None,
) -> OutboxRow:
    """Plans an event of the person in the room; `message_id` is the number that it will have on record, where that is known."""
    user = naming.person_id(person, settings.matrix_server_name)
    payload = {"room_id": room.room_id, "type": event_type, "content": content, "as": user}
    return work.send(
        "matrix",
        "send",
        destination(workspace),
        payload,
        once=once,
        lane_id=workspace.lane_id,
        message_id=message_id,
    )


def take_back(work: Work, workspace: Workspace, room: Room, person: Person, event: str, *, once: str) -> OutboxRow:
    """Plans that the person removes an event of theirs."""
    user = naming.person_id(person, settings.matrix_server_name)
    payload = {"room_id": room.room_id, "event_id": event, "as": user}
    return work.send("matrix", "redact", destination(workspace), payload, once=once, lane_id=workspace.lane_id)


def _once(work: Work, workspace: Workspace, person: Person, speech: Speech, number: int) -> str:
    """The first part of what is said has the form's own key."""
    day = f"{work.now.astimezone(UTC):%Y%m%d}"
    return once_prefix(workspace, person, day) + speech.key + (f".{number}" if number else "")


def _relation(workspace: Workspace, room: Room, speech: Speech) -> dict[str, object]:
    """What it stands in or answers (client-server API, "Threading" and "Rich replies")."""
    root, answered = _root(workspace, room, speech.thread), _event(workspace, room, speech.reply)
    if root:
        reply = {"is_falling_back": not answered, "m.in_reply_to": {"event_id": answered or root}}
        return {"m.relates_to": {"rel_type": "m.thread", "event_id": root, **reply}}
    return {"m.relates_to": {"m.in_reply_to": {"event_id": answered}}} if answered else {}


def _root(workspace: Workspace, room: Room, thread: int | None) -> str:
    """The event that the thread hangs from; no thread reaches into a former room."""
    found = _said(workspace, room, thread)
    return (found.thread_root or found.external_id) if found else ""


def _event(workspace: Workspace, room: Room, number: int | None) -> str:
    found = _said(workspace, room, number)
    return found.external_id if found else ""


def _said(workspace: Workspace, room: Room, number: int | None) -> Message | None:
    if number is None or not 0 < number < 1 << 63:
        return None
    found = Message.objects.filter(pk=number, workspace=workspace, address=room.room_id)
    return found.exclude(kind=Message.Kind.NOTE).first()
