"""What the desk does with one event: reads it, tells echo from speech, places it in a case, records it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from roomdesk.audit.work import Work
from roomdesk.bootstrap import settings
from roomdesk.cases import admitting, handing, moving, notes, paging, saying, speaking
from roomdesk.cases.conversation import Conversation
from roomdesk.channels.matrix.events import Heard, read_event
from roomdesk.oncall import hooks
from roomdesk.oncall import paging as pages
from roomdesk.product.schema import Product
from roomdesk.queues.models import InboxEvent, OutboxRow
from roomdesk.queues.reading import Rows
from roomdesk.record.models import Message
from roomdesk.rooms import asking, drift, naming, reporting, succession
from roomdesk.rooms import services as rooms
from roomdesk.rooms.models import Room
from roomdesk.rooms.planning import ADOPT, LOOK
from roomdesk.rules import grouping
from roomdesk.rules.own_text import own_text
from roomdesk.runtime import clock
from roomdesk.webhooks import emitting

SERVER = settings.matrix_server_name


@dataclass(slots=True)
class Claimed:
    """One inbox event at hand. `heard` is set for Matrix, `data` for what the desk tells itself.

    `message` is the one that a report speaks of as accepted for delivery.
    """

    event: InboxEvent
    heard: Heard | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    message: Message | None = None
    #: Why it opens no case by itself, where somebody has looked at it before (a code and a sentence).
    aside: tuple[str, str] | None = None
    #: When it was said: the homeserver's time, moved as the clock was at receipt, never later than receipt (D13, D29).
    at: datetime = field(init=False)

    def __post_init__(self) -> None:
        received = self.event.received_at
        if self.heard is None or self.heard.sent_ms is None:
            self.at = received
            return
        sent = clock.from_ms(self.heard.sent_ms) + timedelta(microseconds=self.event.clock_offset_us)
        self.at = min(sent, received)

    def ignore(self, reason: str) -> None:
        self.event.state, self.event.reason = InboxEvent.State.IGNORED, reason


@dataclass(slots=True)
class Batch:
    """The events of one transaction, in order."""

    items: list[Claimed]

    def heard(self) -> Iterator[Heard]:
        return (item.heard for item in self.items if item.heard is not None)

    def localparts(self) -> set[str]:
        named = (naming.localpart_of(heard.sender, SERVER) for heard in self.heard())
        return {name for name in named if name}

    def event_ids(self) -> set[str]:
        """Events of the past that these refer to."""
        ids = {i for heard in self.heard() for i in (heard.thread_root, heard.reply_to, heard.target)}
        return ids - {""}

    def taken_back(self) -> set[str]:
        """Events of which an edit came and was removed among these."""
        removed = {heard.target for heard in self.heard() if heard.kind == "redaction"}
        return {heard.target for heard in self.heard() if heard.kind == "edit" and heard.event_id in removed}

    def named(self) -> set[int]:
        """Numbers of the cases that people name, or write notes of."""
        own = (own_text(heard.body, bool(heard.reply_to)) for heard in self.heard() if heard.kind in speaking.SPEECH)
        noted = {item.data["case"] for item in self.items if item.event.source == notes.SOURCE}
        paged = {item.data["case"] for item in self.items if item.data.get("kind") == pages.TOLD and item.data["case"]}
        return noted | paged | {number for text in own for number in grouping.numbers_named(text)}

    def accepted(self) -> dict[int, Claimed]:
        """Reports of messages that a channel has accepted for delivery, or whose file it has, by outbox row."""
        return {item.data["row"]: item for item in self.items if _speaks_of_message(item.data)}

    def earliest(self, now: datetime) -> datetime:
        return min((item.at for item in self.items), default=now)


def _speaks_of_message(data: Mapping[str, Any]) -> bool:
    return bool(data.get("accepted_at")) or ("row" in data and data["kind"] in handing.CALLS)


def read(events: Sequence[InboxEvent]) -> Batch:
    """Reads the stored texts. One that cannot be read raises; alone it is then set aside."""
    return Batch([_read(event) for event in events])


def _read(event: InboxEvent) -> Claimed:
    if event.source == "matrix":
        return Claimed(event, heard=read_event(event.raw))
    if event.source == notes.SOURCE:
        passed = json.loads(event.raw)
        return Claimed(event, heard=read_event(json.dumps(passed["event"])), data={"case": passed["case"]})
    return Claimed(event, data=json.loads(event.raw))


@dataclass(slots=True)
class Echoes:
    """Outbox rows of events that came back to us, by key, and messages that wait for their event, by id."""

    rows: dict[str, OutboxRow]
    messages: dict[int, Message]
    named: set[int]

    def case_ids(self) -> set[int]:
        """Cases that these speak of, which may be closed ones."""
        named = {row.case_id for row in self.rows.values()} | {m.case_id for m in self.messages.values()}
        return {case_id for case_id in named if case_id} | self.named


def echoes_of(batch: Batch) -> Echoes:
    """Finds the rows and messages behind our own events, and behind what channels have accepted, in three queries."""
    markers = {heard.marker for heard in batch.heard() if heard.marker}
    rows = {row.key: row for row in Rows(OutboxRow, "key = ANY(%s::text[])", list(markers))} if markers else {}
    accepted = batch.accepted()
    reported = list(Rows(OutboxRow, "id = ANY(%s::bigint[])", list(accepted))) if accepted else []
    ids = {row.message_id for row in (*rows.values(), *reported) if row.message_id}
    messages = {m.pk: m for m in Rows(Message, "id = ANY(%s::bigint[])", list(ids))} if ids else {}
    for row in reported:
        accepted[row.pk].message = messages.get(row.message_id or 0)
    return Echoes(rows, messages, batch.named())


def hear(work: Work, conversation: Conversation, item: Claimed, echoes: Echoes) -> None:
    """Decides one Matrix event."""
    heard = item.heard
    assert heard is not None
    if heard.kind == "member":
        reporting.member(work, conversation.room, conversation.workspace, conversation.members, heard)
        item.ignore("Kept as membership.")
        return
    if heard.kind == "state":
        reporting.state(work, conversation.room, conversation.workspace, heard)
        item.ignore("Room state is not part of the record.")
        return
    row = echoed(heard, echoes)
    if row is not None:
        confirm(work, row, heard.event_id)
    number = row.message_id if row is not None else None
    written = echoes.messages.get(number) if number is not None else None
    if written is not None:
        speaking.mirrored(work, conversation, written, heard, item.at)
    elif naming.is_ours(heard.sender, SERVER):
        speaking.desk_said(work, conversation, heard, item, case_id=row.case_id if row else None)
    else:
        message = speaking.somebody_said(work, conversation, heard, item, number)
        if number is not None:
            echoes.messages[number] = message


def echoed(heard: Heard, echoes: Echoes) -> OutboxRow | None:
    """The row this event came from. A marker copied by somebody else proves nothing: the sender must be the row's."""
    row = echoes.rows.get(heard.marker)
    if row is None or row.channel != "matrix" or _has_another(row, heard):
        return None
    sender = json.loads(row.payload).get("as") or naming.user_id(naming.BOT, SERVER)
    return row if sender == heard.sender else None


def _has_another(row: OutboxRow, heard: Heard) -> bool:
    """One call is one event: whoever copies the marker of what was said for them says something themselves."""
    return bool(row.external_id) and row.kind in _EVENTS and row.external_id != heard.event_id


#: Calls whose outside id is that of the event they make.
_EVENTS = frozenset({"send", "redact", "state"})


def confirm(work: Work, row: OutboxRow, event_id: str) -> None:
    """An event that came back has certainly been sent, whatever the sender noted before it died (D28)."""
    if row.confirmed_at is not None:
        return
    row.confirmed_at = work.now
    names = ["confirmed_at"]
    if row.state in OutboxRow.ACTIVE:
        row.state, row.sent_at, row.external_id = OutboxRow.State.SENT, work.now, event_id
        row.result = json.dumps({"event_id": event_id})
        names += ["state", "sent_at", "external_id", "result"]
    work.update(row, *names)


def own(work: Work, conversation: Conversation, item: Claimed) -> None:
    """What the desk told itself: people or settings of the workspace changed, so its room may have to follow; or of a page."""
    if item.data["kind"] == pages.TOLD:
        if not paging.told(work, conversation, item.data):
            item.ignore("It speaks of no page of a case here.")
        return
    product, room = conversation.product, conversation.room
    if product is None or not product.room:
        item.ignore("This product has no rooms.")
        return
    if room is None:
        conversation.room = rooms.want_room(
            work, conversation.workspace, product, server=SERVER, secret=settings.secret_key or ""
        )
    elif item.data["kind"] in (LOOK, ADOPT):
        _asked(work, conversation, room, product, item)
    elif item.data["kind"] in admitting.KINDS:
        admitting.own(work, conversation, item)
    elif room.room_id:
        left = item.data.get("left", ())
        rooms.refresh(work, room, conversation.workspace, product, conversation.members, SERVER, leaving=left)
        if {"display_name", "locale"} & {*item.data.get("changed", ())}:
            asking.ask_look(work, room, conversation.workspace, drift.CHANGE)


def _asked(work: Work, conversation: Conversation, room: Room, product: Product, item: Claimed) -> None:
    """What an operator or the sweep wants of the room as a whole."""
    workspace = conversation.workspace
    if item.data["kind"] == ADOPT:
        asking.ask_examine(work, workspace, item.data["room_id"])
    elif room.room_id:
        words = {name: item.data[name] for name in drift.WORDS if name in item.data}
        asking.ask_look(work, room, workspace, item.data["because"], **words)
    elif room.state == Room.State.FAILED:
        succession.make_again(work, room, workspace, product)


def report(work: Work, conversation: Conversation, item: Claimed) -> None:
    """What became of a call that changes our own state."""
    data, room, product = item.data, conversation.room, conversation.product
    workspace, members = conversation.workspace, conversation.members
    if data["kind"] in handing.CALLS:
        if item.message is not None:
            handing.reported(work, conversation, item.message, data)
        else:
            saying.file_is_there(work, conversation, data)
        return
    if data["ok"] and item.message is not None:
        speaking.accepted(work, conversation, item.message, datetime.fromisoformat(item.data["accepted_at"]))
        return
    if data["kind"] in reporting.CALLS and room is not None and product is not None:
        if reporting.reported(work, room, workspace, product, conversation.lane, members, data):
            moving.moved(work, conversation, room, product)
        return
    if data["kind"] == "send" and not data["ok"] and room is not None and moving.was_lost(room, data["payload"]):
        moving.say_again(work, conversation)
    reporting.acted(work, room, workspace, members, data)


def vendor_report(work: Work, item: Claimed) -> None:
    """What became of a call that belongs to no workspace: every use of an admin's or people's token is on record (D47), and
    a webhook that was given up; and what PagerDuty tells, of whichever page."""
    if item.event.source == pages.PAGERDUTY:
        if reason := hooks.hear(work, item.data):
            item.ignore(reason)
        return
    if item.data["kind"] == emitting.KIND:
        given_up = {"id": item.data["payload"]["id"], "error": item.data.get("error")}
        work.audit("webhook.given_up", item.event.address, given_up)
        return
    user = str(item.data["payload"].get("user_id", ""))
    work.audit(f"matrix.{item.data['kind']}", f"user:{user}", reporting.outcome(item.data))
