"""Erasure by law of what was said: texts and files go for good, wherever the desk keeps them. Who said something, when, and where it
belongs stays, and so does what the chain commits to.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce

from roomdesk.audit.work import Work
from roomdesk.queues.models import InboxEvent, OutboxRow
from roomdesk.record import files, store
from roomdesk.record.models import File, Findable, Message

#: Who removed what was erased, where nobody had removed it before.
BY_LAW = "law"
_PROBLEM = "It was erased by law."
_KEPT = ("event_id", "room_id", "sender", "type", "state_key", "origin_server_ts")


def said(workspace_id: int, author_id: int | None) -> QuerySet[Message]:
    """What the person, or everybody, said in the workspace and is not erased yet, in its order."""
    rows = Message.objects.filter(workspace_id=workspace_id).exclude(body="", content__in=["", "{}"], edited_body="")
    return (rows if author_id is None else rows.filter(author_id=author_id)).order_by("pk")


def files_of(messages: QuerySet[Message]) -> QuerySet[File]:
    return File.objects.filter(message_id__in=messages.order_by().values("pk"))


def do_take_files(work: Work, messages: Sequence[Message]) -> int:
    """Removes the copies of what came with these messages, and has the store give its own up; returns how many there were.

    Within the caller's transaction and under the lane's lock. A copy is gone before the row is: who is cut short in between finds it again.
    """
    by_id = {message.pk: message for message in messages}
    found = list(File.objects.filter(message_id__in=by_id).order_by("pk"))
    for file in found:
        by_id[file.message_id].kept_file = file
        files.seal(work, by_id[file.message_id])
    _unlink(found)
    fields = {
        "state": File.State.REFUSED,
        "name": "",
        "declared_type": "",
        "sha256": "",
        "size": None,
        "type": "",
        "next_at": None,
    }
    File.objects.filter(pk__in=[file.pk for file in found]).update(**fields, declared_size=None, problem=_PROBLEM)
    return len(found)


def _unlink(gone: Iterable[File]) -> None:
    """Equal content is there once for all of them: what somebody else's message holds, too, stays."""
    ids = [file.pk for file in gone]
    for file in gone:
        is_elsewhere = File.objects.filter(sha256=file.sha256).exclude(pk__in=ids).exists()
        store.let_go(file.pk, file.sha256, is_elsewhere=is_elsewhere)


def do_blank(messages: Sequence[Message], now: datetime) -> None:
    """Empties these entries of the record, what they were sent by, and what they are found by. Within the caller's transaction."""
    ids = [message.pk for message in messages]
    Message.objects.filter(pk__in=ids, redacted_at=None).update(redacted_by=BY_LAW)
    Message.objects.filter(pk__in=ids).update(
        body="", content="{}", edited_body="", edited_at=None, redacted_at=Coalesce(F("redacted_at"), now)
    )
    Findable.objects.filter(pk__in=ids).delete()
    blank_rows(OutboxRow.objects.filter(message_id__in=ids))


def blank_events(lane_id: int, sender: str | None) -> None:
    """Takes the content out of Matrix events of a lane as they came, of this sender's or of all: those on record and those that were put away.
    Which event it was, whose and when, stays.
    """
    for event in InboxEvent.objects.filter(lane_id=lane_id, source="matrix").only("raw").iterator():
        given = json.loads(event.raw)
        if given.get("content") and sender in (None, given.get("sender")):
            InboxEvent.objects.filter(pk=event.pk).update(raw=json.dumps(bare_event(given)))


def bare_event(given: dict[str, Any]) -> dict[str, Any]:
    """An event without its content."""
    return {**{name: given[name] for name in _KEPT if name in given}, "content": {}}


def blank_rows(rows: QuerySet[OutboxRow]) -> None:
    """Takes the content out of calls that are over; to whom they went stays."""
    for row in rows.exclude(state__in=OutboxRow.ACTIVE).exclude(Q(payload="{}")).only("payload", "channel"):
        said = json.loads(row.payload)
        kept = {name: said[name] for name in ("room_id", "type", "event_id", "user_id", "as", "url") if name in said}
        OutboxRow.objects.filter(pk=row.pk).update(payload=json.dumps({**kept, "content": {}}), result="")
