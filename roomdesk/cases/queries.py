"""Reading cases. Everything that leaves goes through `access_case` or `access_cases`: one error for missing and forbidden."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from roomdesk.cases.models import Case, CaseChange, CaseCycle
from roomdesk.clocks.models import Clock
from roomdesk.directory.errors import Invalid, NotFound
from roomdesk.directory.models import Workspace
from roomdesk.directory.queries import Viewer, access_workspace, workspaces_of
from roomdesk.record.models import Message

#: What a case is called, and who may read that.
NAMED = ("ref", "title", "state", "product", "is_restricted")
PAGE = 50
MOST = 200


def access_cases(viewer: Viewer) -> QuerySet[Case]:
    """The cases that the viewer may see: all for staff and tokens of the installation, else those of their workspaces.

    Restricted ones only with the security role for their product, where the viewer does not see all (D22).
    """
    cases = Case.objects.select_related("workspace", "assignee", "opened_by")
    # Few cases have them, and each would join all columns of a case once more.
    cases = cases.prefetch_related("linked_to", "merged_into")
    if viewer.sees_all:
        return cases
    return cases.filter(Q(is_restricted=False) | Q(product__in=viewer.security), workspace__in=workspaces_of(viewer))


def access_names(viewer: Viewer) -> QuerySet[Case]:
    """As `access_cases`, of each no more than what it is called, in which state it is, and whether it is restricted."""
    cases = access_cases(viewer).select_related(None).prefetch_related(None)
    return cases.only(*NAMED)


def access_case(ref: str, viewer: Viewer) -> Case:
    """The case `ref` if it exists and the viewer may see it."""
    return _access(access_cases(viewer).select_related("intake"), ref)


def access_place(ref: str, viewer: Viewer) -> Workspace:
    """The workspace of the case `ref`, if it exists and the viewer may see it: all that is asked before its lane is held."""
    cases = access_cases(viewer).select_related(None).prefetch_related(None)
    return _access(cases.select_related("workspace").only("ref", "workspace"), ref).workspace


def access_places(refs: Collection[str], viewer: Viewer) -> dict[str, Workspace]:
    """As `access_place` for several cases, in one query."""
    cases = (
        access_cases(viewer)
        .select_related(None)
        .prefetch_related(None)
        .filter(ref__in=[r for r in refs if "\0" not in r])
    )
    found = {case.ref: case.workspace for case in cases.select_related("workspace").only("ref", "workspace")}
    for ref in refs:
        if ref not in found:
            raise NotFound(f'There is no case "{ref}", or it is not yours to see.', field="ref")
    return found


def _access(cases: QuerySet[Case], ref: str) -> Case:
    # PostgreSQL cannot compare a text with NUL; no reference has one.
    case = cases.filter(ref=ref).first() if "\0" not in ref else None
    if case is None:
        raise NotFound(f'There is no case "{ref}", or it is not yours to see.', field="ref")
    return case


@dataclass(frozen=True, slots=True)
class Page:
    """Some cases, newest first, and where the next page begins (None at the end)."""

    cases: Sequence[Case]
    next: str | None


def page_of_cases(
    viewer: Viewer,
    *,
    workspace: str | None = None,
    state: str | None = None,
    before: str | None = None,
    limit: int = PAGE,
) -> Page:
    """Newest first, paged by key: `before` is the `next` of the page before.

    NotFound for a workspace that is not the viewer's; Invalid for a state or a cursor that does not exist.
    """
    cases = access_cases(viewer)
    if workspace is not None:
        cases = cases.filter(workspace=access_workspace(workspace, viewer))
    if state is not None:
        cases = cases.filter(state__in=_states(state))
    if before is not None:
        cases = cases.filter(pk__lt=_cursor(before))
    size = max(1, min(limit, MOST))
    found = list(cases.order_by("-pk")[: size + 1])
    return Page(found[:size], str(found[size - 1].pk) if len(found) > size else None)


def _states(state: str) -> Sequence[str]:
    if state == "open":
        return Case.OPEN
    if state not in Case.State.values:
        raise Invalid(f'There is no state "{state}"; give open, {", ".join(Case.State.values)}.', field="state")
    return [state]


def _cursor(before: str) -> int:
    if not (before.isascii() and before.isdecimal() and len(before) <= 18):
        raise Invalid("before must be the `next` of an earlier page.", field="before")
    return int(before)


def clocks_of(cases: Sequence[Case], viewer: Viewer | None = None) -> dict[int, list[Clock]]:
    """Clocks of all cycles of the cases, by case, in one query.

    A viewer of the customer's sees what is promised to them (D3), and nothing of what the desk has answered by itself (D14).
    """
    found: dict[int, list[Clock]] = {case.pk: [] for case in cases}
    clocks = Clock.objects.filter(case_id__in=found).select_related("product_version", "cycle").order_by("pk")
    if viewer is not None and not is_staff(viewer):
        hidden = [case.pk for case in cases if case.state == Case.State.DEFLECTED]
        clocks = clocks.filter(is_public=True).exclude(case_id__in=hidden)
    by_id = {case.pk: case for case in cases}
    for clock in clocks.defer("product_version__content"):
        clock.case = by_id[clock.case_id]
        found[clock.case_id].append(clock)
    return found


def timeline(case: Case, viewer: Viewer) -> list[Message]:
    """The case's messages in order of time. Notes are for staff."""
    messages = Message.objects.filter(case=case, workspace_id=case.workspace_id)
    if not is_staff(viewer):
        messages = messages.exclude(kind=Message.Kind.NOTE)
    found = list(messages.select_related("author").order_by("at", "id"))
    removed = {message.external_id: message for message in found if message.redacted_at}
    for message in found:
        original = removed.get(message.target) if message.kind in (Message.Kind.EDIT, Message.Kind.NOTE) else None
        if original is not None and message.redacted_at is None:
            # What an edit says is the text of what it edits: with that it is removed.
            message.redacted_at, message.redacted_by = original.redacted_at, original.redacted_by
    return found


def is_stub(case: Case, viewer: Viewer) -> bool:
    """Whether a program is told no more of a restricted case than a stub: only a token that may do everything is (D22)."""
    return case.is_restricted and viewer.kind == "token" and not viewer.may("admin")


def changes(case: Case) -> list[CaseChange]:
    return list(case.changes.order_by("at", "id"))


#: What customers are told of a case's history. Reasons, calls, snoozes and who works on it are the desk's own.
TOLD = frozenset({"state", "severity", "kind", "split", "move", "merge", "merged", "unmerge", "unmerged"})


def told_changes(case: Case, viewer: Viewer) -> list[CaseChange]:
    """The changes as the viewer may know them: all of them for staff."""
    found = changes(case)
    if is_staff(viewer):
        return found
    told = [change for change in found if change.what in TOLD]
    for change in told:
        change.reason = change.mark = ""
    return told


def is_staff(viewer: Viewer) -> bool:
    """Whether the viewer is the vendor's: staff, or a token of the whole installation."""
    return viewer.sees_all or bool(viewer.products)


def shown(
    case: Case, clocks: Sequence[Clock], escalations: Sequence[str] = (), *, viewer: Viewer | None = None
) -> dict[str, Any]:
    """A case as REST and `--json` give it; without the title where the viewer is told a stub.

    `escalations`: the fields whose specialists are called in; a customer's token is not told them, nor of a snooze.
    """
    is_inside = viewer is None or is_staff(viewer)
    return {
        "ref": case.ref,
        "workspace": case.workspace.slug,
        "product": case.product,
        "title": None if viewer is not None and is_stub(case, viewer) else case.title,
        "kind": case.kind,
        "severity": case.severity,
        "state": case.state,
        "p0": case.p0_at is not None,
        "channel": case.channel,
        "opened_at": case.opened_at,
        "opened_by": case.opened_by.slug if case.opened_by else None,
        "assignee": case.assignee.slug if case.assignee else None,
        "answered_at": case.answered_at,
        "cycle": case.cycle,
        "resolved_at": case.resolved_at,
        "snoozed_until": case.snoozed_until if is_inside else None,
        "escalations": list(escalations) if is_inside else [],
        "restricted": case.is_restricted,
        "linked_to": case.linked_to.ref if case.linked_to else None,
        "merged_into": case.merged_into.ref if case.merged_into else None,
        "clocks": [shown_clock(clock) for clock in clocks],
    }


def shown_clock(clock: Clock) -> dict[str, Any]:
    return {
        "kind": clock.kind,
        "cycle": clock.cycle.number,
        "severity": clock.severity,
        "target": {"kind": clock.target_kind, "amount": clock.target_amount, "soft": clock.is_soft},
        "calendar": clock.calendar,
        "public": clock.is_public,
        "policy_version": clock.product_version.number,
        "started_at": clock.started_at,
        "due_at": clock.due_at,
        "state": clock.state,
        "paused_at": clock.paused_at,
        "breached_at": clock.breached_at,
        "caused_by": clock.caused_by or None,
        "stopped_at": clock.stopped_at,
        "stopped_by": clock.stopped_by or None,
    }


def cycles(case: Case) -> list[CaseCycle]:
    """Every cycle, the first one first."""
    return list(case.cycles.select_related("product_version").defer("product_version__content").order_by("number"))


def merged(case: Case) -> list[Case]:
    """The cases that are merged into this one now."""
    return list(case.merged.filter(state=Case.State.MERGED).order_by("pk"))


def shown_cycle(cycle: CaseCycle) -> dict[str, Any]:
    return {
        "number": cycle.number,
        "tier": cycle.tier,
        "addons": cycle.addons,
        "policy_version": cycle.product_version.number,
        "started_at": cycle.started_at,
        "ended_at": cycle.ended_at,
        "first_response": cycle.first_response,
        "fix": cycle.fix or None,
        "root_cause": cycle.root_cause or None,
        "root_cause_unknown": cycle.root_cause_unknown,
        "satisfaction": cycle.satisfaction or None,
    }


def shown_message(message: Message) -> dict[str, Any]:
    """A message for people: a redacted one without its text, an edited one with the newest."""
    hidden = message.redacted_at is not None
    return {
        "id": message.pk,
        "number": message.number,
        "event_id": message.external_id or None,
        "channel": message.channel,
        "author": message.author.slug if message.author else message.author_ref,
        "author_kind": message.author_kind,
        "kind": message.kind,
        "text": None if hidden else (message.edited_body or message.body),
        "at": message.at,
        "late": message.is_late,
        "edited": message.edited_at is not None,
        "redacted": hidden,
        "why": {"code": message.why_code, "words": message.why},
    }
