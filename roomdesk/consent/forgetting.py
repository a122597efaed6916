"""Erasure by law of a person in a workspace, or of the whole workspace: the record, files, titles, words of consents, and what the chain says
of them, in one transaction. The messages are taken out of the room, too. What is left proves that, when and by whom something was said.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from roomdesk.audit import chain
from roomdesk.audit.models import Content, Entry
from roomdesk.audit.work import Actor, Work
from roomdesk.bootstrap import settings
from roomdesk.cases.models import Case, CaseChange, CaseCycle
from roomdesk.clocks.writing import tell_control_room
from roomdesk.consent import erasing
from roomdesk.consent import forgetting_copies as copies
from roomdesk.consent.errors import Conflict, NotFound
from roomdesk.consent.forgetting_copies import Gone
from roomdesk.consent.models import Afterwards, Attempt, Grant, IdentityCheck, Request, Use
from roomdesk.directory.models import Membership, Person, Workspace
from roomdesk.queues import lanes
from roomdesk.queues.models import InboxEvent, OutboxRow, Route
from roomdesk.queues.signals import live
from roomdesk.record import erasing as record
from roomdesk.record.models import Message
from roomdesk.record.unquoting import lines_of
from roomdesk.rooms import naming
from roomdesk.rooms.homes import destination
from roomdesk.rules.consent_answer import State

#: What stands where a title stood.
GONE = "(erased)"
#: Entries of the record that are written in one statement.
_PAGE = 500
_IN_ROOM = ("message", "file", "edit", "reaction", "unreadable", "note", "other")


@dataclass(frozen=True, slots=True)
class Erased:
    """How much of each there was. `numbers` are those of the chain's entries, as [first, last]."""

    messages: int
    files: int
    cases: int
    consents: int
    words: int
    entries: int
    numbers: list[list[int]]
    #: Whether the person's profile goes, too: they belong nowhere any more.
    profile: bool
    dry_run: bool

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class _Whose:
    """What is to be erased: everything of a workspace, or what one `person` said in it."""

    workspace: Workspace
    person: Person | None

    @property
    def scope(self) -> str:
        return f"workspace:{self.workspace.slug}"

    @property
    def sender(self) -> str | None:
        """The person's Matrix id."""
        return naming.person_id(self.person, settings.matrix_server_name) if self.person else None

    def messages(self) -> QuerySet[Message]:
        return record.said(self.workspace.pk, self.person.pk if self.person else None)

    def cases(self) -> QuerySet[Case]:
        cases = Case.objects.filter(workspace=self.workspace).exclude(title=GONE)
        return cases if self.person is None else cases.filter(opened_by=self.person)

    def requests(self) -> QuerySet[Request]:
        """Questions whose own words go: those of a workspace; of a person those that are about them."""
        asked = Request.objects.filter(workspace=self.workspace).exclude(words=GONE)
        return asked if self.person is None else asked.filter(subject=self.person.slug)

    def grants(self) -> QuerySet[Grant]:
        given = Grant.objects.filter(request__workspace=self.workspace).exclude(text="", raw="")
        return given if self.person is None else given.filter(person=self.person)

    def attempts(self) -> QuerySet[Attempt]:
        tried = Attempt.objects.filter(request__workspace=self.workspace).exclude(text="")
        return tried if self.person is None else tried.filter(sender=self.sender)

    def entries(self) -> QuerySet[Entry]:
        """Entries of the chain whose content tells of what is erased."""
        entries = Entry.objects.filter(scope=self.scope).exclude(action=chain.ERASED)
        if self.person is None:
            return entries
        said = Message.objects.filter(workspace=self.workspace, author=self.person).values_list("pk", "external_id")
        subjects = {f"message:{one}" for pair in said for one in pair if one}
        refs = Request.objects.filter(workspace=self.workspace, subject=self.person.slug).values_list("ref", flat=True)
        about = [f"consent:{ref}" for ref in refs]
        theirs = Q(subject__in=subjects) | Q(action=erasing.GIVEN, actor=self.person.slug) | Q(subject__in=about)
        return entries.filter(theirs)


def do_forget(
    slug: str, person: str | None, reason: str, *, dry_run: bool = False, actor: Actor, now: datetime
) -> Erased:
    """Erases what the person said in the workspace, or everything that was said in it (no person). What is erased already is not counted again.

    A dry run counts, and removes nothing. NotFound for a workspace or person that is not there; Conflict while something waits to be worked off.
    """
    erasing.check_reason(reason)
    whose = _whose(slug, person)
    with transaction.atomic(durable=True):
        lanes.lock(whose.workspace.lane_id)
        _check_quiet(whose.workspace)
        _check_over(whose)
        numbers = _numbers(whose)
        found = Erased(
            messages=whose.messages().count(),
            files=record.files_of(whose.messages()).count(),
            cases=whose.cases().count(),
            consents=whose.requests().count(),
            words=whose.grants().count() + whose.attempts().count(),
            entries=len(numbers),
            numbers=chain.runs(numbers),
            profile=whose.person is not None and copies.may_forget_profile(whose.person),
            dry_run=dry_run,
        )
        if not dry_run:
            _erase(whose, numbers, reason, Work(now, actor), profile=found.profile)
            live([whose.workspace.lane_id])
    return found


def _whose(slug: str, person: str | None) -> _Whose:
    workspace = Workspace.objects.filter(slug=slug).first()
    if workspace is None:
        raise NotFound(f'There is no workspace "{slug[:60]}".', field="workspace")
    if person is None:
        return _Whose(workspace, None)
    found = Person.objects.filter(slug=person).first()
    was_here = found is not None and Membership.objects.filter(workspace=workspace, person=found).exists()
    if found is None or not was_here:
        raise NotFound(f'"{person[:60]}" was never a member of "{slug}".', field="person")
    return _Whose(workspace, found)


def _check_quiet(workspace: Workspace) -> None:
    """What is not on record yet would come in afterwards."""
    addresses = Route.objects.filter(lane_id=workspace.lane_id).values("address")
    theirs = Q(lane_id=workspace.lane_id) | Q(lane=None, address__in=addresses)
    waiting = InboxEvent.objects.filter(
        theirs, state__in=[InboxEvent.State.PENDING, InboxEvent.State.SET_ASIDE]
    ).count()
    if waiting:
        raise Conflict(
            f"{waiting} events of this workspace wait to be worked off, or are set aside (`roomdesk inbox list`); erase when they are on record."
        )


def _check_over(whose: _Whose) -> None:
    """What may still be used needs its words: a receipt without them would be refused after the use."""
    alive = whose.requests().filter(state__in=[State.OPEN, State.GRANTED]).order_by("pk").first()
    if alive is not None:
        raise Conflict(f"{alive.ref} is {alive.state} and would lose its words; withdraw it first.")


def _numbers(whose: _Whose) -> list[int]:
    """Numbers of entries that still have their content."""
    rows = dict(whose.entries().values_list("pk", "seq"))
    held = Content.objects.filter(entry_id__in=rows).values_list("entry_id", flat=True)
    return sorted(rows[pk] for pk in held)


def _erase(whose: _Whose, numbers: list[int], reason: str, work: Work, *, profile: bool) -> None:
    if numbers:
        ids = Entry.objects.filter(scope=whose.scope, seq__in=numbers).values("pk")
        Content.objects.filter(entry_id__in=ids).delete()
    _consents(whose)
    gone = Gone(whose.workspace, whose.sender, cases=set(whose.cases().values_list("pk", flat=True)))
    for messages in _pages(whose):
        gone.events |= {message.external_id for message in messages if message.external_id}
        gone.numbers |= {message.pk for message in messages}
        gone.lines |= lines_of(messages)
        _out_of_the_room(work, whose.workspace, messages)
        record.do_take_files(work, messages)
        record.do_blank(messages, work.now)
    record.blank_events(whose.workspace.lane_id, whose.sender)
    _cases(work, whose)
    copies.do_erase_copies(work, gone)
    if profile and whose.person is not None and whose.sender:
        copies.do_forget_profile(work, whose.person, whose.sender, reason)
    told = {"person": whose.person.slug} if whose.person else {"workspace": whose.workspace.slug}
    erasing.note(work, whose.scope, numbers, reason, of=told)
    work.flush()


def _pages(whose: _Whose) -> Iterator[list[Message]]:
    """What is blank is met no more."""
    while messages := list(whose.messages()[:_PAGE]):
        yield messages


def _out_of_the_room(work: Work, workspace: Workspace, messages: list[Message]) -> None:
    for message in messages:
        is_there = message.channel == "matrix" and message.external_id.startswith("$") and message.redacted_at is None
        if is_there and message.kind in _IN_ROOM:
            where = {"room_id": message.address, "event_id": message.external_id, "reason": "Erased by law"}
            once = f"erase:{message.external_id}"[:200]
            work.send("matrix", "redact", destination(workspace), where, once=once, lane_id=workspace.lane_id)


def _consents(whose: _Whose) -> None:
    """Who agreed to which action (by its hash), and when, stays."""
    Afterwards.objects.filter(grant__in=whose.grants().values("pk")).update(raw="")
    whose.grants().update(text="", raw="", session="")
    whose.attempts().update(text="")
    asked = list(whose.requests().values_list("pk", flat=True))
    IdentityCheck.objects.filter(request__in=asked).update(evidence="")
    Use.objects.filter(request__in=asked).update(result_words="")
    blank = {"words": GONE, "details": "", "impact": "", "reason": "", "action": "{}"}
    Request.objects.filter(pk__in=asked).update(**blank)


def _cases(work: Work, whose: _Whose) -> None:
    """Titles are cut from what customers said: they go with what was sent about these cases, and their cards are drawn anew. Of a whole
    workspace what staff wrote of its cases goes, too, and everything that came in or went out.
    """
    rows, cases = OutboxRow.objects, list(whose.cases().only("pk", "product"))
    Case.objects.filter(pk__in=[case.pk for case in cases]).update(title=GONE)
    for case in cases:
        tell_control_room(work, case.product, case.pk)
    record.blank_rows(rows.filter(case_id__in=[case.pk for case in cases]))
    if whose.person is None:
        CaseCycle.objects.filter(case__workspace=whose.workspace).update(fix="", root_cause="")
        CaseChange.objects.filter(case__workspace=whose.workspace).update(reason="")
        record.blank_rows(rows.filter(lane_id=whose.workspace.lane_id))
