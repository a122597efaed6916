"""What the people of a workspace see of their own cases and files: the pages of the portal read here and in `queries`.

The viewer is a person's (`directory.customers.Customer.viewer`): it has the workspace, or nothing without access to its room.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet

from roomdesk.cases.models import Case
from roomdesk.cases.queries import access_cases
from roomdesk.directory.models import Workspace
from roomdesk.directory.queries import Viewer
from roomdesk.product.queries import product_of
from roomdesk.record.models import File, Message
from roomdesk.rules import case_states

PAGE = 50
#: Files of these states are told of, with the reason where there is no copy.
_TOLD = (File.State.KEPT, File.State.WAITING, File.State.REFUSED, File.State.LOST)


def access_cases_of(viewer: Viewer, workspace: Workspace) -> QuerySet[Case]:
    """The workspace's cases that its people see, the newest first; restricted ones are the vendor's security role's (D22)."""
    return access_cases(viewer).filter(workspace=workspace, is_restricted=False).order_by("-pk")


def open_cases(viewer: Viewer, workspace: Workspace, limit: int = PAGE) -> list[Case]:
    """Open cases, those that wait for the customer first."""
    found = list(access_cases_of(viewer, workspace).filter(state__in=Case.OPEN)[:limit])
    return sorted(found, key=lambda case: case.state != Case.State.WAITING_CUSTOMER)


def takes_words(case: Case, now: datetime) -> bool:
    """Whether its people can still write in the case: it is open, or their word opens it again (D19). One query, of a closed one."""
    if case.state != Case.State.CLOSED:
        return case.state != Case.State.MERGED
    version = case.cycles.filter(number=case.cycle).values_list("product_version_id", flat=True).first()
    if version is None:
        return False
    window = timedelta(days=product_of(version).life.reopen_days)
    return case_states.reopens(case.state, case.resolved_at, now, window)


@dataclass(frozen=True, slots=True)
class Cases:
    """A page of cases; `next` is where the following one begins (empty at the end)."""

    cases: Sequence[Case]
    next: str


def cases_page(viewer: Viewer, workspace: Workspace, *, only_open: bool, after: str = "", limit: int = PAGE) -> Cases:
    """The newest first, paged by key; a key that makes no sense is the beginning."""
    cases = access_cases_of(viewer, workspace)
    cases = cases.filter(state__in=Case.OPEN) if only_open else cases.exclude(state=Case.State.MERGED)
    rows = list((cases.filter(pk__lt=_number(after)) if _number(after) else cases)[: limit + 1])
    return Cases(rows[:limit], str(rows[limit - 1].pk) if len(rows) > limit else "")


@dataclass(frozen=True, slots=True)
class Files:
    """A page of files, each with the message that it came with."""

    items: Sequence[tuple[File, Message]]
    next: str


def access_files(viewer: Viewer, workspace: Workspace, *, after: str = "", limit: int = PAGE) -> Files:
    """Files of the workspace's conversation, the newest first: none of notes, removed messages, or restricted cases (R09). Two queries."""
    if workspace.pk not in viewer.workspaces:
        return Files((), "")
    said = Message.objects.filter(_for_customers(), workspace=workspace, redacted_at=None)
    files = File.objects.filter(Exists(said.filter(pk=OuterRef("message_id"))), workspace=workspace, state__in=_TOLD)
    files = files.filter(pk__lt=_number(after)) if _number(after) else files
    rows = list(files.order_by("-pk")[: limit + 1])
    messages = {
        m.pk: m for m in said.filter(pk__in=[file.message_id for file in rows]).select_related("author", "case")
    }
    items = [(file, messages[file.message_id]) for file in rows[:limit] if file.message_id in messages]
    return Files(items, str(rows[limit - 1].pk) if len(rows) > limit else "")


def _for_customers() -> Q:
    """Messages that the people of the workspace may read."""
    return ~Q(kind=Message.Kind.NOTE) & (Q(case=None) | Q(case__is_restricted=False))


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0
