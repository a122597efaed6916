"""Access to the room, asked for and given in the room itself (D7): one notice for a request, and ✅ under it lets the member in.

A reaction counts from whoever was owner or admin when it was made and is still one; anybody else's does nothing.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from roomdesk.audit.work import Actor, Work
from roomdesk.bootstrap import settings
from roomdesk.cases.conversation import Conversation
from roomdesk.channels.matrix.events import Heard
from roomdesk.directory.models import AccessRequest
from roomdesk.directory.services import access
from roomdesk.directory.services.access_requests import ASKED, DECIDED
from roomdesk.queues.models import OutboxRow
from roomdesk.record.models import Message
from roomdesk.rooms import naming
from roomdesk.rooms.homes import destination
from roomdesk.rules.room_access import is_approval, may_decide

if TYPE_CHECKING:
    from roomdesk.cases.hearing import Claimed

KINDS = (ASKED, DECIDED)
#: Names the request in the content of its notice.
MARK = "solutions.roomdesk.access"
_SERVER = settings.matrix_server_name


def own(work: Work, conversation: Conversation, item: Claimed) -> None:
    """A member asks, or it was decided: the room is told. What was decided before it could be said is not said."""
    room = conversation.room
    found = AccessRequest.objects.select_related("person").filter(pk=item.data["request"]).first()
    if room is None or not room.room_id or found is None:
        item.ignore("There is no room yet to say it in; the team page shows it.")
    elif item.data["kind"] == ASKED:
        if found.decided_at is None:
            _send(work, conversation, _notice(conversation, found, "access.asked"), once=_once(found, "asked"))
    else:
        _decided(work, conversation, found)


def _decided(work: Work, conversation: Conversation, found: AccessRequest) -> None:
    """Who was let in is welcomed under the notice; a notice that asks for nothing any more is taken back."""
    asked = OutboxRow.objects.filter(once=_once(found, "asked")).first()
    if asked is None:
        return
    if found.outcome == AccessRequest.Outcome.APPROVED:
        content = _notice(conversation, found, "access.granted")
        content["m.relates_to"] = {"m.in_reply_to": {"event_id": {"$after": "event_id"}}}
        _send(work, conversation, content, once=_once(found, "decided"), after=asked)
        return
    assert conversation.room is not None
    room_id = json.loads(asked.payload)["room_id"]
    payload = {"room_id": room_id, "event_id": {"$after": "event_id"}, "reason": f"The request was {found.outcome}."}
    where, lane_id = destination(conversation.workspace), conversation.workspace.lane_id
    work.send("matrix", "redact", where, payload, once=_once(found, "decided"), lane_id=lane_id, after=asked)


def _once(found: AccessRequest, what: str) -> str:
    return f"access:{found.pk}:{what}"


def _notice(conversation: Conversation, found: AccessRequest, key: str) -> dict[str, Any]:
    assert conversation.product is not None
    text = conversation.product.text(
        conversation.workspace.locale, key, person=found.person.name, by=found.decided_by or found.asked_by
    )
    return {"msgtype": "m.notice", "body": text, "m.mentions": {}, MARK: found.pk}


def _send(
    work: Work, conversation: Conversation, content: dict[str, Any], *, once: str, after: OutboxRow | None = None
) -> None:
    room, workspace = conversation.room, conversation.workspace
    assert room is not None
    payload = {"room_id": room.room_id, "type": "m.room.message", "content": content, "as": None}
    work.send("matrix", "send", destination(workspace), payload, once=once, lane_id=workspace.lane_id, after=after)


def reacted(work: Work, conversation: Conversation, heard: Heard, item: Claimed, original: Message) -> None:
    """Somebody has reacted to a message of the room."""
    request = _request(original)
    if request is None or not is_approval(heard.body):
        return
    standing = conversation.people.get(naming.localpart_of(heard.sender, _SERVER))
    if standing is None or not standing.person.is_active:
        return
    # At the time of the act, and again at use (D5): who was no admin then, or is none now, lets nobody in.
    roles = [standing.role(conversation.workspace.pk, at) for at in (item.at, work.now)]
    if all(may_decide(role) for role in roles):
        access.approve_held(work, conversation.workspace, request, Actor("person", standing.person.slug))


def _request(original: Message) -> int | None:
    """The request that a message of the desk asks about. Others can copy the mark, and not the desk's name."""
    if original.author_ref != naming.user_id(naming.BOT, _SERVER) or original.redacted_at is not None:
        return None
    content = json.loads(original.content) if original.content else {}
    number = content.get(MARK) if isinstance(content, dict) else None
    return number if isinstance(number, int) and not isinstance(number, bool) else None
