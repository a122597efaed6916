"""A drill: pages for real, marked as one, and says how long each step took (R39). It ends by itself."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from roomdesk.audit.work import Actor, Work
from roomdesk.directory.queries import Viewer
from roomdesk.oncall import paging, rotas
from roomdesk.oncall.escalating import oncall_of
from roomdesk.oncall.models import Attempt, Page
from roomdesk.product.queries import newest, product_of


def do_begin(viewer: Viewer, product: str, *, actor: Actor, now: datetime) -> Page:
    """Opens the page of a drill. Leads and administrators of the product, and operators."""
    rotas.check_leads(viewer, product, now)
    terms = product_of(newest([product])[product].pk).oncall
    with transaction.atomic():
        work = Work(now, actor)
        look_at = paging.first_look(now, terms.accept_seconds)
        wanted = paging.Wanted(product, Page.Cause.DRILL, "critical", now, look_at)
        page = paging.open_page(work, wanted)
        work.flush()
    return page


def do_end(page_id: int, *, actor: Actor, now: datetime) -> Page:
    """Ends it everywhere, whether somebody acknowledged or not. Idempotent."""
    with transaction.atomic():
        work = Work(now, actor)
        page = paging.locked(work, page_id)
        assert page is not None
        paging.resolve(work, page, by=actor.name, via="drill")
        work.flush()
    return page


def report(page_id: int) -> dict[str, Any]:
    """How far it is: seconds from its beginning to each step that was reached, and every try."""
    page = Page.objects.get(pk=page_id)
    tries = Attempt.objects.filter(call__page=page).select_related("call").order_by("pk")
    acknowledged = page.acknowledged_at if page.acknowledged_via != "drill" else None
    return {
        "page": page.pk,
        "state": page.state,
        "accepted": _seconds(page, page.accepted_at),
        "acknowledged": _seconds(page, acknowledged),
        "by": page.acknowledged_by if acknowledged else None,
        "via": page.acknowledged_via if acknowledged else None,
        "waits_minutes": oncall_of(page).ack_minutes,
        "tries": [
            {"way": one.call.way, "to": one.call.to or None, "action": one.action, "after": _seconds(page, one.at), "problem": one.problem or None}
            for one in tries
        ],
    }  # fmt: skip


def _seconds(page: Page, at: datetime | None) -> float | None:
    return round((at - page.opened_at).total_seconds(), 3) if at else None
