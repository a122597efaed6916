"""What somebody does to a message on the room's page: mends their own words, reacts, takes a reaction back (R10).

Each goes to the room as the person and comes back through the inbox, like words (docs/decisions/0019). Under the lane's lock, with a
key made of what it is for: two presses do it once.
"""

from __future__ import annotations

import hashlib
from datetime import datetime

from django.db import transaction

from roomdesk.audit.work import Actor, Work
from roomdesk.cases.room_talk import access_said, is_hidden
from roomdesk.cases.saying import check_no_command, check_speaker, note_said, send_as, take_back
from roomdesk.cases.writing import check_text
from roomdesk.directory.models import Person, Workspace
from roomdesk.directory.queries import Viewer, access_workspace
from roomdesk.queues import lanes
from roomdesk.queues.models import OutboxRow
from roomdesk.record.models import Message
from roomdesk.refusals import Conflict, Forbidden, Invalid
from roomdesk.rooms.models import Room

#: What the page offers; the same few everywhere, so that a reaction is one press.
REACTIONS = ("👍", "✅", "👀", "🙏", "🎉", "❤️")


def may_edit(message: Message, person: Person) -> bool:
    """Whether these are words that the person said in the room themselves, and still stand."""
    return (
        message.author_id == person.pk
        and message.channel == "matrix"
        and message.kind == Message.Kind.MESSAGE
        and message.redacted_at is None
        and bool(message.external_id)
    )


def do_edit(
    viewer: Viewer, *, slug: str, person: Person, number: int, text: str, key: str, actor: Actor, now: datetime
) -> OutboxRow | None:
    """Plans the new words of the person's own message; None where they say what it says already, or were given before.

    NotFound for a message that is not there, Forbidden for somebody else's, Conflict as `check_speaker`, Invalid for an empty text or
    a command (D9). Once for each `key`.
    """
    text = check_text(text)
    workspace = access_workspace(slug, viewer)
    with transaction.atomic():
        lanes.lock(workspace.lane_id)
        room = check_speaker(workspace, person, now)
        message = access_said(viewer, slug, number)
        if not may_edit(message, person) or message.address != room.room_id:
            raise Forbidden(
                "Only your own words in this room can be changed, and only while they stand there.", field="edit"
            )
        check_no_command(text, workspace, person, now)
        if text == (message.edited_body or message.body):
            return None
        once = f"chatedit:{workspace.pk}:{person.pk}:{key}"
        if OutboxRow.objects.filter(once=once).exists():
            return None
        work = Work(now, actor)
        row = send_as(work, workspace, room, person, "m.room.message", _edited(message, text), once=once)
        note_said(work, workspace, person, row, text)
        work.flush()
    return row


def _edited(message: Message, text: str) -> dict[str, object]:
    """Client-server API, "Event replacements"."""
    new = {"msgtype": "m.text", "body": text, "m.mentions": {}}
    relation = {"rel_type": "m.replace", "event_id": message.external_id}
    return {**new, "body": f"* {text}", "m.new_content": new, "m.relates_to": relation}


def do_react(
    viewer: Viewer, *, slug: str, person: Person, number: int, key: str, actor: Actor, now: datetime
) -> OutboxRow | None:
    """Reacts with `key`, or takes the person's same reaction back; None while the one before is still on its way.

    NotFound for a message that is not there, Invalid for what is none of `REACTIONS`, Conflict as `check_speaker`.
    """
    if key not in REACTIONS:
        raise Invalid("This reaction is not offered here; choose one of those on the page.", field="react")
    workspace = access_workspace(slug, viewer)
    with transaction.atomic():
        lanes.lock(workspace.lane_id)
        room = check_speaker(workspace, person, now)
        message = _reacted_to(viewer, slug, number, room)
        made = Message.objects.filter(
            workspace=workspace, kind=Message.Kind.REACTION, target=message.external_id, author=person, body=key
        ).order_by("-pk")
        standing = next((one for one in made if one.redacted_at is None), None)
        # How often they did is part of the key: pressed twice before the first came back, it is the same call.
        count = sum(1 + (one.redacted_at is not None) for one in made)
        sign = hashlib.sha256(f"{message.external_id}\0{key}".encode()).hexdigest()[:24]
        once = _once(f"chatreact:{workspace.pk}:{person.pk}:{sign}:{count}")
        if once is None:
            return None
        work = Work(now, actor)
        row = _react(work, workspace, room, person, message, key, standing, once)
        work.audit(
            "room.reacted_for", f"person:{person.slug}", {"key": str(row.key)}, scope=f"workspace:{workspace.slug}"
        )
        work.flush()
    return row


def _once(name: str) -> str | None:
    """The key of the next attempt; None while one is on its way. What the homeserver refused may be tried again."""
    rows = list(OutboxRow.objects.filter(once__startswith=f"{name}."))
    is_refused = all(row.state in (OutboxRow.State.FAILED, OutboxRow.State.DROPPED) for row in rows)
    return f"{name}.{len(rows)}" if is_refused else None


def _reacted_to(viewer: Viewer, slug: str, number: int, room: Room) -> Message:
    message = access_said(viewer, slug, number)
    if (
        not message.external_id
        or message.address != room.room_id
        or message.redacted_at
        or is_hidden(message, viewer.security)
    ):
        raise Conflict("Nobody can react to this message here.")
    return message


def _react(
    work: Work,
    workspace: Workspace,
    room: Room,
    person: Person,
    message: Message,
    key: str,
    standing: Message | None,
    once: str,
) -> OutboxRow:
    if standing is None:
        relation = {"rel_type": "m.annotation", "event_id": message.external_id, "key": key}
        return send_as(work, workspace, room, person, "m.reaction", {"m.relates_to": relation}, once=once)
    return take_back(work, workspace, room, person, standing.external_id, once=once)
