"""The life of a page: opened, acknowledged by whoever has it, resolved with its case (R37, R38). Plans writes in the caller's `Work`.

A page is changed under its own row's lock, so that the flow, a webhook and a timer may come from different lanes. What concerns
its case (history, words in the room) is told to the workspace's lane, which may be behind; nobody who is called waits for that.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from roomdesk.audit.work import VENDOR, Work
from roomdesk.bootstrap import settings
from roomdesk.channels.pagerduty.routing import route_for
from roomdesk.directory.models import Workspace
from roomdesk.oncall.models import Call, Page
from roomdesk.queues.models import Lane
from roomdesk.queues.outbox import URGENT
from roomdesk.queues.reading import Rows, first

#: One pending for each page that nobody has yet: when somebody else is called.
PAGE_TIMER = "page_step"
#: What the workspace's lane is told of its pages.
TOLD = "page"
PAGERDUTY, APPRISE, MATRIX = "pagerduty", "apprise", "matrix"
#: The outbox's channel of a way, where it is not called the same: what is said in rooms of the flow goes by another.
CHANNELS = {MATRIX: "direct"}
#: Lanes of what happens to pages: the timers of a page must not wait for a customer's backlog.
LANE = "page:"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A page to be opened. `severity` is PagerDuty's; `look_at` when it is first looked whether somebody was reached."""

    product: str
    cause: str
    severity: str
    at: datetime
    look_at: datetime
    workspace: Workspace | None = None
    case_id: int | None = None
    ref: str = ""
    cycle: int = 1
    event_id: str = ""


def lane_for(workspace: Workspace | None) -> Lane:
    key = f"{LANE}{workspace.slug if workspace else ''}"
    return next(iter(Rows(Lane, "key = %s", key)), None) or Lane.objects.get_or_create(key=key)[0]


def scope_of(page: Page) -> str:
    return f"workspace:{page.workspace.slug}" if page.workspace else VENDOR


def subject_of(page: Page) -> str:
    return f"page:{page.ref or page.pk}"


def open_page(work: Work, wanted: Wanted) -> Page:
    """Plans the page and its first call. At most one for a cycle of a case, and one for an event."""
    number = work.new_id(Page)
    page = Page(
        id=number,
        key=f"roomdesk:{settings.matrix_server_name}:page:{number}"[:255],
        workspace=wanted.workspace,
        lane=lane_for(wanted.workspace),
        product=wanted.product,
        case_id=wanted.case_id,
        ref=wanted.ref,
        cycle=wanted.cycle,
        event_id=wanted.event_id,
        cause=wanted.cause,
        severity=wanted.severity,
        opened_at=wanted.at,
    )
    work.insert(page)
    _paged_now(work)[page.pk] = page
    work.audit("page.opened", subject_of(page), _shown(page), scope=scope_of(page))
    route = route_for(settings.pagerduty_routing, page.product, page.severity)
    if route:
        call(work, page, PAGERDUTY, route=route)
    # Where PagerDuty is not asked at all, the other ways are not kept waiting for it.
    work.remind(page.lane_id, PAGE_TIMER, page.pk, wanted.look_at if route else work.now)
    return page


def call(work: Work, page: Page, way: str, *, route: str, to: str = "", step: int = 0) -> Call:
    """Plans a call by one way."""
    made = Call(id=work.new_id(Call), page=page, way=way, to=to, route=route, step=step, at=work.now, row_id=0)
    row = _send(work, page, made, "trigger", once=f"call:{page.pk}:{way}:{to}:{route}:{step}"[:200])
    made.row_id = row.pk
    return work.insert(made)


def take_over(work: Work, page: Page, wanted: Wanted) -> Page:
    """A page that was made of the bare inbox row gets its case (D26)."""
    page.case_id, page.ref, page.cycle = wanted.case_id, wanted.ref, wanted.cycle
    work.update(page, "case_id", "ref", "cycle")
    work.audit("page.placed", subject_of(page), _shown(page), scope=scope_of(page))
    # Now that it has been read, whoever was called hears what it is about.
    add_note(work, page, f"placed:{page.pk}")
    return page


def of_event(work: Work, event_id: str) -> Page | None:
    """The page that was made of this event, locked."""
    found = first("SELECT id FROM oncall_page WHERE event_id = %s", event_id) if event_id else None
    return locked(work, found) if found is not None else None


def add_note(work: Work, page: Page, once: str) -> None:
    """Another P0 in the same case: the incident that is open hears of it, and no other one is opened."""
    for made in _called(page):
        _send(work, page, made, "note", once=f"{once}:{made.pk}"[:200])


def page_of_case(work: Work, case_id: int) -> Page | None:
    """The page of a case that is not resolved yet, locked; or one that this work has just opened."""
    planned = next((page for page in _paged_now(work).values() if page.case_id == case_id), None)
    if planned is not None:
        return planned if planned.state != Page.State.RESOLVED else None
    paged: set[int] = work.remember("cases with a page", _with_page)
    if case_id not in paged:
        return None
    found = Page.objects.exclude(state=Page.State.RESOLVED).filter(case_id=case_id).order_by("-pk")
    page = found.select_for_update(no_key=True, of=("self",)).select_related("workspace").first()
    if page is not None:
        # Another word of the same batch must find it as this one leaves it.
        _paged_now(work)[page.pk] = page
    return page


def _with_page() -> set[int]:
    rows = Page.objects.exclude(state=Page.State.RESOLVED).filter(case_id__isnull=False)
    return {pk for pk in rows.values_list("case_id", flat=True) if pk is not None}


def waiting_in(work: Work, workspace_id: int) -> list[Page]:
    """The pages of a workspace that nobody has yet, locked; those that this work has just opened among them."""
    planned = [page for page in _paged_now(work).values() if page.workspace_id == workspace_id]
    ids = Page.objects.filter(workspace_id=workspace_id, state__in=Page.WAITING).order_by("pk")
    found = [locked(work, pk) for pk in ids.values_list("pk", flat=True)]
    return list({page.pk: page for page in (*planned, *found) if page and page.state in Page.WAITING}.values())


def locked(work: Work, page_id: int) -> Page | None:
    """The page, locked until the transaction ends."""
    known = _paged_now(work)
    if page_id not in known:
        found = Page.objects.filter(pk=page_id).select_for_update(no_key=True, of=("self",))
        page = found.select_related("workspace").first()
        if page is None:
            return None
        known[page_id] = page
    return known[page_id]


def _paged_now(work: Work) -> dict[int, Page]:
    found: dict[int, Page] = work.remember("pages", dict)
    return found


def acknowledge(work: Work, page: Page, *, by: str, via: str, tell: bool = True) -> bool:
    """Somebody has it; nobody else is called any more. False where somebody had it before. `via`: room, console, rest, pagerduty, link …

    `tell` has the workspace's lane say so; who acts in that lane itself says it.
    """
    if page.state not in Page.WAITING:
        return False
    page.state, page.acknowledged_at = Page.State.ACKNOWLEDGED, work.now
    page.acknowledged_by, page.acknowledged_via = by, via
    work.update(page, "state", "acknowledged_at", "acknowledged_by", "acknowledged_via")
    work.remind(page.lane_id, PAGE_TIMER, page.pk, None)
    work.audit("page.acknowledged", subject_of(page), {**_shown(page), "by": by, "via": via}, scope=scope_of(page))
    follow_up(work, page, "acknowledge", but=PAGERDUTY if via == PAGERDUTY else "")
    if tell:
        tell_case(work, page, "acknowledged", by=by, via=via)
    return True


def resolve(work: Work, page: Page, *, by: str, via: str = "case") -> bool:
    """What it was for is over. False where it was so already."""
    if page.state == Page.State.RESOLVED:
        return False
    if page.state in Page.WAITING:
        # Whoever ends it has had it.
        page.acknowledged_at, page.acknowledged_by, page.acknowledged_via = work.now, by, via
        work.update(page, "acknowledged_at", "acknowledged_by", "acknowledged_via")
    page.state, page.resolved_at = Page.State.RESOLVED, work.now
    work.update(page, "state", "resolved_at")
    work.remind(page.lane_id, PAGE_TIMER, page.pk, None)
    work.audit("page.resolved", subject_of(page), {**_shown(page), "by": by, "via": via}, scope=scope_of(page))
    if via != PAGERDUTY:
        follow_up(work, page, "resolve")
    return True


def tell_case(work: Work, page: Page, what: str, **data: Any) -> None:
    """Has the workspace's lane note it in the case, and say what there is to say."""
    if page.workspace is not None:
        lane = Lane.objects.values_list("key", flat=True).get(pk=page.workspace.lane_id)
        work.tell(lane, TOLD, page=page.pk, case=page.case_id, what=what, at=work.now.isoformat(), **data)


def follow_up(work: Work, page: Page, action: str, *, but: str = "") -> None:
    """PagerDuty hears what became of it, behind the call that it may still be waiting for; whoever else was called, that somebody has it."""
    for made in _called(page, *([APPRISE, MATRIX] if action == "acknowledge" else [])):
        if made.way != but:
            _send(
                work, page, made, action, once=f"call:{made.pk}:{action}:{page.acknowledged_at or page.opened_at}"[:200]
            )


def ask(work: Work, page: Page) -> bool:
    """Has PagerDuty asked who has it: its webhook may be lost. False where that cannot be asked, or nothing was taken there."""
    if settings.pagerduty_api_token is None:
        return False
    made = next((one for one in _called(page) if one.state == Call.State.ACCEPTED), None)
    if made is not None:
        _send(work, page, made, "ask", once=f"call:{made.pk}:ask:{work.now.isoformat()}")
    return made is not None


def _called(page: Page, *ways: str) -> list[Call]:
    calls = Call.objects.filter(page_id=page.pk, way__in=(PAGERDUTY, *ways)).exclude(state=Call.State.FAILED)
    return list(calls.order_by("pk"))


def _send(work: Work, page: Page, made: Call, action: str, *, once: str) -> Any:
    said = {"call": made.pk, "action": action}
    # One after the other within a page; other pages do not wait.
    where = f"{made.way}:{page.pk}:{made.pk}"
    return work.send(
        CHANNELS.get(made.way, made.way),
        action,
        where,
        said,
        once=once,
        lane_id=page.lane_id,
        case_id=page.case_id,
        priority=URGENT,
    )


def _shown(page: Page) -> dict[str, Any]:
    return {
        "page": page.pk,
        "key": page.key,
        "case": page.ref,
        "cycle": page.cycle,
        "cause": page.cause,
        "severity": page.severity,
        "opened_at": page.opened_at,
    }


def first_look(at: datetime, accept_seconds: int) -> datetime:
    """When it is looked whether a way took the page (R39: not accepted within seconds → fallbacks)."""
    return at + timedelta(seconds=accept_seconds)
