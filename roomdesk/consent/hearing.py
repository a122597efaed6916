"""What messages of a room do to its consent requests, within the pipeline's transaction and under the lane's lock (R31, R34, D43).

A message is looked at before it is placed in a case: an answer to a request opens nothing by itself. What is heard stays true in memory,
so that event by event and many at once give the same result.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from roomdesk.audit.work import Work
from roomdesk.bootstrap import settings
from roomdesk.cases.conversation import Conversation
from roomdesk.cases.hearing import Batch, Claimed, Echoes, echoed
from roomdesk.channels.matrix.events import Heard
from roomdesk.consent import granting, people, saying
from roomdesk.consent.granting import Word
from roomdesk.consent.models import Afterwards, Attempt, Grant, Request
from roomdesk.consent.queries import grants_of
from roomdesk.directory.queries import people_of
from roomdesk.queues.reading import Rows
from roomdesk.rooms import naming
from roomdesk.rules import consent_answer
from roomdesk.rules.consent import Answer, Relation, Verdict
from roomdesk.rules.consent import Request as Rule
from roomdesk.rules.consent_answer import Asked, Meaning, State

SERVER = settings.matrix_server_name
#: Why a message of a room belongs to no case by itself.
ANSWER = ("consent", "It answers a question for consent.")
#: Requests opened or withdrawn so short a time ago make an unrelated word ambiguous (D43).
_AROUND = timedelta(minutes=10)
#: So long after its end a request still says kindly that it is over.
_REMEMBERED = timedelta(days=7)


@dataclass(slots=True)
class Consents:
    """The requests of one workspace that words may be about, oldest first, and who has agreed."""

    requests: list[Request] = field(default_factory=list)
    grants: dict[int, list[Grant]] = field(default_factory=dict)
    told: set[tuple[int, str, str]] = field(default_factory=set)

    def named(self, ref: str) -> Request:
        return next(one for one in self.requests if one.ref == ref)


@dataclass(slots=True)
class Known:
    """All of them by workspace, and grants whose messages are edited or redacted by events at hand."""

    consents: dict[int, Consents]
    grants: dict[str, Grant]


def load(conversations: Iterable[Conversation], claimed: Batch, earliest: datetime) -> Known:
    """One query while nothing is asked; a fixed number otherwise."""
    here = {conversation.workspace.pk: conversation.workspace for conversation in conversations}
    alive = [State.OPEN.value, State.GRANTED.value], earliest - _REMEMBERED, earliest - _AROUND
    requests = list(Rows(Request, _ALIVE, list(here), *alive)) if here else []
    consents: dict[int, Consents] = {}
    for request in requests:
        request.workspace = here[request.workspace_id]
        consents.setdefault(request.workspace_id, Consents()).requests.append(request)
    if requests:
        _add_grants(consents, requests)
    return Known(consents, _touched(claimed) if requests or _changes(claimed) else {})


_ALIVE = """workspace_id = ANY(%s::bigint[])
  AND (state = ANY(%s::text[]) OR closed_at > %s OR asked_at > %s) ORDER BY id"""


def _add_grants(consents: Mapping[int, Consents], requests: list[Request]) -> None:
    grants = grants_of(requests)
    told = Attempt.objects.filter(request__in=requests, answered=True).values_list("request_id", "sender", "verdict")
    for one in consents.values():
        mine = {request.pk for request in one.requests}
        one.grants = {pk: grants[pk] for pk in mine}
        one.told = {row for row in told if row[0] in mine}


def _changes(claimed: Batch) -> set[str]:
    return {heard.target for heard in claimed.heard() if heard.kind in ("edit", "redaction") and heard.target}


def _touched(claimed: Batch) -> dict[str, Grant]:
    targets = _changes(claimed)
    rows = Grant.objects.filter(event_id__in=targets).select_related("request", "person") if targets else []
    return {grant.event_id: grant for grant in rows}


def look(conversation: Conversation, item: Claimed, echoes: Echoes, known: Known) -> Meaning | None:
    """What the event means for the workspace's requests; marks on it that it opens no case by itself."""
    heard, mine = item.heard, known.consents.get(conversation.workspace.pk)
    if heard is None or mine is None or not _is_here(conversation, heard):
        return None
    if heard.kind not in ("message", "file", "edit", "reaction") or naming.is_ours(heard.sender, SERVER):
        return None
    asked, answer = [_asked(one) for one in mine.requests], _answer(conversation, item, heard, echoes)
    found = consent_answer.meaning(asked, answer, _around(mine, item.at))
    if found is not None or consent_answer.is_settled_word(asked, answer):
        item.aside = ANSWER
    return found


def _is_here(conversation: Conversation, heard: Heard) -> bool:
    return conversation.room is not None and conversation.room.room_id == heard.room_id


def _asked(request: Request) -> Asked:
    # Before its message is in the room nobody can answer it.
    opened = request.opened_at or request.expires_at
    rule = Rule(request.event_id, request.phrase, request.who_may, opened, request.expires_at)
    return Asked(request.ref, rule, State(request.state))


def _around(mine: Consents, at: datetime) -> int:
    """How many requests are open, or were opened or withdrawn in the last ten minutes (D43)."""
    return sum(_counts(one, at) for one in mine.requests)


def _counts(one: Request, at: datetime) -> bool:
    if one.state == State.OPEN and at < one.expires_at:
        return True
    was_withdrawn = one.state == State.WITHDRAWN and one.closed_at is not None and one.closed_at > at - _AROUND
    return was_withdrawn or one.asked_at > at - _AROUND


def _answer(conversation: Conversation, item: Claimed, heard: Heard, echoes: Echoes) -> Answer:
    relation, target = _relation(heard, is_ours=echoed(heard, echoes) is not None)
    return Answer(
        role=_role(conversation, item, heard, echoes),
        text=heard.body,
        sent_at=item.at,
        relation=relation,
        relates_to=target or None,
        formatted=heard.formatted_body,
    )


def _relation(heard: Heard, *, is_ours: bool) -> tuple[Relation, str]:
    if heard.kind == "edit":
        return "edit", heard.target
    if heard.kind == "reaction":
        return "reaction", heard.target
    # A file's words, a forwarded text, something that a person does (`/me`): none of them is a word of theirs. What carries the desk's
    # marker and is not what the desk said is a copy of that.
    is_copied = bool(heard.marker) and not is_ours
    if heard.kind != "message" or heard.msgtype != "m.text" or is_copied or heard.target or not _is_plain(heard):
        return "forward", heard.target
    if heard.reply_to:
        return "reply", heard.reply_to
    return ("thread", heard.thread_root) if heard.thread_root else ("none", "")


def _is_plain(heard: Heard) -> bool:
    """Whether nothing in the content says that it is something else than its text: forwarded, an edit, of a relation that we do not know,
    or shown by other clients as another text (MSC1767).
    """
    content = json.loads(heard.content)
    if not _is_known(content.get("m.relates_to", {})):
        return False
    others = [content[name] for name in _SHOWN_INSTEAD if name in content]
    is_marked = any("forward" in name or name == "m.new_content" for name in content)
    return not is_marked and all(other == content.get("body") for other in others)


def _is_known(relation: object) -> bool:
    """Whether it is no relation at all, or a thread and a reply that name their events: half of one is nobody's place."""
    if not isinstance(relation, dict) or not relation.keys() <= {
        "rel_type",
        "event_id",
        "m.in_reply_to",
        "is_falling_back",
    }:
        return False
    reply = relation.get("m.in_reply_to", {"event_id": "-"})
    named = [reply.get("event_id") if isinstance(reply, dict) else None]
    if "rel_type" in relation or "event_id" in relation:
        named.append(relation.get("event_id") if relation.get("rel_type") == "m.thread" else None)
    return all(isinstance(one, str) and one for one in named)


#: What a client that knows it shows in place of `body`.
_SHOWN_INSTEAD = ("org.matrix.msc1767.text", "org.matrix.msc1767.html", "org.matrix.msc1767.message", "m.text", "m.html", "m.message")  # fmt: skip


def _role(conversation: Conversation, item: Claimed, heard: Heard, echoes: Echoes) -> str:
    """The sender's at that time. What the desk's own pages wrote as them carries no session, and is nobody's word (D42)."""
    if echoed(heard, echoes) is not None:
        return people.BOT
    standing = conversation.people.get(naming.localpart_of(heard.sender, SERVER))
    return people.role_of(standing, conversation.workspace, item.at)


def heard(
    work: Work, conversation: Conversation, item: Claimed, echoes: Echoes, known: Known, found: Meaning | None
) -> None:
    """What follows, once the event is on record."""
    if item.heard is None:
        return
    mine = known.consents.get(conversation.workspace.pk)
    if mine is not None:
        _is_there(work, mine, item, echoes)
        _follow(work, conversation, mine)
    if found is not None and mine is not None:
        _answered(work, conversation, mine, item, echoes, found)
    _changed(work, conversation, item, known)


def _is_there(work: Work, mine: Consents, item: Claimed, echoes: Echoes) -> None:
    """A message that asks has reached the room: from now on it can be answered."""
    assert item.heard is not None
    row = echoed(item.heard, echoes)
    request = next((one for one in mine.requests if row is not None and one.row_id == row.pk), None)
    if request is not None and not request.event_id:
        request.event_id, request.opened_at = item.heard.event_id, item.at
        work.update(request, "event_id", "opened_at")


def _follow(work: Work, conversation: Conversation, mine: Consents) -> None:
    """The room was replaced: what still waits is asked anew in the present one, where people are."""
    room = conversation.room
    for request in mine.requests:
        is_behind = room is not None and bool(room.room_id) and request.room_id not in ("", room.room_id)
        if is_behind and request.state == State.OPEN and work.now < request.expires_at:
            may = people.who_may(request.workspace, request.who_may, work.now)
            saying.ask(work, conversation, request, may, people.names(may))
            work.update(request, "room_id", "row_id", "event_id", "opened_at")


def _answered(
    work: Work, conversation: Conversation, mine: Consents, item: Claimed, echoes: Echoes, found: Meaning
) -> None:
    request, event = mine.named(found.ref), item.heard
    assert event is not None
    standing = conversation.people.get(naming.localpart_of(event.sender, SERVER))
    if found.verdict is None and standing is not None:
        granting.refuse(work, conversation, request, standing.person, event.event_id, "matrix")
    elif found.grants and standing is not None:
        before = mine.grants[request.pk]
        if all((grant.person_id, grant.channel) != (standing.person.pk, "matrix") for grant in before):
            grant, _ = granting.record(work, conversation, request, before, _word(conversation, item, event))
            mine.grants[request.pk] = [*before, grant]
    elif found.verdict is not None:
        by_us = echoed(event, echoes) is not None
        _did_not_count(work, conversation, mine, request, item, found.verdict, by_us=by_us)


def _word(conversation: Conversation, item: Claimed, event: Heard) -> Word:
    standing = conversation.people[naming.localpart_of(event.sender, SERVER)]
    return Word(
        person=standing.person,
        sender=event.sender,
        role=people.role_of(standing, conversation.workspace, item.at),
        channel="matrix",
        text=event.body,
        raw=item.event.raw,
        at=item.at,
        event_id=event.event_id,
    )


def _did_not_count(
    work: Work,
    conversation: Conversation,
    mine: Consents,
    request: Request,
    item: Claimed,
    verdict: Verdict,
    *,
    by_us: bool,
) -> None:
    """Noted with its reason; each person hears each reason once for a request. `by_us`: the desk's pages wrote it for them."""
    event = item.heard
    assert event is not None
    key = (request.pk, event.sender, verdict.value)
    is_news = key not in mine.told
    mine.told.add(key)
    noted = Attempt(
        request=request, event_id=event.event_id, sender=event.sender, verdict=verdict.value, text=event.body, at=item.at, answered=is_news
    )  # fmt: skip
    work.insert(noted)
    told = {"ref": request.ref, "event_id": event.event_id, "sender": event.sender, "verdict": verdict.value}
    work.audit("consent.not_counted", f"consent:{request.ref}", told, scope=conversation.scope)
    if is_news:
        may = [row for row in people_of(request.workspace, work.now) if row.role in request.who_may]
        where = {"event": event.event_id, "thread": event.thread_root}
        reason = "page" if by_us else verdict.value
        saying.answer(work, conversation, request, reason, people.names(may), **where)


def _changed(work: Work, conversation: Conversation, item: Claimed, known: Known) -> None:
    """A grant's message is edited or redacted: that is kept beside it, and changes nothing."""
    event = item.heard
    assert event is not None
    grant = known.grants.get(event.target) or _granted_just_now(conversation, known, event.target)
    if grant is None or event.kind not in ("edit", "redaction"):
        return
    what = Afterwards.What.EDITED if event.kind == "edit" else Afterwards.What.REDACTED
    work.insert(
        Afterwards(grant=grant, event_id=event.event_id, what=what, by=event.sender, at=item.at, raw=item.event.raw)
    )
    told = {"ref": grant.request.ref, "event_id": event.event_id, "of": grant.event_id, "by": event.sender}
    work.audit(f"consent.message_{what}", f"consent:{grant.request.ref}", told, scope=conversation.scope)


def _granted_just_now(conversation: Conversation, known: Known, event_id: str) -> Grant | None:
    mine = known.consents.get(conversation.workspace.pk)
    grants = (grant for some in (mine.grants.values() if mine else ()) for grant in some)
    return next((grant for grant in grants if event_id and grant.event_id == event_id), None)
