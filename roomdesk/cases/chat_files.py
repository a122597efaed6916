"""Files that somebody gives on the room's page (R10, docs/decisions/0044): laid down at once, looked over, brought into the homeserver's
store, and said in the room then. They come back through the inbox and are on record from then on, like anything said there
(docs/decisions/0019); until then a row of `File` holds them, under the number that their message will have.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import transaction

from roomdesk.audit.work import DESK, Work
from roomdesk.bootstrap import settings
from roomdesk.cases.attaching import Upload, lay_down
from roomdesk.directory.models import Person, Workspace
from roomdesk.queues import lanes
from roomdesk.queues.models import OutboxRow
from roomdesk.record import store
from roomdesk.record.files import MAKE, PUT, WAITING, media_lane
from roomdesk.record.models import File, Message
from roomdesk.rooms import naming
from roomdesk.rooms.homes import destination
from roomdesk.rooms.models import Room

#: In the payload of `put_media`: what is to be said once the file lies in the store.
SAID = "said"
#: So long a file that was not said in the room is kept; its giver is told for a day that it was not.
KEPT = timedelta(days=2)


def plan(
    work: Work,
    workspace: Workspace,
    room: Room,
    person: Person,
    upload: Upload,
    relation: Mapping[str, Any],
    *,
    once: str,
) -> OutboxRow | None:
    """Lays the file down and plans its way into the store; None where that was done before. Under the lane's lock."""
    if OutboxRow.objects.filter(once=once).exists():
        return None
    number, user = work.new_id(Message), naming.person_id(person, settings.matrix_server_name)
    file = lay_down(number, workspace.pk, upload, work.now, unsaid_since=work.now)
    place = media_lane(number)
    about: dict[str, Any] = {"lane_id": workspace.lane_id, "message_id": number}
    said = {"person": person.slug, "room_id": room.room_id, "relation": relation, "once": f"{once}.said"}
    told = {"url": {"$after": "url"}, "sha256": file.sha256, "name": file.name, "as": user, SAID: said}
    made = work.send("matrix", MAKE, place, {"as": user}, **about)
    put = work.send("matrix", PUT, place, told, after=made, once=once, **about)
    made.next_at = put.next_at = work.now + WAITING
    return put


def clear(now: datetime) -> int:
    """Removes what was given and never said in its room, with its copy here and in the store; returns how many. Safe for many workers."""
    _clear_disk(now)
    rows = File.objects.filter(unsaid_since__lt=now - KEPT).select_related("workspace").order_by("pk")
    return sum(_clear(file, now) for file in rows)


def _clear(found: File, now: datetime) -> bool:
    workspace = found.workspace
    with transaction.atomic():
        lanes.lock(workspace.lane_id)
        file = File.objects.filter(pk=found.pk, unsaid_since__isnull=False).first()
        if file is None or _is_on_its_way(file, workspace):
            return False
        work = Work(now, DESK)
        give_up(work, file)
        work.flush()
    return True


def give_up(work: Work, file: File) -> None:
    """Removes a file that was not said, here and in the homeserver's store. Under the lane's lock; a call for it finds nothing any more."""
    if file.url:
        once = f"remove_file:{file.url}"
        work.send("matrix", "remove_file", "matrix:media", {"url": file.url}, once=once)
    told, scope = {"sha256": file.sha256}, f"workspace:{file.workspace.slug}"
    work.audit("file.cleared", f"message:{file.message_id}", told, scope=scope)
    is_elsewhere = File.objects.filter(sha256=file.sha256).exclude(pk=file.pk).exists()
    store.let_go(file.pk, file.sha256, is_elsewhere=is_elsewhere)
    file.delete()


def _is_on_its_way(file: File, workspace: Workspace) -> bool:
    """A homeserver that is away for days has not refused it yet."""
    places = (media_lane(file.message_id), destination(workspace))
    calls = OutboxRow.objects.filter(destination__in=places, state__in=OutboxRow.ACTIVE, message_id=file.message_id)
    return bool(calls.exists())


def _clear_disk(now: datetime) -> None:
    """What a crash left: files laid down in a transaction that never ended, and those of the way that chat files went before."""
    former = store.folder() / "outgoing"
    if former.is_dir() and not any(map(_is_young, former.iterdir())):
        shutil.rmtree(former, ignore_errors=True)
    known = set(File.objects.filter(state=File.State.WAITING).values_list("pk", flat=True))
    partial = store.folder() / "partial"
    for place in partial.iterdir() if partial.is_dir() else ():
        if not (place.name.isdecimal() and int(place.name) in known) and not _is_young(place):
            place.unlink(missing_ok=True)


def _is_young(place: Path) -> bool:
    """By the clock of the machine, which has written it."""
    try:
        return time.time() - place.stat().st_mtime < KEPT.total_seconds()
    except FileNotFoundError:
        return True
