"""Erasure by law of copies: what the desk still holds of somebody's words beside the record, and of a person who belongs nowhere any more their profile."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q

from roomdesk.audit.models import Content, Entry
from roomdesk.audit.work import VENDOR, Work
from roomdesk.cases import chat_files, notes
from roomdesk.consent import erasing
from roomdesk.directory.models import Person, Workspace
from roomdesk.directory.services import people
from roomdesk.oncall.models import Incident, Misuse
from roomdesk.oncall.paging import PAGERDUTY
from roomdesk.queues.models import IdempotentRequest, InboxEvent, OutboxRow
from roomdesk.record import erasing as record
from roomdesk.record.files import PUT
from roomdesk.record.models import File
from roomdesk.record.unquoting import do_unquote

Json = dict[str, Any]
#: What is kept of a stored answer: by what a program knows what it had asked for.
_NAMES = ("ref", "id", "workspace", "state")
#: What is kept of a call in a report of it.
_OF_A_CALL = ("room_id", "type", "event_id", "user_id", "as", "url", "sha256")
_PROFILE = ("person.created", "person.changed", "person.linked", "person.unlinked")


@dataclass(slots=True)
class Gone:
    """What is being erased: whose, the events and record numbers, their lines, and the cases that lost their titles.

    `sender` is the person's Matrix id; None for a whole workspace.
    """

    workspace: Workspace
    sender: str | None
    events: set[str] = field(default_factory=set)
    numbers: set[int] = field(default_factory=set)
    lines: set[str] = field(default_factory=set)
    cases: set[int] = field(default_factory=set)


def do_erase_copies(work: Work, gone: Gone) -> int:
    """Takes quotations, stored answers, reports and what came back from those who were paged; returns how many there were. In the caller's transaction."""
    quoted = do_unquote(gone.workspace.pk, gone.events, gone.lines) if gone.sender else 0
    _reports(gone)
    _pagerduty(gone)
    _appeals(gone)
    _unsaid(work, gone)
    return quoted + _answers(gone)


def _answers(gone: Gone) -> int:
    """Answers of REST calls, which are kept for two days for whoever asks again: those about the workspace's matters."""
    found = 0
    for row in IdempotentRequest.objects.filter(body__startswith="{"):
        said = json.loads(row.body)
        is_about = said.get("workspace") == gone.workspace.slug or ("text" in said and said.get("id") in gone.numbers)
        if is_about and not said.get("erased"):
            kept = {name: said[name] for name in _NAMES if name in said}
            IdempotentRequest.objects.filter(pk=row.pk).update(body=json.dumps({**kept, "erased": True}))
            found += 1
    return found


def _reports(gone: Gone) -> None:
    """Reports of calls carry the call. They are worked off; what they were about stays. Of a whole workspace its notes' events go, too."""
    events = InboxEvent.objects.filter(lane_id=gone.workspace.lane_id)
    for event in events.filter(source="outbox").only("raw").iterator():
        said = json.loads(event.raw)
        payload = said.get("payload")
        kept = {name: payload[name] for name in _OF_A_CALL if name in payload} if isinstance(payload, dict) else payload
        if kept != payload:
            InboxEvent.objects.filter(pk=event.pk).update(raw=json.dumps({**said, "payload": kept}))
    if gone.sender is None:
        for event in events.filter(source=notes.SOURCE).only("raw").iterator():
            said = json.loads(event.raw)
            said["event"] = record.bare_event(said["event"])
            InboxEvent.objects.filter(pk=event.pk).update(raw=json.dumps(said))


def _pagerduty(gone: Gone) -> None:
    """What PagerDuty has told of an incident begins with the customer's words, which it had from us."""
    ids = Incident.objects.filter(page__case_id__in=gone.cases).values_list("incident_id", flat=True)
    told = Q()
    for number in ids:
        told |= Q(raw__contains=number)
    if told:
        InboxEvent.objects.filter(told, source=PAGERDUTY).update(raw="{}")


def _appeals(gone: Gone) -> None:
    rows = Misuse.objects.filter(workspace=gone.workspace)
    if gone.sender is None:
        rows.update(appeal="", reason="", lifted_reason="")
    else:
        rows.filter(appealed_by=_slug_of(gone.sender)).update(appeal="")


def _slug_of(sender: str) -> str:
    found = Person.objects.filter(localpart=sender[1:].partition(":")[0]).first()
    return found.slug if found else ""


def _unsaid(work: Work, gone: Gone) -> None:
    """Files that were given on the room's page and never came there."""
    for file in File.objects.filter(workspace=gone.workspace, unsaid_since__isnull=False):
        call = OutboxRow.objects.filter(message_id=file.message_id, kind=PUT).first()
        if gone.sender in (None, json.loads(call.payload).get("as") if call else None):
            chat_files.give_up(work, file)


def may_forget_profile(person: Person) -> bool:
    """Whether the person belongs to no workspace and not to the staff any more: elsewhere they are still needed by their name."""
    return not people.belongs(person) and person.name != people.GONE


def do_forget_profile(work: Work, person: Person, sender: str, reason: str) -> list[int]:
    """Takes the name and address of somebody who has left from their profile, from what the vendor's chain tells of it, and from the events of
    their coming and going; gives the numbers of the entries. Their id stays: by it the chain says who it was.
    """
    entries = Entry.objects.filter(scope=VENDOR, action__in=_PROFILE, subject=f"person:{person.slug}")
    rows = dict(entries.values_list("pk", "seq"))
    held = Content.objects.filter(entry_id__in=rows)
    numbers = sorted(rows[pk] for pk in held.values_list("entry_id", flat=True))
    held.delete()
    people.forget_profile(person, work)
    _named_in_events(sender)
    calls = OutboxRow.objects.filter(kind__in=["provision", "admit"], payload__contains=json.dumps(sender))
    record.blank_rows(calls)
    if numbers:
        erasing.note(work, VENDOR, numbers, reason, of={"profile": person.slug})
    return numbers


def _named_in_events(sender: str) -> None:
    """Memberships carry the person's name."""
    for event in InboxEvent.objects.filter(source="matrix", raw__contains=json.dumps(sender)).only("raw").iterator():
        given = json.loads(event.raw)
        content = given.get("content")
        if given.get("state_key") == sender and isinstance(content, dict) and "displayname" in content:
            kept = {
                name: value for name, value in content.items() if name not in ("displayname", "avatar_url", "reason")
            }
            InboxEvent.objects.filter(pk=event.pk).update(raw=json.dumps({**given, "content": kept}))
