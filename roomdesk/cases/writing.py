"""Writing into a case through the desk's own faces (REST, console, command line): recorded at once, said in the room as that person.

Both may be the inner part of a transaction that keeps the answer for an idempotency key; no outside call is made in them.

An answer counts when the room has it (its echo comes back), not when a button was pressed: R18, D28. Where the product has
no rooms it counts when it is recorded.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from roomdesk.audit.work import Actor, Work
from roomdesk.bootstrap import settings
from roomdesk.cases import checklist, confirming, loading, paging, regrading, services, speaking, triaging
from roomdesk.cases.conversation import Conversation, Open
from roomdesk.cases.models import Case
from roomdesk.cases.opening import Opening, open_case
from roomdesk.cases.wording import Wording, in_markdown
from roomdesk.directory.errors import Conflict, Invalid, NotFound
from roomdesk.directory.models import Person, Workspace
from roomdesk.queues import bulk, lanes
from roomdesk.queues.models import Lane, OutboxRow
from roomdesk.queues.signals import lives
from roomdesk.record import services as record
from roomdesk.record.models import Message
from roomdesk.record.services import Saying
from roomdesk.rooms import naming
from roomdesk.rooms.homes import destination
from roomdesk.rules.confirmation import is_confirmation
from roomdesk.rules.first_word import is_p0
from roomdesk.rules.small_talk import is_small_talk

MAX_TEXT = 40_000
WRITTEN = ("face", "It was written in this case.")
_OVER = "{ref} is {state}; nothing more can be said in it."


@dataclass(frozen=True, slots=True)
class Author:
    """Who speaks through a face, and as what in this workspace."""

    person: Person
    kind: str

    @property
    def is_staff(self) -> bool:
        return self.kind == "staff"

    @property
    def user_id(self) -> str:
        return naming.person_id(self.person, settings.matrix_server_name)


def do_open_case(
    *, workspace: str, author: str, text: str, channel: str, actor: Actor, now: datetime, severity: str | None = None
) -> Case:
    """Opens a case and returns it. Refuses unknown people, empty text, unknown severities, a customer where nothing is taken in.

    What staff begin has no first response: nobody waits for one. Its updates count from when the message is in the room.
    """
    text = check_text(text)
    found = Workspace.objects.filter(slug=workspace).first()
    if found is None:
        raise NotFound(f'There is no workspace "{workspace}".', field="workspace")
    with transaction.atomic():
        conversation, work = begin(found, author, actor, now)
        speaker = author_of(conversation, author, now)
        _check_intake(conversation, speaker, now)
        _check_severity(conversation, severity)
        message_id = work.new_id(Message)
        mirror = _mirror(work, conversation, speaker, Wording(text), message_id, None)
        opening = Opening(
            text=text,
            at=now,
            channel=channel,
            author=speaker.person,
            is_p0=not speaker.is_staff and is_p0(text),
            severity=severity,
            by_staff=speaker.is_staff,
            mirror=mirror,
        )
        entry = open_case(work, conversation, opening, by=speaker.person.slug)
        if mirror:
            mirror.case_id = entry.case.pk
        why = ("face", "It was opened with this message.")
        _record(work, conversation, entry, speaker, Wording(text), channel, message_id, why)
        _said(work, conversation, entry, speaker, text, message_id, mirror, is_first=True)
        end(work, conversation)
    return entry.case


def do_say(
    *, ref: str, author: str, text: str, channel: str, actor: Actor, now: datetime, is_markdown: bool = False
) -> Message:
    """Says something in a case as a customer or as staff; staff answers stop the first-response clock once delivered.

    What a customer says in a resolved case, or in one closed not long ago, reopens it (D19). In a merged case it is said in
    the one that it was merged into. `is_markdown`: the room draws it, and its people are called by `@name`.
    """
    text = check_text(text)
    case = Case.objects.filter(ref=ref).select_related("workspace").first()
    if case is None:
        raise NotFound(f'There is no case "{ref}".', field="ref")
    with transaction.atomic():
        conversation, work = begin(case.workspace, author, actor, now, case.pk)
        entry = conversation.current(case.pk)
        if entry is None:
            raise Conflict(_OVER.format(ref=ref, state=case.state), field="ref")
        message = say(work, conversation, entry, author, text, channel, WRITTEN, is_markdown=is_markdown)
        end(work, conversation)
    return message


def say(
    work: Work,
    conversation: Conversation,
    entry: Open,
    author: str,
    text: str,
    channel: str,
    why: tuple[str, str],
    *,
    is_markdown: bool = False,
) -> Message:
    """Plans a checked text as words of the person `author` in a case at hand, in the caller's `Work`, whose lane is held.

    Invalid for an author who is neither staff nor of the workspace; Conflict where nothing can be said in the case, or by
    them in its room: then nothing is planned.
    """
    speaker = author_of(conversation, author, work.now)
    check_takes(conversation, entry, speaker, work.now)
    wording = in_markdown(conversation, text) if is_markdown else Wording(text)
    message_id = work.new_id(Message)
    mirror = _mirror(work, conversation, speaker, wording, message_id, entry)
    message = _record(work, conversation, entry, speaker, wording, channel, message_id, why)
    _said(work, conversation, entry, speaker, text, message_id, mirror)
    return message


def check_takes(conversation: Conversation, entry: Open, speaker: Author, now: datetime) -> None:
    """Conflict where nothing can be said in the case any more by this person."""
    if not _takes(conversation, entry, speaker, now):
        raise Conflict(_OVER.format(ref=entry.case.ref, state=entry.case.state), field="ref")


def _takes(conversation: Conversation, entry: Open, speaker: Author, now: datetime) -> bool:
    if speaker.is_staff or not conversation.state_at(now).intake:
        return entry.is_open or entry.case.state in (Case.State.RESOLVED, Case.State.DEFLECTED)
    return services.takes_words(entry, now)


def _said(
    work: Work,
    conversation: Conversation,
    entry: Open,
    speaker: Author,
    text: str,
    message_id: int,
    mirror: OutboxRow | None,
    *,
    is_first: bool = False,
) -> None:
    """What words through a face do. An answer that goes to a room counts when it is there, not now (R18)."""
    now, slug = work.now, speaker.person.slug
    if speaker.is_staff:
        # Whoever answers is awake, however long the room takes to have it.
        paging.human_acted(work, conversation, entry, by=slug, via="room")
        if mirror is None:
            services.staff_answered(work, conversation, entry, now, slug, f"message:{message_id}")
        return
    is_idle = is_small_talk(text, speaking.policy_of(conversation).small_talk) or triaging.is_small_talk(
        conversation, text
    )
    confirms = not entry.is_open and not is_first and is_confirmation(text)
    is_idle = (is_idle or confirms) and not is_p0(text)
    # A first message that the desk has answered by itself is no word against the answer.
    is_idle = is_idle or not (entry.is_open or (conversation.state_at(now).intake and not is_first))
    services.customer_spoke(work, conversation, entry, now, speaker.person, by=slug, small_talk=is_idle)
    if confirms:
        confirming.heard(work, conversation, entry, now, by=slug)
    if not is_first:
        checklist.heard(work, conversation, entry, text, has_file=False)
        if not is_idle:
            regrading.heard(work, conversation, entry, text, now)


def check_text(text: str) -> str:
    """The text to be said, trimmed. Refuses an empty one and one that no room would take."""
    # Half characters come from terminals and JSON escapes; neither the database nor the homeserver takes them.
    said = text.replace("\x00", "").encode("utf-8", "replace").decode().strip()
    if not said:
        raise Invalid("The text is empty; write what there is to say.", field="text")
    if len(said) > MAX_TEXT:
        raise Invalid(f"The text has {len(said)} characters, at most {MAX_TEXT} can be sent.", field="text")
    return said


def begin(workspace: Workspace, author: str, actor: Actor, now: datetime, *case_ids: int) -> tuple[Conversation, Work]:
    """Takes the workspace's lane and loads its conversation with these cases and the author. Must be called inside a transaction."""
    lane = lanes.lock(workspace.lane_id)
    localparts = Person.objects.filter(slug=author).values_list("localpart", flat=True)
    loaded = loading.load({lane.pk: lane}, localparts=list(localparts), case_ids=case_ids, earliest=now)
    return loaded[lane.pk], Work(now, actor)


def author_of(conversation: Conversation, slug: str, now: datetime) -> Author:
    """Who this is in the workspace. Invalid for nobody of it, and for whoever `loading.load` was not told of."""
    standing = next((s for s in conversation.people.values() if s.person.slug == slug), None)
    kind = standing.kind(conversation.workspace.pk, now) if standing and standing.person.is_active else "other"
    if standing is None or kind == "other":
        raise Invalid(f'"{slug}" is neither staff nor a person of this workspace.', field="author")
    return Author(standing.person, kind)


def _check_intake(conversation: Conversation, speaker: Author, now: datetime) -> None:
    if not speaker.is_staff and not conversation.state_at(now).intake:
        state = conversation.terms_at(now).state
        slug = conversation.workspace.slug
        raise Conflict(f'The workspace "{slug}" is {state}: its messages open no cases.', field="workspace")


def _check_severity(conversation: Conversation, severity: str | None) -> None:
    assert conversation.product is not None
    known = conversation.product.severity_slugs
    if severity is not None and severity not in known:
        raise Invalid(f'There is no severity "{severity}"; this product has {", ".join(known)}.', field="severity")


def _mirror(
    work: Work, conversation: Conversation, speaker: Author, wording: Wording, message_id: int, entry: Open | None
) -> OutboxRow | None:
    """Plans the person's words in the room; None where there is no room."""
    if conversation.room is None:
        return None
    check_can_speak(conversation, speaker)
    return mirror(work, conversation, speaker.user_id, wording.content, message_id, entry)


def mirror(
    work: Work,
    conversation: Conversation,
    user_id: str,
    content: dict[str, object],
    message_id: int,
    entry: Open | None,
    *,
    once: str | None = None,
) -> OutboxRow:
    """Plans an event of a person in the room, which there must be, in the thread of the case."""
    assert conversation.room is not None
    root = entry.case.root_event_id if entry else ""
    if root:
        reply = {"is_falling_back": True, "m.in_reply_to": {"event_id": root}}
        content = {**content, "m.relates_to": {"rel_type": "m.thread", "event_id": root, **reply}}
    return work.send(
        "matrix",
        "send",
        destination(conversation.workspace),
        {"room_id": conversation.room.room_id, "type": "m.room.message", "content": content, "as": user_id},
        once=once,
        lane_id=conversation.workspace.lane_id,
        case_id=entry.case.pk if entry else None,
        message_id=message_id,
    )


def check_can_speak(conversation: Conversation, speaker: Author) -> None:
    """Conflict, in a sentence, where the desk cannot write in the room for this person."""
    room = conversation.room
    if room is None or not room.room_id:
        raise Conflict("The workspace's room is not made yet; try again in a moment.")
    if not settings.people_token:
        raise Conflict(
            "This installation may not write as people: set ROOMDESK_PEOPLE_TOKEN, or write from a Matrix client."
        )
    member = conversation.members.get(speaker.user_id)
    if member is None or member.membership != "join":
        raise Conflict(f"{speaker.person.name} is not in the room of this workspace.", field="author")


def _record(
    work: Work,
    conversation: Conversation,
    entry: Open,
    speaker: Author,
    wording: Wording,
    channel: str,
    message_id: int,
    why: tuple[str, str],
) -> Message:
    saying = Saying(
        channel=channel,
        external_id="",
        address="",
        author_id=speaker.person.pk,
        author_ref=speaker.user_id,
        author_kind=speaker.kind,
        kind="message",
        body=wording.text,
        content=wording.recorded,
        at=work.now,
        received_at=work.now,
    )
    return record.record(
        work,
        saying,
        message_id=message_id,
        workspace_id=conversation.workspace.pk,
        scope=conversation.scope,
        number=conversation.next_number(),
        case_id=entry.case.pk,
        why=why,
    )


def end(work: Work, conversation: Conversation) -> None:
    """Writes everything, as the last thing in the transaction."""
    work.lastly(bulk.updating(Lane, [conversation.lane], Lane.NUMBERS), *lives([conversation.lane.pk]))
    work.flush()
