"""Files that staff give with an answer or a note (R03, R08): on record and on the disk at once, in the room when they were looked over and kept.

The way to the room is three calls, each of which may be repeated after a crash: `make_media` reserves an address in the homeserver's store, `put_media` fills it, and
what that reports plans the event. The first two wait in a lane of their own until the file is kept (`record.files`), so that a scanner that is away holds up no words.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from roomdesk.audit.work import Actor, Work
from roomdesk.cases import paging, services, writing
from roomdesk.cases.acting import check_staff
from roomdesk.cases.attaching import Upload, check_uploads, lay_down
from roomdesk.cases.conversation import Conversation, Open
from roomdesk.cases.queries import access_case
from roomdesk.cases.writing import Author
from roomdesk.directory.errors import Conflict
from roomdesk.directory.queries import Viewer
from roomdesk.queues.models import OutboxRow
from roomdesk.record import services as record
from roomdesk.record.files import MAKE, PUT, WAITING, media_lane
from roomdesk.record.models import File, Message
from roomdesk.record.services import Saying
from roomdesk.rules.file_type import PICTURES, UNKNOWN

_WHY = ("face", "It was given with an answer.")
_WHY_NOTE = ("note", "Given with a note on the case's page.")


#: What is reported of these is about a message's file.
CALLS = frozenset({MAKE, PUT})


@dataclass(frozen=True, slots=True)
class Given:
    """A file from the page of a case: with an answer, or with a note that stays with the staff."""

    upload: Upload
    is_note: bool


def do_hand_over(
    viewer: Viewer, ref: str, given: Given, *, author: str, channel: str, actor: Actor, now: datetime
) -> Message:
    """Puts the file on record as said by the member of the staff `author`, and plans its way to the room; a note has none.

    NotFound, Forbidden and Conflict as for words in the case, Invalid as `check_uploads`: then nothing is kept. May be the inner part of a
    transaction.
    """
    check_uploads([given.upload])
    case = access_case(ref, viewer)
    check_staff(viewer, case.workspace)
    with transaction.atomic():
        conversation, work = writing.begin(case.workspace, author, actor, now, case.pk)
        entry, speaker = conversation.current(case.pk), writing.author_of(conversation, author, now)
        if entry is None:
            raise Conflict(f"{ref} is {case.state}; nothing more can be given in it.", field="ref")
        message = _record(work, conversation, entry, speaker, given, channel)
        if not given.is_note:
            writing.check_takes(conversation, entry, speaker, now)
            _say(work, conversation, entry, speaker, message)
        writing.end(work, conversation)
        file = lay_down(message.pk, message.workspace_id, given.upload, now)
        OutboxRow.objects.filter(message_id=message.pk, kind=PUT).update(payload=json.dumps(_content_of(file, message)))
    return message


def _record(
    work: Work, conversation: Conversation, entry: Open, speaker: Author, given: Given, channel: str
) -> Message:
    name = given.upload.name
    saying = Saying(
        channel=channel,
        external_id="",
        address="",
        author_id=speaker.person.pk,
        author_ref=speaker.user_id,
        author_kind=speaker.kind,
        kind=Message.Kind.NOTE if given.is_note else Message.Kind.FILE,
        body=name,
        content=json.dumps({"body": name}),
        at=work.now,
        received_at=work.now,
    )
    return record.record(
        work,
        saying,
        workspace_id=conversation.workspace.pk,
        scope=conversation.scope,
        number=conversation.next_number(saying.kind),
        case_id=entry.case.pk,
        why=_WHY_NOTE if given.is_note else _WHY,
    )


def _say(work: Work, conversation: Conversation, entry: Open, speaker: Author, message: Message) -> None:
    """What a file of staff does, and its way to the room; where there is none it counts at once (R18)."""
    slug = speaker.person.slug
    paging.human_acted(work, conversation, entry, by=slug, via="room")
    if conversation.room is None:
        services.staff_answered(work, conversation, entry, work.now, slug, f"message:{message.pk}")
        return
    writing.check_can_speak(conversation, speaker)
    plan_way(work, conversation, message, at=work.now + WAITING)


def plan_way(work: Work, conversation: Conversation, message: Message, *, at: datetime) -> None:
    """The calls that bring the message's file into the homeserver's store, due at `at`; earlier, once it is kept."""
    file = File.objects.filter(message_id=message.pk).first()
    place = media_lane(message.pk)
    told = _content_of(file, message) if file else {"as": message.author_ref}
    about: dict[str, Any] = {"lane_id": conversation.lane.pk, "case_id": message.case_id, "message_id": message.pk}
    made = work.send("matrix", MAKE, place, {"as": message.author_ref}, **about)
    put = work.send("matrix", PUT, place, told, after=made, **about)
    made.next_at = put.next_at = at


def _content_of(file: File, message: Message) -> dict[str, Any]:
    """What `put_media` sends, known once the file lies on the disk."""
    return {"url": {"$after": "url"}, "sha256": file.sha256, "name": file.name, "as": message.author_ref}


def reported(work: Work, conversation: Conversation, message: Message, data: Mapping[str, Any]) -> None:
    """The file lies in the homeserver's store, or never will: its event is planned once, in the thread of its case."""
    entry = conversation.current(message.case_id)
    payload = data["payload"]
    if data["kind"] != PUT or not data["ok"] or entry is None or conversation.room is None or message.redacted_at:
        return
    file = File.objects.get(message_id=message.pk)
    file.url = data["url"]
    work.update(file, "url")
    writing.mirror(work, conversation, payload["as"], event_of(file), message.pk, entry, once=f"file:{message.pk}")


def event_of(file: File) -> dict[str, object]:
    """`m.image` or `m.file` (client-server API); its type is what its own first bytes say."""
    kind = "m.image" if file.type in PICTURES else "m.file"
    info = {"mimetype": file.type or UNKNOWN, "size": file.size}
    return {"msgtype": kind, "body": file.name, "filename": file.name, "url": file.url, "info": info, "m.mentions": {}}
