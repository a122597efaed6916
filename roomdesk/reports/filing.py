"""How well the desk files by itself: messages put into the wrong case, and answers that did not help, by product and month."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db.models import Count, DateTimeField, Exists, F, Func, IntegerField, OuterRef, Q, QuerySet, Value

from roomdesk.cases.models import Case, CaseChange, Merge
from roomdesk.cases.parting import MOVE, SPLIT
from roomdesk.directory.errors import Invalid, NotFound
from roomdesk.directory.models import Workspace
from roomdesk.directory.queries import Viewer, workspaces_of
from roomdesk.product.queries import newest, product_of
from roomdesk.product.services import known
from roomdesk.record.models import Message
from roomdesk.rules.months import following, month_begins, month_of
from roomdesk.rules.percent import percent

#: Months of one report, unless told otherwise and at most.
MONTHS, MOST = 6, 24
_SPEECH = (Message.Kind.MESSAGE, Message.Kind.FILE)
_PEOPLE = (Message.Author.CUSTOMER, Message.Author.STAFF)
#: Written in the case's own form, where nothing had to be grouped.
_FACES = ("face", "incident", "macro", "note", "")


@dataclass(frozen=True, slots=True)
class Line:
    """One product's month, in the zone of its office.

    `grouped`: messages of people that the desk put into a case; `moved`: of these, those that staff put elsewhere; `merged`: cases
    that staff merged into another. `cases`: those that customers opened; `answered` at once by the desk, among them `deflected`,
    which opened nothing; `no_help`: of these, those of which a customer said that it did not help.
    """

    product: str
    month: str
    grouped: int = 0
    moved: int = 0
    merged: int = 0
    cases: int = 0
    answered: int = 0
    deflected: int = 0
    no_help: int = 0

    @property
    def wrong_percent(self) -> str | None:
        """What staff had to put right, of all that was grouped."""
        return percent(self.moved + self.merged, self.grouped) if self.grouped else None

    @property
    def helped_percent(self) -> str | None:
        """Cases that an answer of the desk spared everybody, of all that customers opened."""
        return percent(self.deflected - self.no_help, self.cases) if self.cases else None

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "wrong_percent": self.wrong_percent, "helped_percent": self.helped_percent}


def filing(viewer: Viewer, now: datetime, *, product: str | None = None, months: int = MONTHS) -> list[Line]:
    """The last months, the newest first; a product without anything in a month has no line for it.

    Two queries, and three for each zone in which products have their office.
    """
    if not 1 <= months <= MOST:
        raise Invalid(f"A report has 1 to {MOST} months.", field="months")
    slugs = _products(viewer, product)
    found: list[Line] = []
    for zone, some in _by_zone(slugs).items():
        wanted = _last(month_of(now, zone), months)
        found += _lines(viewer, some, zone, wanted)
    return sorted(sorted(found, key=lambda line: line.product), key=lambda line: line.month, reverse=True)


def _products(viewer: Viewer, product: str | None) -> list[str]:
    """Those of which the viewer is staff: the vendor's figures are no matter of customers."""
    own = [slug for slug in known() if viewer.sees_all or slug in viewer.products]
    if product is not None and product not in own:
        raise NotFound(f'There is no product "{product}", or it is not yours to see.', field="product")
    return own if product is None else [product]


def _by_zone(slugs: Iterable[str]) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {}
    for slug, version in sorted(newest(slugs).items()):
        found.setdefault(product_of(version.pk).office.timezone, []).append(slug)
    return found


def _last(month: str, count: int) -> list[str]:
    """So many months up to this one, in order."""
    number = int(month[:4]) * 12 + int(month[5:]) - 1
    return [f"{one // 12:04}-{one % 12 + 1:02}" for one in range(number - count + 1, number + 1)]


def _lines(viewer: Viewer, slugs: Sequence[str], zone: str, months: Sequence[str]) -> list[Line]:
    borders = [month_begins(month, zone) for month in (*months, following(months[-1]))]
    places = workspaces_of(viewer).filter(product__in=slugs).select_related(None).order_by()
    found: dict[tuple[str, int], dict[str, int]] = {}
    for counted in (_messages(places, borders), _merges(slugs, borders), _cases(slugs, borders)):
        for row in counted:
            key = row.pop("slug"), row.pop("bucket")
            found.setdefault(key, {}).update(row)
    return [Line(slug, months[bucket - 1], **counts) for (slug, bucket), counts in found.items()]


def _in_months(rows: QuerySet[Any], field: str, borders: Sequence[datetime]) -> QuerySet[Any]:
    """With the month of an instant, counted from 1: the borders are worked out here, the database's zones are the machine's."""
    array = Value(list(borders), output_field=ArrayField(DateTimeField()))
    bucket = Func(F(field), array, function="width_bucket", output_field=IntegerField())
    return rows.filter(**{f"{field}__gte": borders[0], f"{field}__lt": borders[-1]}).annotate(bucket=bucket)


def _messages(places: QuerySet[Workspace], borders: Sequence[datetime]) -> Iterable[dict[str, Any]]:
    said = Message.objects.filter(workspace__in=places, kind__in=_SPEECH, author_kind__in=_PEOPLE, case__isnull=False)
    rows = _in_months(said.exclude(why_code__in=_FACES), "at", borders)
    return rows.values("bucket", slug=F("workspace__product")).annotate(
        grouped=Count("pk"), moved=Count("pk", filter=Q(why_code__in=(SPLIT, MOVE)))
    )


def _merges(slugs: Sequence[str], borders: Sequence[datetime]) -> Iterable[dict[str, Any]]:
    rows = _in_months(Merge.objects.filter(case__product__in=slugs, undone_at=None), "at", borders)
    return rows.values("bucket", slug=F("case__product")).annotate(merged=Count("pk"))


def _cases(slugs: Sequence[str], borders: Sequence[datetime]) -> Iterable[dict[str, Any]]:
    """Only counted: what a restricted case is about is told by none of it."""
    moves = CaseChange.objects.filter(case=OuterRef("pk"), what="state")
    rows = Case.objects.filter(product__in=slugs, intake__isnull=False).annotate(
        was_deflected=Exists(moves.filter(before="", after=Case.State.DEFLECTED)),
        was_revived=Exists(moves.filter(before=Case.State.DEFLECTED, after=Case.State.NEW)),
    )
    return (
        _in_months(rows, "opened_at", borders)
        .values("bucket", slug=F("product"))
        .annotate(
            cases=Count("pk"),
            answered=Count("pk", filter=~Q(intake__answer="")),
            deflected=Count("pk", filter=Q(was_deflected=True)),
            no_help=Count("pk", filter=Q(was_deflected=True, was_revived=True)),
        )
    )
