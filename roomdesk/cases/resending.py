"""Trying again what the room did not take (R03): the same call with its old key, so that it cannot be said twice."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from roomdesk.audit.work import Actor
from roomdesk.cases import acting, handing
from roomdesk.cases.acting import Held
from roomdesk.cases.models import Case
from roomdesk.cases.queries import access_case
from roomdesk.directory.errors import Conflict
from roomdesk.directory.queries import Viewer
from roomdesk.queues.models import OutboxRow
from roomdesk.queues.signals import OUTBOX, notify
from roomdesk.record.models import Message

_OVER = "There is nothing to send again: the room has this message, or it is on its way."


def do_send_again(viewer: Viewer, ref: str, message_id: int, *, author: str, actor: Actor, now: datetime) -> Case:
    """Puts the calls of a message that were given up back into the outbox, to the workspace's present room.

    Conflict where none was given up, so that a second press does nothing. NotFound, Forbidden as for every act of staff.
    """
    with transaction.atomic():
        held = acting.hold(viewer, ref, author=author, actor=actor, now=now)
        case = held.entry(ref).case
        message = Message.objects.filter(pk=message_id, case=case).first()
        calls = OutboxRow.objects.filter(message_id=message_id, case_id=case.pk, state=OutboxRow.State.FAILED)
        rows = list(calls.order_by("pk").select_for_update(of=("self",), no_key=True))
        room = held.conversation.room
        if message is None or not rows or room is None:
            raise Conflict(_OVER, field="message")
        _again(held, message, rows, room.room_id)
        held.work.audit("message.again", f"message:{message_id}", {"calls": len(rows)}, scope=held.conversation.scope)
        held.flush()
        notify(OUTBOX)
    return access_case(ref, viewer)


def _again(held: Held, message: Message, rows: Sequence[OutboxRow], room_id: str) -> None:
    """A call that reports what became of it is made anew: its report is known already, and would be taken for a repeat."""
    if any(row.kind in handing.CALLS for row in rows):
        for row in rows:
            row.state, row.message_id = OutboxRow.State.DROPPED, None
            held.work.update(row, "state", "message_id")
        handing.plan_way(held.work, held.conversation, message, at=held.work.now)
        return
    for row in rows:
        row.payload = json.dumps({**json.loads(row.payload), "room_id": room_id})
        row.state, row.attempts, row.next_at, row.last_error = OutboxRow.State.QUEUED, 0, held.work.now, ""
        held.work.update(row, "payload", "state", "attempts", "next_at", "last_error")
