"""The cases as staff go through them: the most urgent first, or the newest first, page by page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, Min, Q, QuerySet

from roomdesk.cases.models import Case, CaseChange
from roomdesk.cases.queries import PAGE, access_cases
from roomdesk.clocks.models import Clock
from roomdesk.directory.queries import Viewer
from roomdesk.queues.models import OutboxRow
from roomdesk.record.models import Message

OPEN, ALL = "open", "all"
_RUNNING = Q(clocks__stopped_at=None) & ~Q(clocks__state=Clock.State.CANCELLED)


@dataclass(frozen=True, slots=True)
class Worklist:
    """One page of cases; `next` is where the following one begins (empty at the end), `open` counts all open cases."""

    cases: Sequence[Case]
    next: str
    open: int


def worklist(viewer: Viewer, *, view: str = OPEN, workspace: str = "", after: str = "", limit: int = PAGE) -> Worklist:
    """Open cases by the due time of their running clocks (those without one after them), all cases by age."""
    cases = access_cases(viewer)
    if workspace:
        cases = cases.filter(workspace__slug=workspace)
    opened = cases.filter(state__in=Case.OPEN)
    rows = _by_urgency(opened, after) if view == OPEN else _by_age(cases, after)
    found = list(rows[: limit + 1])
    shown = found[:limit]
    return Worklist(shown, _key(shown[-1], view) if len(found) > limit else "", opened.count())


def _by_age(cases: QuerySet[Case], after: str) -> QuerySet[Case]:
    return (cases.filter(pk__lt=int(after)) if _is_number(after) else cases).order_by("-pk")


def _by_urgency(cases: QuerySet[Case], after: str) -> QuerySet[Case]:
    cases = cases.annotate(due=Min("clocks__due_at", filter=_RUNNING))
    due, _, number = after.rpartition("~")
    if _is_number(number):
        cases = cases.filter(_later(_instant(due), int(number)))
    return cases.order_by(F("due").asc(nulls_last=True), "-pk")


def _later(due: datetime | None, number: int) -> Q:
    """What comes after the case `number`, due at `due`, in the order of urgency."""
    if due is None:
        return Q(due=None, pk__lt=number)
    return Q(due__gt=due) | Q(due=due, pk__lt=number) | Q(due=None)


def _key(case: Case, view: str) -> str:
    if view != OPEN:
        return str(case.pk)
    due: datetime | None = getattr(case, "due", None)
    return f"{due.isoformat() if due else ''}~{case.pk}"


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 19


def _instant(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else None


def open_p0(viewer: Viewer) -> list[Case]:
    """P0 cases that no human has answered yet, the longest waiting first."""
    waiting = access_cases(viewer).filter(state__in=Case.OPEN, p0_at__isnull=False, answered_at=None)
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
_SAID = (Message.Kind.MESSAGE, Message.Kind.FILE, Message.Kind.UNREADABLE)


def conversation(messages: Sequence[Message], changes: Sequence[CaseChange]) -> list[Message | CaseChange]:
    """What was said and what was changed, in order of time. That a case began is said by its first message."""
    said: list[Message | CaseChange] = [message for message in messages if message.kind in _SAID]
    changed = [change for change in changes if change.before]
    return sorted([*said, *changed], key=lambda entry: entry.at)
