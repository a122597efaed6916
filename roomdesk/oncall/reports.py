"""What became of the calls for a page: it is accepted, or another way must be found at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from roomdesk.audit.work import Work
from roomdesk.oncall import importing, paging
from roomdesk.oncall.models import Call, Page
from roomdesk.oncall.paging import PAGE_TIMER


def hear(work: Work, data: Mapping[str, Any]) -> None:
    """A report of the outbox. Only the first call itself changes anything; what follows it is told and forgotten."""
    said = data["payload"]
    if said["action"] == importing.ONCALLS:
        importing.hear(work, said, data)
    if said["action"] == "ask" and data["ok"] and not data.get("skipped"):
        _asked(work, said["call"], data.get("known", []))
    if said["action"] != "trigger":
        return
    call = Call.objects.filter(pk=said["call"]).first()
    page = paging.locked(work, call.page_id) if call else None
    if call is None or page is None:
        return
    if not data["ok"]:
        _failed(work, page, call, str(data.get("error", "")))
    elif data.get("skipped"):
        call.state, call.problem = Call.State.NOT_NEEDED, data["skipped"]
        work.update(call, "state", "problem")
    else:
        accepted(work, page, call)


def _asked(work: Work, call_id: int, known: Sequence[Mapping[str, Any]]) -> None:
    """Who has the incident there has the page here, as if their webhook had come."""
    call = Call.objects.filter(pk=call_id).first()
    page = paging.locked(work, call.page_id) if call else None
    found = next((one for one in known if one["by"] and one["status"] in ("acknowledged", "resolved")), None)
    if page is not None and found is not None:
        paging.acknowledge(work, page, by=found["by"], via=paging.PAGERDUTY)


def accepted(work: Work, page: Page, call: Call) -> None:
    """A way took the page: from now on the product's minutes run until somebody must have it."""
    call.state, call.accepted_at, call.problem = Call.State.ACCEPTED, work.now, ""
    work.update(call, "state", "accepted_at", "problem")
    told = {"page": page.pk, "way": call.way, "to": call.to, "step": call.step}
    work.audit("page.accepted", paging.subject_of(page), told, scope=paging.scope_of(page))
    if page.state == Page.State.QUEUED:
        page.state, page.accepted_at = Page.State.ACCEPTED, work.now
        work.update(page, "state", "accepted_at")
        paging.tell_case(work, page, "accepted", by=call.to, via=call.way)
        work.remind(page.lane_id, PAGE_TIMER, page.pk, work.now)


def _failed(work: Work, page: Page, call: Call, problem: str) -> None:
    call.state, call.problem = Call.State.FAILED, problem
    work.update(call, "state", "problem")
    told = {"page": page.pk, "way": call.way, "to": call.to, "problem": problem}
    work.audit("page.call_failed", paging.subject_of(page), told, scope=paging.scope_of(page))
    if page.state in Page.WAITING:
        work.remind(page.lane_id, PAGE_TIMER, page.pk, work.now)
