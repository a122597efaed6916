"""Saying something in a workspace's room through its page, as the person who is signed in (R10).

It goes to the room and comes back through the inbox like anything said there: recorded, placed in a case, once. Nothing is
decided here. May be the inner part of a transaction that keeps the answer for a form's key.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import transaction

from roomdesk.audit.work import Actor, Work
from roomdesk.bootstrap import settings
from roomdesk.cases.room_talk import once_prefix
from roomdesk.cases.writing import check_text
from roomdesk.directory.models import Person, Workspace
from roomdesk.directory.queries import Viewer, access_workspace, authority
from roomdesk.queues import lanes
from roomdesk.queues.models import OutboxRow
from roomdesk.record.models import Message
from roomdesk.refusals import Conflict, Invalid
from roomdesk.rooms import naming
from roomdesk.rooms.homes import destination
from roomdesk.rooms.inside import is_here, room_of
from roomdesk.rooms.models import Room
from roomdesk.rules.desk_command import is_command
from roomdesk.rules.room_access import is_admitted


@dataclass(frozen=True, slots=True)
class Speech:
    """What is to be said. `thread` is the number of the message whose thread it goes to; None: the main line."""

    text: str
    key: str
    thread: int | None = None


def do_say_in_room(
    viewer: Viewer, *, slug: str, person: Person, speech: Speech, actor: Actor, now: datetime
) -> OutboxRow:
    """Plans the person's words in the room; once for each `speech.key`.

    NotFound for a workspace that is not theirs, Conflict for whoever the desk does not write for (`why_not_speak`),
    Invalid for an empty text, or for a command of staff: those are never typed where customers read (D9).
    """
    text = check_text(speech.text)
    workspace = access_workspace(slug, viewer)
    with transaction.atomic():
        lanes.lock(workspace.lane_id)
        room = room_of(workspace)
        problem = why_not_speak(workspace, room, person, now)
        if room is None or problem:
            raise Conflict(problem)
        if is_command(text) and authority(person, workspace, now).is_staff:
            raise Invalid(
                "Commands to the desk are never typed in the customer's room; use the control room.", field="text"
            )
        work = Work(now, actor)
        row = _send(work, workspace, room, person, text, speech)
        told = {"key": str(row.key), "sha256": hashlib.sha256(text.encode()).hexdigest()}
        work.audit("room.said_for", f"person:{person.slug}", told, scope=f"workspace:{workspace.slug}")
        work.flush()
    return row


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


def _send(work: Work, workspace: Workspace, room: Room, person: Person, text: str, speech: Speech) -> OutboxRow:
    content: dict[str, object] = {"msgtype": "m.text", "body": text, "m.mentions": {}}
    root = _root(workspace, room, speech.thread)
    if root:
        reply = {"is_falling_back": True, "m.in_reply_to": {"event_id": root}}
        content["m.relates_to"] = {"rel_type": "m.thread", "event_id": root, **reply}
    user = naming.person_id(person, settings.matrix_server_name)
    day = f"{work.now.astimezone(UTC):%Y%m%d}"
    return work.send(
        "matrix",
        "send",
        destination(workspace),
        {"room_id": room.room_id, "type": "m.room.message", "content": content, "as": user},
        once=once_prefix(workspace, person, day) + speech.key,
        lane_id=workspace.lane_id,
    )


def _root(workspace: Workspace, room: Room, thread: int | None) -> str:
    """The event that the thread hangs from; no thread reaches into a former room."""
    if thread is None or not 0 < thread < 1 << 63:
        return ""
    found = Message.objects.filter(pk=thread, workspace=workspace, address=room.room_id).exclude(kind=Message.Kind.NOTE)
    root = found.values_list("thread_root", "external_id").first()
    return (root[0] or root[1]) if root else ""
