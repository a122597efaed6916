"""All that the flow has written for a workspace, with ids that depend on the order of transactions taken out."""

from __future__ import annotations

import re
from typing import Any

from roomdesk.audit.models import Content, Entry
from roomdesk.cases.models import Case, CaseChange, CaseCycle, Intake, Question
from roomdesk.clocks.models import Clock, Revision
from roomdesk.directory.models import Workspace
from roomdesk.oncall.models import Page
from roomdesk.queues.models import InboxEvent, OutboxRow, Timer
from roomdesk.record.models import Findable, Message
from roomdesk.rooms.models import RoomMember

#: Ids of rows, keys and salts: given anew in every run.
_GIVEN = (
    "id", "key", "case_id", "cycle_id", "linked_to_id", "subject_id", "lane_id", "clock_id", "message_id", "after_id",
    "notice_row", "shown_row",
)  # fmt: skip


def snapshot() -> dict[str, dict[str, list[str]]]:
    """By workspace and table, in the order of the rows."""
    return {workspace.slug: _of(workspace) for workspace in Workspace.objects.select_related("lane").order_by("slug")}


def _of(workspace: Workspace) -> dict[str, list[str]]:
    cases = list(Case.objects.filter(workspace=workspace).order_by("id"))
    names = _Names(cases)
    ids, scope = [case.pk for case in cases], f"workspace:{workspace.slug}"
    clocks = Clock.objects.filter(case__in=ids).order_by("case_id", "id")
    tables: dict[str, Any] = {
        "record": Message.objects.filter(workspace=workspace).order_by("number", "id"),
        "found by": Findable.objects.filter(workspace=workspace).order_by("at", "id"),
        "cases": Case.objects.filter(pk__in=ids).order_by("id"),
        "intakes": Intake.objects.filter(case__in=ids).order_by("case_id"),
        "cycles": CaseCycle.objects.filter(case__in=ids).order_by("case_id", "number"),
        "changes": CaseChange.objects.filter(case__in=ids).order_by("case_id", "id"),
        "clocks": clocks,
        "revisions": Revision.objects.filter(clock__in=clocks).order_by("clock_id", "number"),
        "questions": Question.objects.filter(workspace=workspace).order_by("id"),
        "timers": Timer.objects.filter(lane=workspace.lane).order_by("next_at", "kind", "state", "subject_id"),
        "outbox": OutboxRow.objects.filter(lane=workspace.lane).order_by("id"),
        "members": RoomMember.objects.filter(room__workspace=workspace).order_by("user_id"),
        "inbox": InboxEvent.objects.filter(lane=workspace.lane, source="matrix").order_by("id"),
    }
    found = {name: [names.row(row) for row in rows.values()] for name, rows in tables.items()}
    found["audit"] = [names.words(line) for line in _audit(scope)]
    found["numbers"] = [str(workspace.lane.last_number)]
    return found


def _audit(scope: str) -> list[str]:
    entries = list(Entry.objects.filter(scope=scope).order_by("seq"))
    data = dict(Content.objects.filter(pk__in=[e.pk for e in entries]).values_list("entry_id", "data"))
    return [f"{e.seq} {e.at} {e.actor_kind} {e.actor} {e.action} {e.subject} {data[e.pk]}" for e in entries]


class _Names:
    """Cases and pages by their place in the workspace instead of by number."""

    def __init__(self, cases: list[Case]) -> None:
        self._by_pk = {case.pk: f"case-{place}" for place, case in enumerate(cases, 1)}
        self._by_ref = {case.ref: f"ref-{place}" for place, case in enumerate(cases, 1)}
        pages = Page.objects.filter(case_id__in=[case.pk for case in cases]).order_by("case_id", "id")
        self._by_page = {str(page.pk): f"page-{place}" for place, page in enumerate(pages, 1)}

    def row(self, row: dict[str, Any]) -> str:
        kept = {name: value for name, value in row.items() if name not in _GIVEN}
        for name in ("case_id", "linked_to_id"):
            if name in row:
                kept[name] = self._by_pk.get(row[name], row[name])
        return self.words(repr(kept))

    def words(self, text: str) -> str:
        text = re.sub(r"[A-Z]{2}-\d+", lambda found: self._by_ref.get(found[0], found[0]), text)
        text = re.sub(r'(?<=\bpage:)\d+|(?<="page":)\d+', lambda found: self._by_page.get(found[0], found[0]), text)
        return re.sub(r"case:(\d+):", lambda found: f"{self._by_pk.get(int(found[1]), found[1])}:", text)
