"""How many promises were kept, by product, tier, severity, month and clock (D21, R57)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db.models import Case as Choice
from django.db.models import (
    Count,
    DateTimeField,
    F,
    Func,
    IntegerField,
    Max,
    Min,
    Q,
    QuerySet,
    Value,
    When,
)
from django.db.models.functions import Coalesce

from roomdesk.clocks.models import Clock
from roomdesk.directory.errors import Invalid, NotFound
from roomdesk.directory.queries import Viewer, workspaces_of
from roomdesk.product.models import ProductVersion
from roomdesk.product.queries import product_of
from roomdesk.rules.errors import RuleError
from roomdesk.rules.months import check_month, following, month_begins, months_between
from roomdesk.rules.percent import percent


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked about; None: all of them. `month` is written like `2026-03`."""

    product: str | None = None
    tier: str | None = None
    severity: str | None = None
    month: str | None = None
    clock: str | None = None


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of clocks. Those that are late only by a split, a merge or a reclassification are in `caused_by` alone.

    `undecided` run still; like `caused_by` they are in no percentage. Cancelled clocks are not here at all.
    """

    met: int = 0
    breached: int = 0
    caused_by: int = 0
    past_aim: int = 0
    undecided: int = 0

    @property
    def percent(self) -> str | None:
        """Met, of all that were decided and not caused otherwise; one decimal, halves up."""
        return percent(self.met, self.met + self.breached + self.past_aim)

    def __add__(self, other: Counts) -> Counts:
        return Counts(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(self)))

    def as_json(self) -> dict[str, Any]:
        return {**{one.name: getattr(self, one.name) for one in fields(self)}, "percent": self.percent}


@dataclass(frozen=True, slots=True)
class Row:
    """One line. `month` is that of the due instant in the zone of the product's office, as of the clock's own version.

    It is None for clocks that a pause leaves without a due instant; those are undecided. `soft` marks aims, which are
    never breached; `public` promises to customers.
    """

    product: str
    tier: str
    severity: str
    month: str | None
    clock: str
    soft: bool
    public: bool
    counts: Counts

    def as_json(self) -> dict[str, Any]:
        facts = {one.name: getattr(self, one.name) for one in fields(self) if one.name != "counts"}
        return {**facts, **self.counts.as_json()}


def check_asked(asked: Asked) -> None:
    """Invalid for a month or a clock that cannot be, NotFound for a product that is not there."""
    if asked.clock is not None and asked.clock not in Clock.Kind.values:
        raise Invalid(f'There is no clock "{asked.clock}"; give {", ".join(Clock.Kind.values)}.', field="clock")
    if asked.month is not None:
        try:
            check_month(asked.month)
        except RuleError as error:
            raise Invalid(str(error), field="month") from error
    if asked.product is not None and not zones(asked.product):
        raise NotFound(f'There is no product "{asked.product}".', field="product")


def attainment(viewer: Viewer, asked: Asked, within: Sequence[str] = ()) -> list[Row]:
    """Lines by month, product, tier, severity and clock. Three queries, and one more for each version not read before.

    `within`: months that follow each other; then only clocks of these are read, and those without a due instant.
    """
    check_asked(asked)
    clocks, by_zone = narrowed(access_clocks(viewer), asked), zones(asked.product)
    chosen = [asked.month] if asked.month else list(within)
    months = chosen or _months(clocks)
    clocks = clocks.annotate(bucket=_bucket(by_zone, months))
    if chosen and by_zone:
        near, here = _near(by_zone, months), Q(bucket__gte=1, bucket__lte=len(months))
        # A month in which nothing can be due, because there is none: only clocks without a due instant are left.
        clocks = clocks.filter(near, here) if asked.month else clocks.filter(Q(judged_at=None) | (near & here))
    return sorted((_row(line, months) for line in _counted(clocks)), key=_order)


def _near(by_zone: dict[str, list[int]], months: Sequence[str]) -> Q:
    """From when the first month begins anywhere until the last has ended everywhere: what an index finds."""
    begin = min(month_begins(months[0], zone) for zone in by_zone)
    end = max(month_begins(following(months[-1]), zone) for zone in by_zone)
    return Q(judged_at__gte=begin, judged_at__lt=end)


def access_clocks(viewer: Viewer) -> QuerySet[Clock]:
    """The clocks that count and are the viewer's to count: what was cancelled, or never promised, is none of them."""
    found = Clock.objects.exclude(state=Clock.State.CANCELLED).exclude(target_kind="none")
    if viewer.sees_all:
        return found
    # The vendor's figures are no matter of customers, nor of a token that a customer may hold.
    own = workspaces_of(viewer).filter(product__in=viewer.products)
    return found.filter(case__workspace__in=own) if viewer.kind == "staff" else found.none()


def narrowed(clocks: QuerySet[Clock], asked: Asked) -> QuerySet[Any]:
    """Of the product, tier, severity and kind that are asked about; the month is not looked at. The tier is the clock's: a retargeted cycle does not change what was measured before (D8)."""
    clocks = clocks.annotate(judged_at=Coalesce("breached_at", "due_at"))
    wanted = {
        "product_version__slug": asked.product,
        "tier": asked.tier,
        "severity": asked.severity,
        "kind": asked.clock,
    }
    return clocks.filter(**{name: value for name, value in wanted.items() if value is not None})


@lru_cache(maxsize=4096)
def _zone(version_id: int) -> str:
    return product_of(version_id).office.timezone


def zones(product: str | None) -> dict[str, list[int]]:
    """Versions of the product (or of all) by the zone of their office."""
    found: dict[str, list[int]] = {}
    versions = ProductVersion.objects.all() if product is None else ProductVersion.objects.filter(slug=product)
    for pk in versions.order_by("pk").values_list("pk", flat=True):
        found.setdefault(_zone(pk), []).append(pk)
    return found


def _months(clocks: QuerySet[Any]) -> list[str]:
    ends = clocks.aggregate(first=Min("judged_at"), last=Max("judged_at"))
    return months_between(ends["first"], ends["last"]) if ends["first"] else []


def _bucket(by_zone: dict[str, list[int]], months: Sequence[str]) -> Choice:
    """Which of the months, counted from 1, a clock was due in.

    The borders are worked out here and not by the database: its time zones are the machine's, ours are pinned.
    """
    whens = [When(product_version__in=ids, then=_place(zone, months)) for zone, ids in by_zone.items() if months]
    return Choice(*whens, default=None, output_field=IntegerField())


def _place(zone: str, months: Sequence[str]) -> Func:
    borders = [month_begins(month, zone) for month in (*months, following(months[-1]))]
    array = Value(borders, output_field=ArrayField(DateTimeField()))
    return Func(F("judged_at"), array, function="width_bucket", output_field=IntegerField())


_LATE = Q(state__in=(Clock.State.BREACHED, Clock.State.PAST_AIM))
#: What `Counts` counts, by name.
OUTCOMES = {
    "met": Q(state=Clock.State.MET),
    "breached": Q(state=Clock.State.BREACHED, caused_by=""),
    "caused_by": _LATE & ~Q(caused_by=""),
    "past_aim": Q(state=Clock.State.PAST_AIM, caused_by=""),
    "undecided": Q(state=Clock.State.RUNNING),
}


def _counted(clocks: QuerySet[Any]) -> Iterable[dict[str, Any]]:
    # By the version's product, which is the case's: versions are few, and no case is read.
    lines = clocks.values("product_version__slug", "tier", "severity", "bucket", "kind", "is_soft", "is_public")
    return lines.annotate(**{f"n_{name}": Count("pk", filter=of) for name, of in OUTCOMES.items()})


def _row(line: dict[str, Any], months: Sequence[str]) -> Row:
    bucket = line["bucket"]
    return Row(
        line["product_version__slug"],
        line["tier"],
        line["severity"],
        months[bucket - 1] if bucket else None,
        line["kind"],
        line["is_soft"],
        line["is_public"],
        Counts(**{name: line[f"n_{name}"] for name in OUTCOMES}),
    )


def _order(row: Row) -> tuple[object, ...]:
    return row.month or "~", row.product, row.tier, row.severity, row.clock, row.soft, row.public


def total(rows: Iterable[Row], *, soft: bool) -> Counts:
    """All promises (or all aims) of the lines together."""
    return sum((row.counts for row in rows if row.soft == soft), Counts())
