"""`!desk` written by a customer: it commands nothing, and is answered with one polite line, once for each room and person (D9)."""

from __future__ import annotations

import hashlib

from roomdesk.audit.work import Work
from roomdesk.cases import notices, triaging
from roomdesk.cases.conversation import Conversation
from roomdesk.channels.matrix.events import Heard
from roomdesk.rooms.homes import destination
from roomdesk.rules.desk_command import words_after
from roomdesk.rules.triage import OTHER, SMALL_TALK

#: So few words behind it are a command that somebody has seen elsewhere; more may say what is the matter.
_FEW = 3


def says_nothing_else(conversation: Conversation, text: str) -> bool:
    """Whether such a text is a command and nothing beyond it: then it opens, reopens and restarts nothing, as small talk does."""
    words = words_after(text)
    return len(words.split()) <= _FEW or triaging.kind_of(conversation, words) in (OTHER, SMALL_TALK)


def answer(work: Work, conversation: Conversation, heard: Heard) -> None:
    """Says whom commands are for, in the workspace's language. Who writes more of them hears nothing more of it."""
    product, workspace = conversation.product, conversation.workspace
    assert product is not None
    # A person's id at the homeserver, and a room's, may together be longer than a key.
    whose = hashlib.sha256(f"{heard.room_id} {heard.sender}".encode()).hexdigest()[:32]
    content = notices.words(product.text(workspace.locale, "command.customer"))
    content["m.relates_to"] = _relation(heard)
    payload = {"room_id": heard.room_id, "type": "m.room.message", "content": content, "as": None}
    once, where = f"customer_command:{whose}", destination(workspace)
    work.send("matrix", "send", where, payload, once=once, lane_id=workspace.lane_id)


def _relation(heard: Heard) -> dict[str, object]:
    """A reply, in the thread in which it was written."""
    thread = {"rel_type": "m.thread", "event_id": heard.thread_root} if heard.thread_root else {}
    return {**thread, "m.in_reply_to": {"event_id": heard.event_id}}
