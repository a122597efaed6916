"""A case with everything that is told of it: clocks, messages with the reason each is there, changes. For REST and `--json`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from roomdesk.cases import files, linking, queries, triaging
from roomdesk.cases.models import Case, CaseChange, CaseCycle
from roomdesk.cases.report import intake_of, report
from roomdesk.clocks.explain import explain_all
from roomdesk.directory.queries import Viewer, escalated
from roomdesk.product.queries import newest
from roomdesk.queues.models import OutboxRow
from roomdesk.record.models import Message


def case(found: Case, viewer: Viewer | None = None) -> dict[str, Any]:
    """The case with its clocks: those that the viewer may see, all of them where nobody is named."""
    called = escalated([found.ref])[found.ref]
    return queries.shown(found, queries.clocks_of([found], viewer)[found.pk], called, viewer=viewer)


def cases(page: queries.Page, viewer: Viewer | None = None) -> dict[str, Any]:
    """A page of cases, `{"items", "next"}`."""
    clocks, called = queries.clocks_of(page.cases, viewer), escalated(found.ref for found in page.cases)
    items = [queries.shown(found, clocks[found.pk], called[found.ref], viewer=viewer) for found in page.cases]
    return {"items": items, "next": page.next}


def whole(found: Case, viewer: Viewer) -> dict[str, Any]:
    """The whole story of a case the viewer has access to. Of a stub nobody's words are told, nor why it was filed or changed."""
    is_stub = queries.is_stub(found, viewer)
    said = queries.timeline(found, viewer)
    kept = files.files_of(said)
    messages = [
        {**queries.shown_message(message), "file": files.shown_file(kept.get(message.pk), message)} for message in said
    ]
    cycles, intake = queries.cycles(found), intake_of(found)
    told = {
        **case(found, viewer),
        # Why it was filed as it is: for staff.
        "triage": triaging.shown(intake) if intake and queries.is_staff(viewer) and not is_stub else None,
        "report": report(found, intake, [] if is_stub else said, kept, _version_of(found, cycles)),
        "cycles": [queries.shown_cycle(cycle) for cycle in cycles],
        **_others(found, viewer),
        "merged": [other.ref for other in queries.merged(found)],
        "messages": messages,
        "changes": [change(row) for row in queries.told_changes(found, viewer)],
    }
    # What made it work, and why it had failed, staff tell each other; the customer hears it in their own answer.
    told = told if queries.is_staff(viewer) else _without_causes(told)
    return _wordless(told) if is_stub else told


def _version_of(found: Case, cycles: list[CaseCycle]) -> int:
    """Of the newest cycle; where rows were copied in without one, the newest that there is."""
    return cycles[-1].product_version_id if cycles else newest([found.product])[found.product].pk


def _without_causes(told: dict[str, Any]) -> dict[str, Any]:
    return {**told, "cycles": [{**cycle, "fix": None, "root_cause": None} for cycle in told["cycles"]]}


def _wordless(told: dict[str, Any]) -> dict[str, Any]:
    messages = [{**message, "text": None, "file": None} for message in told["messages"]]
    changes = [{**change, "reason": None} for change in told["changes"]]
    return {**_without_causes(told), "messages": messages, "changes": changes}


def _others(found: Case, viewer: Viewer) -> dict[str, Any]:
    """Cases that it has to do with; for staff, since they may be other customers'."""
    if not queries.is_staff(viewer):
        return {"links": [], "incident": None, "attached": []}
    others = linking.others_of(found)
    return {
        "links": [other.ref for other in others.linked],
        "incident": others.leader.ref if others.leader else None,
        "attached": [other.ref for other in others.attached],
    }


def sla(found: Case, now: datetime, viewer: Viewer | None = None) -> dict[str, Any]:
    """Every clock of the case explained, as far as the viewer may see them."""
    with_reasons = viewer is None or (queries.is_staff(viewer) and not queries.is_stub(found, viewer))
    clocks = queries.clocks_of([found], viewer)[found.pk]
    return {"ref": found.ref, "clocks": explain_all(clocks, now, with_reasons=with_reasons)}


def change(row: CaseChange) -> dict[str, Any]:
    return {
        "at": row.at,
        "cycle": row.cycle,
        "what": row.what,
        "before": row.before or None,
        "after": row.after or None,
        "by": row.by,
        "reason": row.reason or None,
        "mark": row.mark or None,
    }


def said(message: Message) -> dict[str, Any]:
    """A message just written through a face of the desk, and whether it is still on its way into the room."""
    return {**queries.shown_message(message), "state": _delivery(message)}


def _delivery(message: Message) -> str:
    """`sending` until the room has it; `failed` where it never will; `recorded` once it has, or where there is no room."""
    if message.external_id:
        return "recorded"
    rows = OutboxRow.objects.filter(case_id=message.case_id, message_id=message.pk)
    state = rows.values_list("state", flat=True).first()
    if state in (OutboxRow.State.FAILED, OutboxRow.State.DROPPED):
        return "failed"
    return "recorded" if state is None else "sending"
