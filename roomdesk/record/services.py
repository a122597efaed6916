"""Writing the record. Every message is planned in the caller's `Work`, numbered under the lane's lock, and audited."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from roomdesk.audit.work import Actor, Work
from roomdesk.queues.making import made
from roomdesk.record.models import Message

#: A message that reached us this long after it was said is marked late (D13).
LATE_AFTER = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Saying:
    """What is to be recorded; the workspace and its number are given apart."""

    channel: str
    external_id: str
    address: str
    author_id: int | None
    author_ref: str
    author_kind: str
    kind: str
    body: str
    content: str
    at: datetime
    received_at: datetime
    thread_root: str = ""
    reply_to: str = ""
    target: str = ""
    #: It was set aside and came in later (D24): late, however quickly it reached us the first time.
    is_replayed: bool = False


def record(
    work: Work,
    saying: Saying,
    *,
    workspace_id: int,
    scope: str,
    number: int,
    case_id: int | None,
    why: tuple[str, str],
    message_id: int | None = None,
) -> Message:
    """Plans one entry of the record, with its evidence in the chain: what was said stays provable after an erasure."""
    message = made(
        Message,
        id=message_id or work.new_id(Message),
        workspace_id=workspace_id,
        number=number,
        channel=saying.channel,
        external_id=saying.external_id,
        address=saying.address,
        author_id=saying.author_id,
        author_ref=saying.author_ref,
        author_kind=saying.author_kind,
        kind=saying.kind,
        body=saying.body,
        content=saying.content,
        at=saying.at,
        recorded_at=work.now,
        is_late=saying.is_replayed or saying.received_at - saying.at > LATE_AFTER,
        case_id=case_id,
        thread_root=saying.thread_root,
        reply_to=saying.reply_to,
        target=saying.target,
        why_code=why[0],
        why=why[1],
    )
    work.insert(message)
    work.audit(
        "message.recorded",
        f"message:{message.external_id or message.pk}",
        {
            "channel": message.channel,
            "author": message.author_ref,
            "author_kind": message.author_kind,
            "kind": message.kind,
            "at": message.at,
            "sha256": hashlib.sha256(saying.content.encode()).hexdigest(),
        },
        scope=scope,
        actor=Actor(saying.author_kind, saying.author_ref),
    )
    return message
