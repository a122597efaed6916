"""Pages as they are read: with every way that was tried, for those who see the case."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from roomdesk.directory.queries import Viewer
from roomdesk.oncall.models import Page

MOST = 100


def access_pages(viewer: Viewer, *, ref: str = "", waiting: bool = False, limit: int = MOST) -> list[Page]:
    """The newest pages of the viewer's products, with their calls and tries; those of one case; or those that nobody has yet."""
    found = Page.objects.order_by("-pk").prefetch_related("calls__attempts").select_related("workspace")
    if not viewer.sees_all:
        found = found.filter(product__in=viewer.products)
    if ref:
        found = found.filter(ref=ref.replace("\0", ""))
    if waiting:
        found = found.filter(state__in=Page.WAITING)
    return list(found[: min(limit, MOST)])


def shown(pages: Iterable[Page]) -> list[dict[str, Any]]:
    return [_page(page) for page in pages]


def _page(page: Page) -> dict[str, Any]:
    names = ("state", "cause", "severity", "step", "opened_at", "accepted_at", "acknowledged_at", "resolved_at")
    return {
        "id": page.pk,
        "key": page.key,
        "product": page.product,
        "workspace": page.workspace.slug if page.workspace else None,
        "ref": page.ref or None,
        **{name: getattr(page, name) for name in names},
        "acknowledged_by": page.acknowledged_by or None,
        "acknowledged_via": page.acknowledged_via or None,
        "calls": [_call(call) for call in sorted(page.calls.all(), key=lambda one: one.pk)],
    }


def _call(call: Any) -> dict[str, Any]:
    tries = sorted(call.attempts.all(), key=lambda one: one.pk)
    return {
        "way": call.way,
        "to": call.to or None,
        "step": call.step,
        "state": call.state,
        "at": call.at,
        "accepted_at": call.accepted_at,
        "problem": call.problem or None,
        "attempts": [
            {"action": one.action, "at": one.at, "status": one.status, "milliseconds": one.milliseconds, "problem": one.problem or None}
            for one in tries
        ],
    }  # fmt: skip
