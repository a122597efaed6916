"""Files of the record: expected with their message, fetched by a worker, kept or refused, sealed when the message is removed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from roomdesk.audit.work import DESK, Work
from roomdesk.channels.matrix.media import FileNamed
from roomdesk.directory.models import Workspace
from roomdesk.queues import lanes
from roomdesk.queues.models import OutboxRow
from roomdesk.queues.signals import OUTBOX, live, notify
from roomdesk.record.models import File, Message

#: How long nothing may be heard of a worker that has a file in hand (`hold`) before another takes it up.
LEASE = timedelta(minutes=2)
#: First and longest wait between two attempts.
WAITS = (timedelta(seconds=10), timedelta(hours=6))
#: Calls that bring a file of staff into the homeserver's store, which wait this long at most for its being kept.
MAKE, PUT = "make_media", "put_media"
WAITING = timedelta(hours=1)
#: After so many attempts a file that the store does not have is given up.
NOT_THERE = 4


def expect(work: Work, message: Message, named: FileNamed | None) -> None:
    """Plans the fetching of the file that a message names."""
    if named is None:
        return
    file = File(
        id=work.new_id(File),
        message_id=message.pk,
        workspace_id=message.workspace_id,
        url=named.url,
        name=named.name,
        declared_type=named.type,
        declared_size=named.size,
        next_at=work.now,
    )
    # A removal in the same batch finds it here before it is written.
    message.kept_file = file
    work.insert(file)


def is_here(message_id: int) -> bool:
    """Whether the file of this message was given on the room's page, and lies here already; it is said in the room now."""
    return bool(File.objects.filter(message_id=message_id).update(unsaid_since=None))


def seal(work: Work, message: Message) -> None:
    """The message was removed: the store gives the file up, our copy stays for auditors and is given to nobody."""
    file = message.kept_file or File.objects.filter(message_id=message.pk).first()
    if file is None:
        return
    if file.state == File.State.WAITING:
        file.state, file.next_at, file.problem = File.State.REFUSED, None, "It was removed before it had been fetched."
        work.update(file, "state", "next_at", "problem")
    if not file.url:
        return
    once = f"remove_file:{file.url}"
    work.send("matrix", "remove_file", "matrix:media", {"url": file.url}, once=once)


def media_lane(message_id: int) -> str:
    """Destination of the calls that bring this message's file into the homeserver's store: nothing else waits for them."""
    return f"matrix:media:{message_id}"


def claim(now: datetime) -> File | None:
    """The file that has been due longest, for the caller alone until `LEASE` is over: who dies with it is replaced."""
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, [now + LEASE, now])
        found = cursor.fetchone()
    return File.objects.get(pk=found[0]) if found else None


def hold(file: File, now: datetime) -> None:
    """The worker that claimed it lives, and goes on with it: the lease begins anew."""
    File.objects.filter(pk=file.pk, state=File.State.WAITING).update(next_at=now + LEASE)


_CLAIM = """
UPDATE record_file SET next_at = %s, attempts = attempts + 1 WHERE id = (
  SELECT id FROM record_file WHERE state = 'waiting' AND next_at <= %s ORDER BY next_at LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING id
"""


def do_keep(file: File, sha256: str, size: int, kind: str, now: datetime) -> bool:
    """The copy is in its place. False where the file is not wanted any more: its message was removed meanwhile."""
    fields = {"sha256": sha256, "size": size, "type": kind, "kept_at": now, "problem": ""}
    return _settle(file, File.State.KEPT, now, fields, {"sha256": sha256, "size": size})


def do_refuse(file: File, problem: str, now: datetime) -> bool:
    """It will not be kept, for good, with the reason in a sentence."""
    return _settle(file, File.State.REFUSED, now, {"problem": problem}, {"problem": problem})


def do_lose(file: File, problem: str, now: datetime) -> bool:
    """It cannot be fetched any more."""
    return _settle(file, File.State.LOST, now, {"problem": problem}, {"problem": problem})


def later(file: File, problem: str, now: datetime) -> None:
    """It is tried again, after a wait that grows."""
    at = now + min(WAITS[0] * 2 ** min(file.attempts - 1, 20), WAITS[1])
    File.objects.filter(pk=file.pk, state=File.State.WAITING).update(next_at=at, problem=problem)


def _settle(file: File, state: str, now: datetime, fields: dict[str, Any], told: dict[str, Any]) -> bool:
    workspace = Workspace.objects.get(pk=file.workspace_id)
    with transaction.atomic(durable=True):
        lanes.lock(workspace.lane_id)
        row = File.objects.filter(pk=file.pk, state=File.State.WAITING).first()
        if row is None:
            return False
        work = Work(now, DESK)
        for name, value in {**fields, "state": state, "next_at": None}.items():
            setattr(row, name, value)
        work.update(row, *fields, "state", "next_at")
        _let_go(row, now)
        work.audit(f"file.{state}", f"message:{row.message_id}", told, scope=f"workspace:{workspace.slug}")
        work.flush()
        live([workspace.lane_id])
    return True


def _let_go(file: File, now: datetime) -> None:
    """Its way to the room is free once it is kept, and ends where it never will be."""
    calls = OutboxRow.objects.filter(destination=media_lane(file.message_id), state__in=OutboxRow.ACTIVE)
    if file.state == File.State.KEPT:
        calls.update(next_at=now)
        notify(OUTBOX)
    else:
        calls.update(state=OutboxRow.State.DROPPED, last_error=file.problem, claimed_by=None)
