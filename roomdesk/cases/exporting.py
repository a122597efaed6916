"""The record of one workspace as lines for programs: every entry in the order of time, what was removed as a sealed stub (R08)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from roomdesk.audit.work import Actor, Work
from roomdesk.cases.models import Case
from roomdesk.cases.queries import is_staff
from roomdesk.directory.models import StaffRole, Workspace
from roomdesk.directory.queries import Viewer, access_workspace
from roomdesk.directory.services.intervals import valid_at
from roomdesk.record.models import File, Message
from roomdesk.refusals import Forbidden, Invalid
from roomdesk.rules.instants import beginning_of

#: Entries of one query, and of one page in hand.
PAGE = 500
#: How the form of the lines is named; another name where a field changes its meaning.
FORMAT = "roomdesk-record-1"

#: Kinds of entries that may be another version of one.
_SAY_ANEW = (Message.Kind.EDIT, Message.Kind.NOTE)
Role = StaffRole.Role
Json = dict[str, Any]
Key = tuple[datetime, int]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is exported: entries said at or after `since` and before `until` (None: all).

    `restricted`: also of restricted cases. `sealed`: also the text of what was removed. `notes`: also the staff's own.
    """

    workspace: Workspace
    since: datetime | None = None
    until: datetime | None = None
    restricted: bool = False
    sealed: bool = False
    notes: bool = True

    def shown(self) -> Json:
        return {
            "workspace": self.workspace.slug,
            "from": self.since,
            "until": self.until,
            "restricted": self.restricted,
            "sealed": self.sealed,
            "notes": self.notes,
        }


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of the record with its file, as it is exported. `is_sealed`: it, or what it edits, was removed."""

    message: Message
    file: File | None
    is_sealed: bool


def access_export(
    viewer: Viewer,
    slug: str,
    now: datetime,
    *,
    since: str = "",
    until: str = "",
    restricted: bool = False,
    sealed: bool = False,
) -> Wanted:
    """What the viewer may have of the record. NotFound for a workspace that is not theirs, Invalid for a time.

    Forbidden: restricted cases are for the security role (D22), what was removed for auditors; tokens have no role.
    """
    workspace = access_workspace(slug, viewer)
    begins, ends = _time(since, "from"), _time(until, "until")
    if begins and ends and begins >= ends:
        raise Invalid("from is not earlier than until, so nothing lies between them.", field="from")
    if restricted and not _has_role(viewer, Role.SECURITY, workspace, now):
        raise Forbidden("Restricted cases are exported for people of the security role only.", field="restricted")
    if sealed and not _has_role(viewer, Role.AUDITOR, workspace, now):
        raise Forbidden("What was removed is exported for auditors only.", field="sealed")
    return Wanted(workspace, begins, ends, restricted, sealed, is_staff(viewer))


def _time(written: str, field: str) -> datetime | None:
    if not written:
        return None
    at = beginning_of(written)
    if at is None:
        raise Invalid(
            f'{field} cannot be "{written[:60]}"; give a day such as 2026-11-21, a month such as 2026-11, or an instant.',
            field=field,
        )
    return at


def _has_role(viewer: Viewer, role: str, workspace: Workspace, now: datetime) -> bool:
    if viewer.person_id is None:
        return False
    roles = StaffRole.objects.filter(valid_at(now), person_id=viewer.person_id, role=role)
    return roles.filter(product__in=["", workspace.product]).exists()


def note(wanted: Wanted, actor: Actor, now: datetime, **more: Any) -> None:
    """Puts the export on record, before anything of it is given."""
    place = f"workspace:{wanted.workspace.slug}"
    with transaction.atomic(durable=True):
        work = Work(now, actor)
        work.audit("record.exported", place, {**wanted.shown(), **more}, scope=place)
        work.flush()


def entries(wanted: Wanted) -> Iterator[Entry]:
    """All of them, in the order of time. A bounded number of rows is in hand at any time."""
    after: Key | None = None
    while page := page_of(wanted, after):
        yield from page
        last = page[-1].message
        after = (last.at, last.pk)


def page_of(wanted: Wanted, after: Key | None = None) -> list[Entry]:
    """The first entries, or those that follow `after`. Three queries."""
    rows = list(_rows(wanted, after).select_related("author", "case").order_by("at", "id")[:PAGE])
    if not rows:
        return []
    files = {file.message_id: file for file in File.objects.filter(message_id__in=[row.pk for row in rows])}
    removed = _removed_targets(rows)
    return [Entry(row, files.get(row.pk), row.redacted_at is not None or row.pk in removed) for row in rows]


def _rows(wanted: Wanted, after: Key | None) -> QuerySet[Message]:
    rows = Message.objects.filter(workspace=wanted.workspace)
    if wanted.since:
        rows = rows.filter(at__gte=wanted.since)
    if wanted.until:
        rows = rows.filter(at__lt=wanted.until)
    if after:
        # The first condition leads to the place in the index, the second past those of the same instant.
        rows = rows.filter(at__gte=after[0]).exclude(at=after[0], pk__lte=after[1])
    if not wanted.notes:
        rows = rows.exclude(kind=Message.Kind.NOTE)
    if not wanted.restricted:
        shut = Case.objects.filter(workspace=wanted.workspace, is_restricted=True)
        rows = rows.filter(Q(case=None) | ~Q(case__in=shut.values("pk")))
    return rows


def _removed_targets(rows: Sequence[Message]) -> set[int]:
    """Those of the rows that say anew what was removed: their text is its text."""
    edits = [row for row in rows if row.kind in _SAY_ANEW and row.target]
    if not edits:
        return set()
    removed = Message.objects.filter(external_id__in={row.target for row in edits}, redacted_at__isnull=False)
    targets = set(removed.values_list("external_id", flat=True))
    return {row.pk for row in edits if row.target in targets}


def line(entry: Entry, *, sealed: bool) -> Json:
    """One entry as the export gives it (docs/record.md says what each field means). `sealed`: with the text of what was removed."""
    message, hidden = entry.message, entry.is_sealed and not sealed
    return {
        "id": message.pk,
        "number": message.number,
        "channel": message.channel,
        "room": message.address or None,
        "event_id": message.external_id or None,
        "kind": message.kind,
        "author": message.author.slug if message.author else None,
        "author_name": message.author.name if message.author else None,
        "author_ref": message.author_ref,
        "author_kind": message.author_kind,
        "at": _iso(message.at),
        "recorded_at": _iso(message.recorded_at),
        "late": message.is_late,
        "case": message.case.ref if message.case else None,
        "why": {"code": message.why_code, "words": message.why},
        "thread": message.thread_root or None,
        "answers": message.reply_to or None,
        "about": message.target or None,
        "sealed": entry.is_sealed,
        "text": None if hidden else message.body,
        "edited_at": _iso(message.edited_at),
        "edited_text": None if hidden or message.edited_at is None else message.edited_body,
        "removed_at": _iso(message.redacted_at),
        "removed_by": message.redacted_by or None,
        "content": None if hidden else _content(message, sealed),
        "file": None if hidden or entry.file is None else _file(entry.file),
    }


def _content(message: Message, sealed: bool) -> Any:
    """As it came. An answer may quote in it what was removed since, so only auditors have it."""
    if not message.content or (message.reply_to and not sealed):
        return None
    return json.loads(message.content)


def _file(file: File) -> Json:
    """A kept one lies in the export under its checksum."""
    return {
        "name": file.name,
        "declared_type": file.declared_type or None,
        "state": file.state,
        "problem": file.problem or None,
        "type": file.type or None,
        "size": file.size,
        "sha256": file.sha256 or None,
    }


def written(line: Json) -> bytes:
    """One line of JSON. Half signs, which no UTF-8 can hold, are escaped."""
    try:
        return json.dumps(line, ensure_ascii=False).encode() + b"\n"
    except UnicodeEncodeError:
        return json.dumps(line).encode() + b"\n"


def _iso(at: datetime | None) -> str | None:
    return at.isoformat().replace("+00:00", "Z") if at else None
