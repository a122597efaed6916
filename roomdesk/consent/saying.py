"""What the desk says of a consent in the customer's room, in the workspace's language, each thing once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from roomdesk.audit.work import Work
from roomdesk.bootstrap import settings
from roomdesk.cases import notices
from roomdesk.cases.conversation import Conversation
from roomdesk.consent.models import Request
from roomdesk.directory.models import Membership
from roomdesk.product.formatting import format_due
from roomdesk.queues.models import OutboxRow
from roomdesk.rooms import naming
from roomdesk.rooms.homes import destination

Json = dict[str, Any]
#: By which programs know what a message asks.
MARK = "solutions.roomdesk.consent"


def ask(work: Work, conversation: Conversation, request: Request, people: Sequence[Membership], names: str) -> None:
    """The one message that asks, in the main line, so that it can be answered and have a thread of its own. It calls those who may agree.

    Once for a room: where that was replaced, it asks anew in the present one. Nothing counts before its message is there.
    """
    if not notices.can_say(conversation):
        return
    text = _text(
        conversation, request, "consent.asked", action=_action(request), impact=request.impact, who=names,
    )  # fmt: skip
    mark = {"id": request.ref, "kind": request.kind, "action_sha256": request.action_sha256}
    mark["expires_at"] = request.expires_at.isoformat().replace("+00:00", "Z")
    users = [naming.person_id(row.person, settings.matrix_server_name) for row in people]
    content = {"msgtype": "m.text", "body": text, "m.mentions": {"user_ids": users}, MARK: mark}
    assert conversation.room is not None
    again = f":{conversation.room.room_id}" if request.room_id else ""
    row = _send(work, conversation, request, content, f"asked{again}")
    request.room_id, request.row_id = conversation.room.room_id, row.pk
    request.event_id, request.opened_at = "", None


def _action(request: Request) -> str:
    return f"{request.words}\n{request.details}" if request.details else request.words


def say(work: Work, conversation: Conversation, request: Request, key: str, once: str, **values: object) -> None:
    """A notice about the request, as an answer to its message; `once` is what it is said for."""
    if not notices.can_say(conversation):
        return
    content = notices.words(_text(conversation, request, key, **values))
    _send(work, conversation, request, content | _answering(request), once, after=_row(request))


def answer(
    work: Work, conversation: Conversation, request: Request, reason: str, who: str, *, event: str, thread: str
) -> None:
    """Says kindly why something did not count, under what was written."""
    content = notices.words(_text(conversation, request, f"consent.no.{reason}", who=who))
    threaded = {"rel_type": "m.thread", "event_id": thread} if thread else {}
    content["m.relates_to"] = {**threaded, "m.in_reply_to": {"event_id": event}}
    _send(work, conversation, request, content, f"no:{event}"[:150])


def _text(conversation: Conversation, request: Request, key: str, **values: object) -> str:
    product = conversation.product
    assert product is not None
    zone = notices.zone_of(conversation)
    until = format_due(request.expires_at, zone, request.locale, now=request.asked_at)
    known = {"ref": request.ref, "phrase": request.phrase, "until": until, "what": request.words}
    return product.text(request.locale, key, **known | values)


def _answering(request: Request) -> Json:
    """A reply to the message that asked; its event may not be known yet."""
    if request.row_id is None:
        return {}
    target: object = request.event_id or {"$after": "event_id"}
    return {"m.relates_to": {"m.in_reply_to": {"event_id": target}}}


def _row(request: Request) -> OutboxRow | None:
    return OutboxRow(pk=request.row_id) if request.row_id is not None and not request.event_id else None


def _send(
    work: Work, conversation: Conversation, request: Request, content: Json, what: str, after: OutboxRow | None = None
) -> OutboxRow:
    room, workspace = conversation.room, conversation.workspace
    assert room is not None
    payload = {"room_id": room.room_id, "type": "m.room.message", "content": content, "as": None}
    where, once = destination(workspace), f"consent:{request.pk}:{what}"
    return work.send(
        "matrix", "send", where, payload, once=once, lane_id=workspace.lane_id, case_id=request.case_id, after=after
    )
