"""What the desk bot says in a case, in the customer's language, each thing once (D23)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from roomdesk.audit.work import Work
from roomdesk.cases.conversation import Conversation, Open
from roomdesk.clocks.models import Clock
from roomdesk.clocks.policy import office_of
from roomdesk.clocks.services import measure_of
from roomdesk.product.formatting import format_due
from roomdesk.product.texts import notice_key, p0_key
from roomdesk.queues.models import OutboxRow
from roomdesk.rooms.homes import destination
from roomdesk.rules.paging import Action

CASE_MARK = "solutions.roomdesk.case"


def opened(
    work: Work,
    conversation: Conversation,
    entry: Open,
    clock: Clock,
    *,
    after: OutboxRow | None = None,
    p0: Action | None = None,
) -> None:
    """Says under the customer's message that it is on record, and until when somebody answers. Once per cycle.

    `p0` is what is done about a P0: the answer says so, whether somebody is woken or not (R42).
    """
    if not can_say(conversation):
        return
    say(
        work,
        conversation,
        entry,
        opened_text(conversation, entry, clock, p0),
        once=f"case:{entry.case.pk}:{entry.case.cycle}:opened",
        in_main_line=entry.case.p0_at is not None,
        after=after,
    )


def can_say(conversation: Conversation) -> bool:
    """Whether there is a room to say something in."""
    return conversation.room is not None and bool(conversation.room.room_id)


def opened_text(conversation: Conversation, entry: Open, clock: Clock, p0: Action | None = None) -> str:
    """The notice's words, in the workspace's language and the customer's zone."""
    product, workspace = conversation.product, conversation.workspace
    assert product is not None
    at, zone = clock.started_at, zone_of(conversation)
    opens = office_of(clock.product_version_id).next_working(at)
    values = {"ref": entry.case.ref, "opens": _shown(opens, zone, workspace.locale, at)}
    if clock.due_at is not None:
        values["due"] = _shown(clock.due_at, zone, workspace.locale, at)
    if p0 is not None:
        tier = product.tiers.get(entry.cycle.tier)
        return product.text(workspace.locale, p0_key(p0, measure_of(clock)), tier=tier.name if tier else "", **values)
    return product.text(workspace.locale, notice_key(measure_of(clock), open_now=opens <= at), **values)


def next_word(conversation: Conversation, entry: Open, now: datetime) -> str:
    """By when the customer hears of the case next, as they were promised; empty where nothing is promised, or it is late already."""
    promised = (Clock.Kind.FIRST_RESPONSE, Clock.Kind.UPDATE)
    due = [
        one.due_at
        for one in entry.clocks
        if one.kind in promised and one.is_public and one.due_at and one.paused_at is None
    ]
    if not due or min(due) <= now:
        return ""
    return _shown(min(due), zone_of(conversation), conversation.workspace.locale, now)


def _shown(at: datetime, zone: str, locale: str, now: datetime) -> str:
    return format_due(at, zone, locale, now=now)


def zone_of(conversation: Conversation) -> str:
    """The zone in which the customer reads times: the workspace's own, else the vendor's office's."""
    assert conversation.product is not None
    return conversation.workspace.time_zone or conversation.product.office.timezone


def say(
    work: Work,
    conversation: Conversation,
    entry: Open,
    text: str,
    *,
    once: str,
    in_main_line: bool = False,
    after: OutboxRow | None = None,
    marks: Mapping[str, Any] | None = None,
) -> OutboxRow:
    """Plans a notice of the bot about a case: in the thread under the case's first message, or in the main line.

    `after` is the row that is just saying that first message; the notice takes its event id when it is there. `marks` are
    further keys of its content, by which the desk knows it again.
    """
    content: dict[str, Any] = {**words(text), CASE_MARK: entry.case.ref, **(marks or {})}
    root = {"$after": "event_id"} if after else entry.case.root_event_id
    if root and in_main_line:
        content["m.relates_to"] = {"m.in_reply_to": {"event_id": root}}
    elif root:
        content["m.relates_to"] = {
            "rel_type": "m.thread",
            "event_id": root,
            "is_falling_back": True,
            "m.in_reply_to": {"event_id": root},
        }
    return _send(work, conversation, entry, content, once, after)


def edit(work: Work, conversation: Conversation, entry: Open, text: str, *, original: int, once: str) -> OutboxRow:
    """Plans that a notice (the outbox row `original`) shows another text, in its place."""
    content = {
        **words(f"* {text}"),
        "m.new_content": words(text),
        "m.relates_to": {"rel_type": "m.replace", "event_id": {"$after": "event_id"}},
        CASE_MARK: entry.case.ref,
    }
    return _send(work, conversation, entry, content, once, OutboxRow(pk=original))


def reword(row: int, text: str) -> bool:
    """Puts another text into a notice or an edit that waits in the outbox. False where it may have left already."""
    waiting = OutboxRow.objects.filter(pk=row, state=OutboxRow.State.QUEUED, attempts=0)
    payload = waiting.values_list("payload", flat=True).first()
    return payload is not None and bool(waiting.update(payload=reworded(payload, text)))


def reworded(payload: str, text: str) -> str:
    """The payload of a notice, or of an edit of one, with another text."""
    given = json.loads(payload)
    is_edit = "m.new_content" in given["content"]
    given["content"] |= {"body": f"* {text}", "m.new_content": words(text)} if is_edit else {"body": text}
    return json.dumps(given)


def words(text: str) -> dict[str, Any]:
    """The content of a notice of the bot: clients are silent about it."""
    return {"msgtype": "m.notice", "body": text, "m.mentions": {}}


def _send(
    work: Work, conversation: Conversation, entry: Open, content: dict[str, Any], once: str, after: OutboxRow | None
) -> OutboxRow:
    room = conversation.room
    assert room is not None
    return work.send(
        "matrix",
        "send",
        destination(conversation.workspace),
        {"room_id": room.room_id, "type": "m.room.message", "content": content, "as": None},
        once=once,
        lane_id=conversation.workspace.lane_id,
        case_id=entry.case.pk,
        after=after,
    )
