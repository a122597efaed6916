"""How many customers were asked, and were helped, by product and month of the resolution (R57)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from roomdesk.cases.models import CaseCycle
from roomdesk.directory.errors import Invalid
from roomdesk.directory.queries import Viewer, workspaces_of
from roomdesk.product.queries import product_of
from roomdesk.refusals import NotFound
from roomdesk.reports.attainment import zones
from roomdesk.rules.errors import RuleError
from roomdesk.rules.months import check_month
from roomdesk.rules.percent import percent
from roomdesk.rules.satisfaction import BAD, GOOD


@dataclass(frozen=True, slots=True)
class Line:
    """`month` is that of the resolution, where the product's office is. A cycle that was reopened counts as resolved then."""

    product: str
    month: str
    resolved: int
    good: int
    bad: int

    def as_json(self) -> dict[str, Any]:
        answered = self.good + self.bad
        return {
            "product": self.product,
            "month": self.month,
            "resolved": self.resolved,
            "answered": answered,
            "good": self.good,
            "bad": self.bad,
            "percent": percent(self.good, answered),
        }


def satisfaction(viewer: Viewer, *, product: str | None = None, month: str | None = None) -> list[Line]:
    """Lines by product and month, the newest month first. NotFound for a product that is not there, Invalid for no month."""
    if month is not None:
        try:
            check_month(month)
        except RuleError as error:
            raise Invalid(str(error), field="month") from error
    if product is not None and not zones(product):
        raise NotFound(f'There is no product "{product}".', field="product")
    counts = _counted(viewer, product)
    keys = sorted({(name, of) for name, of, _ in counts}, key=lambda key: (key[1], key[0]), reverse=True)
    lines = (
        Line(name, of, sum(counts[name, of, s] for s in ("", GOOD, BAD)), counts[name, of, GOOD], counts[name, of, BAD])
        for name, of in keys
    )
    return [line for line in lines if month in (None, line.month)]


def _counted(viewer: Viewer, product: str | None) -> Counter[tuple[str, str, str]]:
    rows = CaseCycle.objects.filter(ended_at__isnull=False)
    rows = rows if viewer.sees_all else rows.filter(case__workspace__in=workspaces_of(viewer))
    rows = rows if product is None else rows.filter(case__product=product)
    found: Counter[tuple[str, str, str]] = Counter()
    names = ("case__product", "product_version_id", "ended_at", "satisfaction")
    for name, version, ended_at, score in rows.values_list(*names).iterator():
        local = ended_at.astimezone(ZoneInfo(product_of(version).office.timezone))
        found[name, f"{local:%Y-%m}", score] += 1
    return found


def shown(lines: Iterable[Line]) -> dict[str, Any]:
    """For REST and `--json`, with the sum."""
    items = [line.as_json() for line in lines]
    total = {name: sum(item[name] for item in items) for name in ("resolved", "answered", "good", "bad")}
    return {"items": items, **total, "percent": percent(total["good"], total["answered"])}
