"""The ledger of P0s that were none: what counts at an instant, and what follows from it (R41). Never whether a page is delivered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from roomdesk.directory.models import Workspace
from roomdesk.oncall.models import Misuse
from roomdesk.product.queries import newest, product_of
from roomdesk.product.schema import Product
from roomdesk.queues.reading import Rows

#: No product's decay takes longer than is looked back.
_LONGEST = timedelta(days=3660)


def counting(workspace: Workspace, product: Product, at: datetime) -> list[Misuse]:
    """What is recorded against a workspace and has neither decayed, by its product's newest version, nor been lifted."""
    since = at - timedelta(days=product.misuse.decay_days)
    return list(Rows(Misuse, _COUNTING, workspace.pk, since, at))


_COUNTING = "workspace_id = %s AND lifted_at IS NULL AND at > %s AND at <= %s ORDER BY at"


def has_any(workspace: Workspace) -> bool:
    """Whether anything was ever recorded against the workspace."""
    return Misuse.objects.filter(workspace=workspace).exists()


def severity_for(workspace: Workspace, product: Product, at: datetime) -> str:
    """PagerDuty's severity of the workspace's next P0: critical, unless something counts against it."""
    return product.misuse.pagerduty_severity if counting(workspace, product, at) else "critical"


def lowered(at: datetime) -> Mapping[int, datetime]:
    """Workspaces whose later P0s rank last among their like, with the time of the first misuse that counts. One query, few rows."""
    rows = Misuse.objects.filter(lifted_at=None, at__gt=at - _LONGEST, at__lte=at).order_by("-at")
    found: dict[int, datetime] = {}
    products: dict[str, Product | None] = {}
    for pk, slug, since in rows.values_list("workspace_id", "workspace__product", "at"):
        product = products.setdefault(slug, _product(slug)) if slug not in products else products[slug]
        if product is None or product.misuse.queue == "unchanged":
            continue
        if since > at - timedelta(days=product.misuse.decay_days):
            found[pk] = since
    return found


def decays_at(one: Misuse) -> datetime:
    product = _product(one.workspace.product)
    return one.at + timedelta(days=product.misuse.decay_days if product else 0)


def shown(rows: Iterable[Misuse], at: datetime) -> list[dict[str, Any]]:
    """The entries as staff and the workspace see them."""
    return [_shown(one, at) for one in rows]


def _shown(one: Misuse, at: datetime) -> dict[str, Any]:
    until = decays_at(one)
    return {
        "id": one.pk,
        "ref": one.ref,
        "at": one.at,
        "reason": one.reason,
        "counts": one.lifted_at is None and at < until,
        "until": until,
        "appeal": one.appeal or None,
        "appealed_at": one.appealed_at,
        "lifted_at": one.lifted_at,
        "lifted_reason": one.lifted_reason or None,
    }


def _product(slug: str) -> Product | None:
    version = newest([slug]).get(slug)
    return product_of(version.pk) if version else None
