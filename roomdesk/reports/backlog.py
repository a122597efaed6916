"""What is open, how old it is, and how that came to be (R57)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import TruncDate

from roomdesk.cases.models import Case, CaseCycle
from roomdesk.cases.queries import access_cases
from roomdesk.directory.queries import Viewer

#: Upper ends of the ages, in days; what is older than the last is in one of its own.
ENDS = (1, 3, 7, 14, 30)
#: Days that the course looks back.
DAYS = 30
#: Cases that never were work of their own.
_NO_WORK = (Case.State.MERGED, Case.State.DEFLECTED)


@dataclass(frozen=True, slots=True)
class Line:
    """Open cases of one severity (empty: of all), by age: `ENDS`, and what is older."""

    severity: str
    ages: tuple[int, ...]

    @property
    def count(self) -> int:
        return sum(self.ages)


@dataclass(frozen=True, slots=True)
class Day:
    """How many cycles were open at the end of a day (UTC), began and ended in it. `end` is the first instant after it."""

    end: datetime
    open: int
    begun: int
    ended: int


def backlog(viewer: Viewer, now: datetime, *, product: str = "") -> list[Line]:
    """Open cases by severity and age, all of them first. One query."""
    cases = open_cases(viewer, product)
    counts = {f"a{place}": Count("pk", filter=of_age(place, now)) for place in range(len(ENDS) + 1)}
    found: Any = cases.order_by("severity").values("severity").annotate(**counts)
    lines = [Line(line["severity"], tuple(line[name] for name in counts)) for line in found]
    total = tuple(sum(ages) for ages in zip(*(line.ages for line in lines), strict=True)) or (0,) * len(counts)
    return [Line("", total), *lines]


def open_cases(viewer: Viewer, product: str = "") -> QuerySet[Case]:
    cases = access_cases(viewer).filter(state__in=Case.OPEN).select_related(None).prefetch_related(None)
    return cases.filter(product=product) if product else cases


def of_age(place: int, now: datetime) -> Q:
    """Opened no longer ago than the end of the age, and longer than that of the one before."""
    older = Q(opened_at__lt=now - timedelta(days=ENDS[place - 1])) if place else Q()
    return older & Q(opened_at__gte=now - timedelta(days=ENDS[place])) if place < len(ENDS) else older


def course(viewer: Viewer, now: datetime, *, product: str = "", days: int = DAYS) -> list[Day]:
    """The last days, today as it stands; cases that were merged or answered by the desk alone are in none. Three queries."""
    cycles = _cycles(viewer, product)
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    first = today - timedelta(days=days - 1)
    open_before = cycles.filter(open_at(first)).count()
    begun, ended = _by_day(cycles, "started_at", first, now), _by_day(cycles, "ended_at", first, now)
    found: list[Day] = []
    for number in range(days):
        day = first + timedelta(days=number)
        came, went = begun.get(day.date(), 0), ended.get(day.date(), 0)
        open_before += came - went
        found.append(Day(day + timedelta(days=1), open_before, came, went))
    return found


def open_at(at: datetime) -> Q:
    """Cycles that had begun before, and had not ended."""
    return Q(started_at__lt=at) & (Q(ended_at=None) | Q(ended_at__gte=at))


def cycles_open_at(viewer: Viewer, at: datetime, product: str = "") -> QuerySet[Any]:
    """What a day of the course counts."""
    return _cycles(viewer, product).filter(open_at(at))


def _cycles(viewer: Viewer, product: str) -> QuerySet[Any]:
    cases = access_cases(viewer).exclude(state__in=_NO_WORK).select_related(None).prefetch_related(None)
    return CaseCycle.objects.filter(case__in=cases.filter(product=product) if product else cases)


def _by_day(cycles: QuerySet[Any], field: str, first: datetime, now: datetime) -> dict[Any, int]:
    rows = cycles.filter(**{f"{field}__gte": first, f"{field}__lte": now}).annotate(day=TruncDate(field, tzinfo=UTC))
    return dict(rows.order_by("day").values("day").annotate(number=Count("pk")).values_list("day", "number"))
