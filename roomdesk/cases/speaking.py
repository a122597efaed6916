"""Speech: who said it, which case it belongs to and why, and what follows from it."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from roomdesk.audit.work import Work
from roomdesk.bootstrap import settings
from roomdesk.cases import (
    admitting,
    checklist,
    confirming,
    customer_commands,
    deflecting,
    paging,
    questions,
    regrading,
    satisfaction,
    services,
    staff_signs,
    triaging,
    versions,
)
from roomdesk.cases.conversation import Conversation, Open
from roomdesk.cases.loading import BESIDE
from roomdesk.cases.opening import Opening, expect_ids, open_case
from roomdesk.channels.matrix.events import Heard
from roomdesk.channels.matrix.media import caption_of, file_named
from roomdesk.directory.models import Person
from roomdesk.product.queries import product_of
from roomdesk.record import files
from roomdesk.record import services as record
from roomdesk.record.models import Message
from roomdesk.record.services import Saying
from roomdesk.rooms import naming
from roomdesk.rules import grouping
from roomdesk.rules.desk_command import is_command
from roomdesk.rules.first_word import is_p0
from roomdesk.rules.machine_text import is_machine
from roomdesk.rules.own_text import own_text
from roomdesk.rules.small_talk import normalised

if TYPE_CHECKING:
    from roomdesk.cases.hearing import Claimed

SPEECH = frozenset({"message", "file"})
STICKER = "m.sticker"
NO_CASE = ("", "")
NO_INTAKE = ("no_intake", "The workspace's state opens no cases.")
MACHINE = ("machine", "It reads as an absence note or an automatic message, which opens nothing.")
CUSTOMERS_COMMAND = ("command", "A customer's command to the desk opens nothing.")
COMMAND = ("command", "A command to the desk answers nobody.")


def desk_said(work: Work, conversation: Conversation, heard: Heard, item: Claimed, *, case_id: int | None) -> None:
    """Our bot's own words, come back: recorded, and known as part of their case for replies to them."""
    why = ("notice", "The desk said it about this case.") if case_id else NO_CASE
    message = record_said(work, conversation, heard, item, None, "desk", case_id, why)
    versions.take_effect(work, heard.kind, message, conversation.messages)


def somebody_said(
    work: Work, conversation: Conversation, heard: Heard, item: Claimed, number: int | None = None
) -> Message:
    """An event of a person: recorded whatever it is; speech of customers and staff is placed in a case.

    `number` is the one that it has to have on record: that of a file which lies here already.
    """
    standing = conversation.people.get(naming.localpart_of(heard.sender, settings.matrix_server_name))
    kind = standing.kind(conversation.workspace.pk, item.at) if standing else "other"
    person = standing.person if standing else None
    if heard.kind not in SPEECH or kind == "other" or heard.msgtype == "m.notice":
        return _beside(work, conversation, heard, item, person, kind, number)
    place = _customer if kind == "customer" else _staff
    entry, why = place(work, conversation, heard, item, person)
    case_id = entry.case.pk if entry else None
    message = record_said(work, conversation, heard, item, person, kind, case_id, why, number=number)
    if why[0] == grouping.UNDECIDED:
        questions.ask(work, conversation, message)
    if kind == "staff" and entry is None and person is not None and why != COMMAND:
        paging.human_spoke(work, conversation, by=person.slug)
    return message


Placed = tuple[Open | None, tuple[str, str]]


def _customer(work: Work, conversation: Conversation, heard: Heard, item: Claimed, person: Person | None) -> Placed:
    text = own_text(heard.body, bool(heard.reply_to))
    # The name of a file says nothing of what it is about.
    words, has_file = (
        (caption_of(heard.content) if heard.kind == "file" else text),
        heard.kind == "file" and heard.type != STICKER,
    )
    p0 = is_p0(heard.body, heard.formatted_body, bot_localpart=naming.BOT)
    is_ordering = heard.kind == "message" and is_command(text)
    if is_ordering and is_here(conversation, heard.room_id):
        customer_commands.answer(work, conversation, heard)
    idle = None if p0 else item.aside or _idle(conversation, heard, text)
    placement = grouping.place_customer(
        _said(heard, item, person, "customer", text),
        _cases(conversation, item.at),
        conversation.placed,
        policy_of(conversation),
        p0,
        is_idle=idle is not None or triaging.is_small_talk(conversation, text),
    )
    why = (placement.why.code, placement.why.words)
    if idle is not None and placement.case_id is None:
        return None, idle
    has_intake = conversation.state_at(item.at).intake
    if placement.opens and not has_intake:
        return None, NO_INTAKE
    if placement.opens:
        opening = Opening(
            text=text,
            words=words,
            at=item.at,
            channel="matrix",
            author=person,
            is_p0=p0,
            has_file=has_file,
            root_event_id=heard.event_id if is_here(conversation, heard.room_id) else "",
            thread_root=heard.thread_root if is_here(conversation, heard.room_id) else "",
            linked_to=placement.linked_to,
            event_id=heard.event_id,
            never_pages=item.event.is_replayed,
        )
        expect_ids(work, is_p0=p0)
        entry = open_case(work, conversation, opening, by=heard.sender)
    else:
        found = conversation.current(placement.case_id)
        if found is None:
            return None, why
        entry = found
        if p0 and entry.is_open and not item.event.is_replayed:
            paging.joined(work, conversation, entry, heard.event_id)
    # A first message that the desk has answered by itself is no word against the answer.
    is_idle = placement.small_talk or (not entry.is_open and (placement.opens or not has_intake))
    services.customer_spoke(work, conversation, entry, item.at, person, by=heard.sender, small_talk=is_idle)
    if placement.confirms:
        confirming.heard(work, conversation, entry, item.at, by=heard.sender)
    if not placement.opens:
        checklist.heard(work, conversation, entry, words, has_file=has_file)
        if not is_idle:
            regrading.heard(work, conversation, entry, words, item.at)
    return entry, why


def _idle(conversation: Conversation, heard: Heard, text: str) -> tuple[str, str] | None:
    """Why a customer's message is as idle as small talk, where it is neither that nor a matter."""
    if heard.kind != "message":
        return None
    if is_command(text) and customer_commands.says_nothing_else(conversation, text):
        return CUSTOMERS_COMMAND
    return MACHINE if is_machine(text) else None


def is_here(conversation: Conversation, address: str) -> bool:
    """Whether this is the workspace's present room: the desk cannot answer in a thread of a former one."""
    return conversation.room is not None and conversation.room.room_id == address


def _staff(work: Work, conversation: Conversation, heard: Heard, item: Claimed, person: Person | None) -> Placed:
    said = _said(heard, item, person, "staff", own_text(heard.body, bool(heard.reply_to)))
    if is_command(said.text):
        staff_signs.misplaced(work, conversation, heard, person)
        return None, COMMAND
    claimed = frozenset(
        entry.case.pk for entry in conversation.cases.values() if person and entry.case.assignee_id == person.pk
    )
    placement = grouping.place_staff(said, _cases(conversation, item.at), conversation.placed, claimed)
    entry = conversation.current(placement.case_id)
    if entry:
        services.staff_answered(work, conversation, entry, item.at, heard.sender, heard.event_id)
        if person is not None:
            paging.human_acted(work, conversation, entry, by=person.slug, via="room")
    return entry, (placement.why.code, placement.why.words)


def _said(heard: Heard, item: Claimed, person: Person | None, kind: grouping.AuthorKind, text: str) -> grouping.Said:
    return grouping.Said(
        event_id=heard.event_id,
        at=item.at,
        author_id=str(person.pk) if person else heard.sender,
        author_kind=kind,
        text=text,
        msgtype=heard.msgtype,
        thread_root=heard.thread_root or None,
        reply_to=heard.reply_to or None,
        has_file=heard.kind == "file",
    )


def _cases(conversation: Conversation, at: datetime) -> tuple[grouping.OpenCase, ...]:
    """The open cases, and those that a customer's word can open again."""
    always = services.TAKES_WORDS
    return tuple(
        [
            entry.as_rule()
            for entry in conversation.cases.values()
            if entry.case.state in always or services.takes_words(entry, at)
        ]
    )


def policy_of(conversation: Conversation) -> grouping.CasePolicy:
    """The product's grouping policy for this workspace's language (and English)."""
    assert conversation.version is not None
    return _policy(conversation.version.pk)


@lru_cache(maxsize=64)
def _policy(version_id: int) -> grouping.CasePolicy:
    """As a version of the product has it: phrases in every one of its languages, for people thank in whichever comes to mind."""
    product = product_of(version_id)
    phrases, policy = product.grouping.small_talk.values(), product.grouping
    return grouping.CasePolicy(
        author_window=timedelta(minutes=policy.author_window_minutes),
        p0_window=timedelta(minutes=policy.p0_window_minutes),
        small_talk=frozenset(normalised(phrase) for some in phrases for phrase in some),
        # How it is said that the desk's own answer did not help (D14).
        no_help=frozenset(normalised(product.text(locale, "deflection.phrase")) for locale in product.texts),
    )


def _beside(
    work: Work,
    conversation: Conversation,
    heard: Heard,
    item: Claimed,
    person: Person | None,
    kind: str,
    number: int | None,
) -> Message:
    """Edits, reactions, redactions and the speech of strangers: on record, with what they speak of, deciding nothing."""
    case_id = conversation.case_of_event.get(heard.target)
    why = (BESIDE, "It speaks of a message of this case.") if case_id else NO_CASE
    message = record_said(work, conversation, heard, item, person, kind, case_id, why, number=number)
    versions.take_effect(work, heard.kind, message, conversation.messages)
    original = conversation.messages.get(heard.target)
    if original and heard.kind == "edit" and kind == "customer" and _becomes_p0(heard, original):
        paging.edited(work, conversation, case_id, by=person.slug if person else heard.sender)
    if original and heard.kind == "reaction":
        admitting.reacted(work, conversation, heard, item, original)
        if kind == "customer":
            deflecting.reacted(work, conversation, heard, item, original)
            satisfaction.reacted(work, conversation, heard, item, original, person)
        if kind == "staff":
            staff_signs.reacted(work, conversation, heard, item, original)
    return message


def _becomes_p0(heard: Heard, original: Message) -> bool:
    """Whether an edit makes a P0 of a message that was none. The words of an edit come with a star before them for old clients."""
    return is_p0(heard.body, heard.formatted_body, bot_localpart=naming.BOT) and not is_p0(original.body)


def record_said(
    work: Work,
    conversation: Conversation,
    heard: Heard,
    item: Claimed,
    person: Person | None,
    author_kind: str,
    case_id: int | None,
    why: tuple[str, str],
    *,
    as_kind: str | None = None,
    number: int | None = None,
) -> Message:
    """Records what was heard, as another kind of entry where `as_kind` says so, and under the given `number`."""
    saying = Saying(
        channel="matrix",
        external_id=heard.event_id,
        address=heard.room_id,
        author_id=person.pk if person else None,
        author_ref=heard.sender,
        author_kind=author_kind,
        kind=as_kind or heard.kind,
        body=own_text(heard.body, bool(heard.reply_to)) if heard.kind in SPEECH else heard.body,
        content=heard.content,
        at=item.at,
        received_at=item.event.received_at,
        thread_root=heard.thread_root,
        reply_to=heard.reply_to,
        target=heard.target,
        is_replayed=item.event.is_replayed,
    )
    message = record.record(
        work,
        saying,
        workspace_id=conversation.workspace.pk,
        scope=conversation.scope,
        number=conversation.next_number(saying.kind),
        case_id=case_id,
        why=why,
        message_id=number,
    )
    if heard.kind == "file" and not (number and files.is_here(number)):
        files.expect(work, message, file_named(heard.content))
    # As `loading` does with what is on record: the next event of the batch may refer to this one.
    conversation.messages[heard.event_id] = message
    if case_id:
        conversation.case_of_event[heard.event_id] = case_id
    return message


def mirrored(work: Work, conversation: Conversation, message: Message, heard: Heard, at: datetime) -> None:
    """A message written through the desk's own faces has reached the room: an answer counts from this moment (R18)."""
    if message.external_id:
        return
    message.external_id, message.address = heard.event_id, heard.room_id
    work.update(message, "external_id", "address")
    entry = conversation.current(message.case_id)
    if entry is None:
        return
    conversation.case_of_event[heard.event_id] = entry.case.pk
    if not entry.case.root_event_id and is_here(conversation, heard.room_id):
        entry.case.root_event_id = heard.event_id
        entry.changed()
        work.update(entry.case, "root_event_id")
    if message.author_kind == Message.Author.STAFF:
        services.staff_answered(work, conversation, entry, at, message.author_ref, heard.event_id)
        paging.human_acted(work, conversation, entry, by=_slug(message), via="room")


def _slug(message: Message) -> str:
    return message.author.slug if message.author else message.author_ref


def accepted(work: Work, conversation: Conversation, message: Message, at: datetime) -> None:
    """A channel outside (email, WhatsApp) has accepted a message for delivery: an answer of staff counts from then (R18)."""
    entry = conversation.current(message.case_id)
    if entry is not None and message.author_kind == Message.Author.STAFF:
        services.staff_answered(work, conversation, entry, at, message.author_ref, f"message:{message.pk}")
