"""What a webhook tells of a case: the facts of the event's moment, and its title if it may be told when it is sent (D22)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from roomdesk.audit.work import Work
from roomdesk.cases.models import Case
from roomdesk.directory.models import Person, Workspace
from roomdesk.webhooks import emitting


def opened(work: Work, workspace: Workspace, case: Case) -> None:
    """A case has begun."""
    facts = _facts(workspace, case)
    emitting.emit(
        work,
        emitting.CASE_OPENED,
        product=case.product,
        subject=case.ref,
        at=case.opened_at,
        facts=facts,
        case_id=case.pk,
    )


def changed(
    work: Work, workspace: Workspace, case: Case, what: str, before: str, after: str, *, at: datetime, by: str
) -> None:
    """Something of a case was changed. Reasons are staff's own words among themselves, and not told."""
    change = {"what": what, "before": before or None, "after": after or None, "by": by}
    facts = {**_facts(workspace, case), "change": change}
    emitting.emit(
        work, emitting.CASE_CHANGED, product=case.product, subject=case.ref, at=at, facts=facts, case_id=case.pk
    )


def _facts(workspace: Workspace, case: Case) -> dict[str, Any]:
    """People by number: who they are is looked up when it is sent, and not while a customer waits."""
    return {
        "case": {
            "ref": case.ref,
            "workspace": workspace.slug,
            "product": case.product,
            "kind": case.kind,
            "severity": case.severity,
            "state": str(case.state),
            "p0": case.p0_at is not None,
            "channel": case.channel,
            "cycle": case.cycle,
            "opened_at": case.opened_at.isoformat().replace("+00:00", "Z"),
            "assignee": case.assignee_id,
        }
    }


def shown(facts: Mapping[str, Any]) -> Mapping[str, Any]:
    """The member `data` of the body. A case that is restricted by now is a stub: its reference, and who works on it. Two queries."""
    if "case" not in facts:
        return facts
    told = dict(facts["case"])
    case = Case.objects.filter(ref=told["ref"]).values_list("title", "is_restricted").first()
    told["assignee"] = Person.objects.filter(pk=told["assignee"]).values_list("slug", flat=True).first()
    if case is None or case[1]:
        return {"case": {"ref": told["ref"], "assignee": told["assignee"], "restricted": True}}
    return {**facts, "case": {**told, "title": case[0], "restricted": False}}
