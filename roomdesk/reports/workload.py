"""Who has how much in hand (R57): for whoever shares work out. Open cases of each assignee, and what they resolved."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet

from roomdesk.cases.models import Case, CaseChange
from roomdesk.cases.queries import access_cases
from roomdesk.clocks.models import Clock
from roomdesk.directory.models import Person
from roomdesk.directory.queries import Viewer
from roomdesk.reports.backlog import open_cases
from roomdesk.rules.months import following, month_begins

#: What is counted of open cases, by name: all, P0s, those that wait for others, and those with a promise that is late.
OPEN, P0, WAITING, LATE, RESOLVED = "open", "p0", "waiting", "late", "resolved"


@dataclass(frozen=True, slots=True)
class Line:
    """One assignee (`who` empty: nobody). `resolved`: cases of whichever assignee that they resolved in the month, each time."""

    who: str
    name: str
    open: int = 0
    p0: int = 0
    waiting: int = 0
    late: int = 0
    resolved: int = 0


def workload(viewer: Viewer, now: datetime, month: str, *, product: str = "") -> list[Line]:
    """Whoever has an open case or resolved one, by name; what nobody has is first. Three queries. The month is UTC's."""
    counts = {name: Count("pk", filter=of) for name, of in conditions(now).items()}
    rows: Any = open_cases(viewer, product).order_by().values("assignee__slug").annotate(**counts)
    held = {row["assignee__slug"] or "": {name: row[name] for name in counts} for row in rows}
    done = resolved(viewer, month, product).order_by().values("by").annotate(number=Count("pk"))
    ended = dict(done.values_list("by", "number"))
    names = dict(Person.objects.filter(slug__in={*held, *ended}).values_list("slug", "name"))
    # What the desk or a program resolved is nobody's work.
    whose = {who for who in {*held, *ended} if not who or who in names}
    lines = [Line(who, names.get(who, ""), **held.get(who, {}), resolved=ended.get(who, 0)) for who in whose]
    return sorted(lines, key=lambda line: (line.who != "", line.name.casefold(), line.who))


def conditions(now: datetime) -> dict[str, Q]:
    late = Clock.objects.filter(case=OuterRef("pk"), stopped_at=None, paused_at=None, is_soft=False, due_at__lte=now)
    return {
        OPEN: Q(pk__isnull=False),
        P0: Q(p0_at__isnull=False),
        WAITING: Q(state__in=(Case.State.WAITING_CUSTOMER, Case.State.WAITING_THIRD_PARTY)),
        LATE: Q(Exists(late.exclude(state=Clock.State.CANCELLED))),
    }


def resolved(viewer: Viewer, month: str, product: str = "") -> QuerySet[Any]:
    """Changes to `resolved` in the month."""
    begin, end = month_begins(month, "UTC"), month_begins(following(month), "UTC")
    cases = access_cases(viewer).select_related(None).prefetch_related(None)
    cases = cases.filter(product=product) if product else cases
    found = CaseChange.objects.filter(
        what="state", after=Case.State.RESOLVED, at__gte=begin, at__lt=end, case__in=cases
    )
    return found.exclude(before=F("after"))
