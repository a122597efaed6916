"""Files that a customer gives with words written on the desk's own pages, where there is no room to attach them in (R09, R48).

What is given is laid down first and on record with the case in one transaction; a worker looks it over and keeps it, like every file.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from roomdesk.audit.work import Actor, Work
from roomdesk.bootstrap import settings
from roomdesk.cases import checklist, loading
from roomdesk.cases.conversation import Conversation
from roomdesk.cases.queries import access_case
from roomdesk.directory.errors import Forbidden, Invalid
from roomdesk.directory.models import Person
from roomdesk.directory.queries import Viewer, authority
from roomdesk.queues import bulk, lanes
from roomdesk.queues.models import Lane
from roomdesk.queues.signals import live
from roomdesk.record import services as record
from roomdesk.record import store
from roomdesk.record.models import File, Message
from roomdesk.record.services import Saying
from roomdesk.rules.room_access import is_admitted

#: Files of one form.
MOST = 5
_WHY = ("face", "It was given with the request.")


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it came: its name, its size in bytes, and its content in blocks, which are read once."""

    name: str
    size: int
    blocks: Iterable[bytes]


def check_uploads(uploads: Iterable[Upload]) -> None:
    """Invalid, naming the file, for what would not be kept."""
    found, most = list(uploads), settings.file_megabytes
    if len(found) > MOST:
        raise Invalid(f"At most {MOST} files can be given at once.", field="files")
    for one in found:
        if one.size > most * 1_000_000:
            raise Invalid(f"“{one.name}” is larger than {most} MB.", field="files")
        if not one.size:
            raise Invalid(f"“{one.name}” is empty.", field="files")


def do_attach(viewer: Viewer, ref: str, person: Person, upload: Upload, *, actor: Actor, now: datetime) -> File:
    """Puts the file on record in the case as the person's. NotFound, Invalid as `check_uploads`, Forbidden for whoever may not write there."""
    check_uploads([upload])
    case = access_case(ref, viewer)
    with transaction.atomic():
        held = authority(person, case.workspace, now)
        if not is_admitted(held.role, held.support_room_access):
            raise Forbidden("Only people of the workspace with access give files to its requests.", field="author")
        lane = lanes.lock(case.workspace.lane_id)
        conversation = loading.load({lane.pk: lane}, case_ids=[case.pk], earliest=now)[lane.pk]
        work = Work(now, actor)
        message = _record(work, conversation, case.pk, person, upload)
        entry = conversation.current(case.pk)
        if entry is not None:
            checklist.heard(work, conversation, entry, upload.name, has_file=True)
        work.flush()
        bulk.update(Lane, [conversation.lane], Lane.NUMBERS)
        file = lay_down(message.pk, message.workspace_id, upload, now)
        live([lane.pk])
    return file


def _record(work: Work, conversation: Conversation, case_id: int, person: Person, upload: Upload) -> Message:
    saying = Saying(
        channel="form",
        external_id="",
        address="",
        author_id=person.pk,
        author_ref=f"@{person.localpart}:{settings.matrix_server_name}",
        author_kind="customer",
        kind=Message.Kind.FILE,
        body=upload.name,
        content=json.dumps({"body": upload.name}),
        at=work.now,
        received_at=work.now,
    )
    number, workspace = conversation.next_number(), conversation.workspace
    return record.record(
        work, saying, workspace_id=workspace.pk, scope=conversation.scope, number=number, case_id=case_id, why=_WHY
    )


def lay_down(
    message_id: int, workspace_id: int, upload: Upload, now: datetime, *, unsaid_since: datetime | None = None
) -> File:
    """On the disk before the transaction ends: a crash leaves a file that nobody knows, never a row without one."""
    file = File.objects.create(
        message_id=message_id,
        workspace_id=workspace_id,
        name=upload.name,
        declared_size=upload.size,
        next_at=now,
        unsaid_since=unsaid_since,
    )
    digest = hashlib.sha256()
    with store.partial(file.pk).open("wb") as place:
        for block in upload.blocks:
            digest.update(block)
            place.write(block)
    file.sha256 = digest.hexdigest()
    file.save(update_fields=["sha256"])
    return file
