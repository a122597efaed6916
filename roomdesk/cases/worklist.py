"""The cases as staff go through them: in the order of the queue, or the newest first, page by page."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import QuerySet

from roomdesk.cases.loading import BESIDE
from roomdesk.cases.models import Case, CaseChange
from roomdesk.cases.narrowing import ALL, Narrow, narrowed
from roomdesk.cases.queries import NAMED, PAGE, access_names
from roomdesk.cases.queue import queue
from roomdesk.directory.queries import Viewer
from roomdesk.queues.models import OutboxRow
from roomdesk.record.models import Message
from roomdesk.rules.queue_order import Place

#: Open cases, narrowed to nothing.
EVERY = Narrow()


@dataclass(frozen=True, slots=True)
class Worklist:
    """One page of cases; `next` is where the following one begins (empty at the end).

    `places` says of open cases, by id, where they stand in the queue and why; a list by age has none.
    """

    cases: Sequence[Case]
    next: str
    places: dict[int, Place] = field(default_factory=dict)


def worklist(viewer: Viewer, now: datetime, narrow: Narrow = EVERY, *, after: str = "", limit: int = PAGE) -> Worklist:
    """The view's cases in the order of the queue (R23); all cases by age."""
    if narrow.view != ALL:
        found = queue(viewer, now, narrow=None if narrow == EVERY else narrow, after=after, limit=limit)
        return Worklist(found.cases, found.next, found.places)
    rows = list(_by_age(narrowed(viewer, narrow, now), after)[: limit + 1])
    return Worklist(rows[:limit], str(rows[limit - 1].pk) if len(rows) > limit else "")


def _by_age(cases: QuerySet[Case], after: str) -> QuerySet[Case]:
    return (cases.filter(pk__lt=int(after)) if _is_number(after) else cases).order_by("-pk")


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 19


def open_p0(viewer: Viewer) -> list[Case]:
    """P0 cases that no human has answered yet, the longest waiting first: what they are called, and whose they are."""
    names = access_names(viewer).select_related("workspace").only(*NAMED, "workspace__display_name")
    waiting = names.filter(state__in=Case.OPEN, p0_at__isnull=False, answered_at=None)
    return list(waiting.order_by("p0_at")[:5])


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of something written through the desk's own faces: `sending` or `failed`, with the reason."""

    state: str
    problem: str


def undelivered(case: Case) -> dict[int, Delivery]:
    """Messages of a case that its room does not have yet, or never will, by message id. One query."""
    rows = OutboxRow.objects.filter(case_id=case.pk, message_id__isnull=False).exclude(state=OutboxRow.State.SENT)
    given_up = (OutboxRow.State.FAILED, OutboxRow.State.DROPPED)
    return {
        row.message_id: Delivery("failed" if row.state in given_up else "sending", row.last_error)
        for row in rows
        if row.message_id is not None
    }


#: What stands in a conversation by itself; edits, redactions and reactions show on the message they are about.
_SAID = (Message.Kind.MESSAGE, Message.Kind.FILE, Message.Kind.UNREADABLE, Message.Kind.NOTE)


def conversation(messages: Sequence[Message], changes: Sequence[CaseChange]) -> list[Message | CaseChange]:
    """What was said and what was changed, in order of time. That a case began is said by its first message."""
    said: list[Message | CaseChange] = [m for m in messages if m.kind in _SAID and not _is_beside(m)]
    changed = [change for change in changes if change.before]
    return sorted([*said, *changed], key=lambda entry: entry.at)


#: Entries at the end of a conversation that a page which follows it is given again, and how far back others count as changed just now.
TAIL, LATELY = 20, timedelta(minutes=10)
#: The same where the page says how it stood: what was written then may have been on record a moment later only.
TAIL_SINCE, MARGIN = 3, timedelta(seconds=5)


def changed_lately(
    entries: Sequence[Message | CaseChange],
    on_the_way: Mapping[int, Delivery],
    now: datetime,
    stood: datetime | None = None,
    files: Collection[int] = (),
) -> list[Message | CaseChange]:
    """Of a conversation what a page that follows it may not have: its end, and what was put in before, edited or removed not long ago, or is on its way.

    `stood` is the moment of which the page has everything; without it, or where it lies too far back, ten minutes count. They count too for messages
    with `files`, which are fetched when they have long been on record.
    """
    known = stood is not None and now - LATELY < stood <= now
    since, tail = (stood - MARGIN, TAIL_SINCE) if stood is not None and known else (now - LATELY, TAIL)
    before = [row for row in entries[:-tail] if _moved(row, on_the_way, now - LATELY if row.pk in files else since)]
    return [*before, *entries[-tail:]]


def _moved(row: Message | CaseChange, on_the_way: Mapping[int, Delivery], since: datetime) -> bool:
    if isinstance(row, CaseChange):
        return row.at > since
    moments = (row.recorded_at, row.edited_at, row.redacted_at)
    return row.pk in on_the_way or any(at is not None and at > since for at in moments)


def _is_beside(message: Message) -> bool:
    """An edit or redaction of a note: it shows on the note."""
    return message.kind == Message.Kind.NOTE and message.why_code == BESIDE
