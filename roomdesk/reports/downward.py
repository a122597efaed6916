"""Severities that were lowered: each stands in the report with its reason (D17)."""

from __future__ import annotations

from typing import Any

from django.db.models import F, FilteredRelation, Q, QuerySet

from roomdesk.cases.changing import DOWNWARD
from roomdesk.cases.models import CaseChange
from roomdesk.cases.queries import access_cases
from roomdesk.directory.queries import Viewer
from roomdesk.product.queries import product_of
from roomdesk.reports.attainment import Asked, zones
from roomdesk.rules.months import following, month_begins, month_of

#: The most that are listed, the newest ones; `downward_total` says how many there are.
MOST = 500


def downward(viewer: Viewer, asked: Asked) -> tuple[list[dict[str, Any]], int]:
    """Lowered severities of the product, tier, severity (before or after) and month, the newest first, and how many in all."""
    rows = access_downward(viewer).annotate(
        during=FilteredRelation("case__cycles", condition=Q(case__cycles__number=F("cycle"))),
        tier=F("during__tier"),
        version=F("during__product_version"),
    )
    for given, narrowed in (
        (asked.product, Q(case__product=asked.product)),
        (asked.tier, Q(tier=asked.tier)),
        (asked.severity, Q(before=asked.severity) | Q(after=asked.severity)),
        (asked.month, _in_month(asked.product, asked.month)),
    ):
        rows = rows if given is None else rows.filter(narrowed)
    newest = rows.select_related("case__workspace").order_by("-at", "-pk")
    return [_shown(row) for row in newest[:MOST]], rows.count()


def access_downward(viewer: Viewer) -> QuerySet[Any]:
    """The changes of cases that the viewer may see."""
    return CaseChange.objects.filter(mark=DOWNWARD, case__in=access_cases(viewer).select_related(None))


def _in_month(product: str | None, month: str | None) -> Q:
    found = Q()
    for zone, versions in zones(product).items() if month else ():
        assert month is not None
        begin, end = month_begins(month, zone), month_begins(following(month), zone)
        found |= Q(version__in=versions, at__gte=begin, at__lt=end)
    return found


def _shown(row: Any) -> dict[str, Any]:
    """Of a restricted case the reason stays untold (D22)."""
    return {
        "ref": row.case.ref,
        "workspace": row.case.workspace.slug,
        "product": row.case.product,
        "tier": row.tier,
        "month": month_of(row.at, product_of(row.version).office.timezone) if row.version else None,
        "at": row.at,
        "by": row.by,
        "before": row.before,
        "after": row.after,
        "reason": None if row.case.is_restricted else row.reason,
    }
