"""What PagerDuty tells: stored before it is answered, then understood in its turn (R38, contracts §2)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from roomdesk.audit.work import Work
from roomdesk.bootstrap import settings
from roomdesk.oncall import paging
from roomdesk.oncall.escalating import oncall_of
from roomdesk.oncall.models import Incident, Page
from roomdesk.oncall.paging import PAGE_TIMER, PAGERDUTY
from roomdesk.queues import inbox, lanes
from roomdesk.queues.inbox import Arrival
from roomdesk.queues.models import InboxEvent
from roomdesk.rules import pagerduty_hook
from roomdesk.rules.pagerduty_hook import Hook

_UNKNOWN = "It is about no page of this desk."
_NOTHING = "Nothing of the desk changes by it."


def receive(*, signature: str, webhook_id: str, subscription: str, body: bytes, now: datetime) -> bool:
    """Stores a delivery, once however often it comes; returns only when that is committed. False, and nothing stored, where it is not genuine.

    Whatever is signed is taken, understood or not: after three refusals PagerDuty would be silent for a day.
    """
    secrets = (settings.pagerduty_webhook_secrets or "").split()
    if not pagerduty_hook.is_genuine(secrets, signature, body):
        return False
    identity = webhook_id if 0 < len(webhook_id) <= 200 and webhook_id.isprintable() else ""
    identity = identity or hashlib.sha256(body).hexdigest()
    raw = body.decode("utf-8", "replace").replace("\x00", "\ufffd")
    arrival = Arrival(PAGERDUTY, identity, subscription[:200], raw)
    with transaction.atomic(durable=True):
        lane = lanes.vendor_lane()
        inbox.store([arrival], now)
        InboxEvent.objects.filter(source=PAGERDUTY, external_id=identity, lane=None).update(lane=lane)
    return True


def hear(work: Work, body: Mapping[str, Any]) -> str:
    """Understands one delivery; gives why nothing follows from it, or an empty text."""
    hook = pagerduty_hook.read(body)
    pages = _pages(work, hook)
    if not pages:
        return _UNKNOWN
    act = _ACTS.get(hook.kind)
    done = [act(work, page, hook) for page in pages] if act else []
    return "" if any(done) else _NOTHING


def _pages(work: Work, hook: Hook) -> list[Page]:
    """Those that the incident is about: by their key, which is remembered with the incident, for later it may come without."""
    found = set(Incident.objects.filter(incident_id=hook.incident_id).values_list("page_id", flat=True))
    if named := Page.objects.filter(key=hook.incident_key).first() if hook.incident_key else None:
        if named.pk not in found and hook.incident_id:
            work.insert(Incident(incident_id=hook.incident_id, page=named, at=work.now))
        found.add(named.pk)
    pages = (paging.locked(work, pk) for pk in sorted(found))
    return [page for page in pages if page is not None]


def _acknowledged(work: Work, page: Page, hook: Hook) -> bool:
    return bool(hook.by) and paging.acknowledge(work, page, by=hook.by, via=PAGERDUTY)


def _resolved(work: Work, page: Page, hook: Hook) -> bool:
    """Who resolves it has had it. PagerDuty resolving it by itself reaches nobody: the other ways go on."""
    if not hook.by:
        return False
    paging.acknowledge(work, page, by=hook.by, via=PAGERDUTY)
    return paging.resolve(work, page, by=hook.by, via=PAGERDUTY)


def _unacknowledged(work: Work, page: Page, hook: Hook) -> bool:
    """It waited too long in somebody's hands, and is nobody's again."""
    if page.state != Page.State.ACKNOWLEDGED or page.acknowledged_via != PAGERDUTY:
        return False
    page.state, page.counted_from, page.step = Page.State.ACCEPTED, work.now, 0
    work.update(page, "state", "counted_from", "step")
    work.remind(page.lane_id, PAGE_TIMER, page.pk, work.now + timedelta(minutes=oncall_of(page).ack_minutes))
    work.audit("page.unacknowledged", paging.subject_of(page), {"page": page.pk}, scope=paging.scope_of(page))
    paging.tell_case(work, page, "unacknowledged", by=page.acknowledged_by)
    return True


_ACTS: Mapping[str, Callable[[Work, Page, Hook], bool]] = {
    "incident.acknowledged": _acknowledged,
    "incident.resolved": _resolved,
    "incident.unacknowledged": _unacknowledged,
}
