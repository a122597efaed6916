"""How long clocks ran until they were stopped: percentiles by severity, and how many in which span (R57). Elapsed time, nights and holidays included."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db.models import Aggregate, Count, DurationField, ExpressionWrapper, F, Max, Q, QuerySet

from roomdesk.directory.queries import Viewer
from roomdesk.reports.attainment import Asked, access_clocks, check_asked, narrowed
from roomdesk.reports.spans import within

#: Upper ends of the spans, in minutes; what took longer than the last is in one of its own.
ENDS = (15, 30, 60, 120, 240, 480, 1440, 2880, 10080)
#: Shares of the answers that came at least so quickly, in percent.
SHARES = (50, 75, 90, 95)


class _Percentiles(Aggregate):
    """Times that really occurred (PostgreSQL's `percentile_disc`)."""

    function = "percentile_disc"
    template = "%(function)s(ARRAY[0.5,0.75,0.9,0.95]) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = ArrayField(DurationField())


@dataclass(frozen=True, slots=True)
class Line:
    """Answers of one severity (empty: of all). `at` are the times of `SHARES`, `longest` that of the slowest."""

    severity: str
    count: int
    at: tuple[timedelta, ...]
    longest: timedelta | None


@dataclass(frozen=True, slots=True)
class Responses:
    """`spans` are counts by `ENDS`, and of what took longer; in sum they are the count of the first line, which is that of all."""

    lines: Sequence[Line]
    spans: tuple[int, ...]


def responses(viewer: Viewer, asked: Asked, first: str, last: str) -> Responses:
    """Of clocks of the kind `asked.clock` that were stopped in these months. Three queries."""
    clocks = stopped(viewer, asked, first, last)
    told = {"count": Count("pk"), "at": _Percentiles("elapsed"), "longest": Max("elapsed")}
    spans = {f"s{place}": Count("pk", filter=of_span(place)) for place in range(len(ENDS) + 1)}
    total = clocks.aggregate(**told, **spans)
    by_severity = clocks.order_by("severity").values("severity").annotate(**told)
    lines = [_line("", total), *(_line(line["severity"], line) for line in by_severity)]
    return Responses(lines, tuple(total[name] for name in spans))


def stopped(viewer: Viewer, asked: Asked, first: str, last: str) -> QuerySet[Any]:
    """The clocks that are counted, with `elapsed`. One query where a product is named that may not be there."""
    check_asked(asked)
    clocks = narrowed(access_clocks(viewer), asked).filter(stopped_at__isnull=False)
    clocks = clocks.filter(within("stopped_at", first, last, asked.product))
    return clocks.annotate(elapsed=ExpressionWrapper(F("stopped_at") - F("started_at"), output_field=DurationField()))


def of_span(place: int) -> Q:
    """Longer than the end of the span before, and not longer than its own."""
    longer = Q(elapsed__gt=timedelta(minutes=ENDS[place - 1])) if place else Q()
    return longer & Q(elapsed__lte=timedelta(minutes=ENDS[place])) if place < len(ENDS) else longer


def _line(severity: str, told: dict[str, Any]) -> Line:
    return Line(severity, told["count"], tuple(told["at"] or ()), told["longest"])
