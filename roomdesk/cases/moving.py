"""A workspace's conversation goes on in another room: what was under way there, and what its people are told."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db.models import Q

from roomdesk.audit.work import Work
from roomdesk.bootstrap import settings
from roomdesk.cases.conversation import Conversation
from roomdesk.cases.models import Case
from roomdesk.product.schema import Product
from roomdesk.queues.models import OutboxRow
from roomdesk.rooms import services as rooms
from roomdesk.rooms import succession
from roomdesk.rooms.homes import destination
from roomdesk.rooms.models import Room

#: What was refused longer ago than this is not said again: nobody waits for it any more.
SAID_AGAIN = timedelta(hours=24)
_LOST = Q(last_error__contains="M_FORBIDDEN") | Q(last_error__contains="M_NOT_FOUND")


def moved(work: Work, conversation: Conversation, room: Room, product: Product) -> None:
    """The workspace's room is another one now. Its people are let in, told once, and hear what the former one did not take."""
    workspace = conversation.workspace
    rooms.refresh(work, room, workspace, product, conversation.members, settings.matrix_server_name)
    succession.moved_in(work, room, workspace)
    _uproot(work, conversation)
    _tell(work, conversation, room, product)
    say_again(work, conversation)


def _uproot(work: Work, conversation: Conversation) -> None:
    """No thread reaches into another room: the homeserver refuses it. What is said about a case next stands in the main line."""
    for entry in conversation.cases.values():
        if entry.case.root_event_id:
            entry.case.root_event_id = ""
            entry.changed()
            work.update(entry.case, "root_event_id")
    rooted = Case.objects.filter(workspace=conversation.workspace).exclude(root_event_id="")
    rooted.exclude(pk__in=conversation.cases).update(root_event_id="")


def _tell(work: Work, conversation: Conversation, room: Room, product: Product) -> None:
    workspace = conversation.workspace
    names = {"slug": workspace.slug, "workspace": workspace.display_name, "product": product.name}
    text = product.text(workspace.locale, "room.replaced", **names)
    content = {"msgtype": "m.notice", "body": text, "m.mentions": {}}
    once = f"room:{workspace.slug}:replaced:{room.room_id}"
    _send(work, conversation, {"type": "m.room.message", "content": content, "as": None}, once=once)


def was_lost(room: Room, payload: Mapping[str, Any]) -> bool:
    """Whether something was on its way into a room that is no longer the workspace's, while there is another."""
    return bool(room.room_id) and payload.get("room_id") != room.room_id


def say_again(work: Work, conversation: Conversation) -> None:
    """Says in the present room what a former one refused. Each once: a row that was said again is let go of."""
    room, workspace = conversation.room, conversation.workspace
    assert room is not None
    refused = OutboxRow.objects.filter(
        _LOST,
        lane_id=workspace.lane_id,
        destination=destination(workspace),
        kind="send",
        state=OutboxRow.State.FAILED,
        created_at__gte=work.now - SAID_AGAIN,
    )
    for row in refused.order_by("id"):
        payload = json.loads(row.payload)
        if payload["room_id"] == room.room_id:
            continue
        content = {name: value for name, value in payload["content"].items() if name != "m.relates_to"}
        _send(work, conversation, {**payload, "content": content}, case_id=row.case_id, message_id=row.message_id)
        # The words are the new row's from now on; what became of them is asked of that one.
        row.state, row.message_id = OutboxRow.State.DROPPED, None
        work.update(row, "state", "message_id")


def _send(work: Work, conversation: Conversation, payload: Mapping[str, Any], **more: Any) -> None:
    workspace, room = conversation.workspace, conversation.room
    assert room is not None
    whole = {**payload, "room_id": room.room_id}
    work.send("matrix", "send", destination(workspace), whole, lane_id=workspace.lane_id, **more)
