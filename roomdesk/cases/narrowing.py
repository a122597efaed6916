"""Which cases a list shows: the views of the inbox and what narrows them, as one condition and one count of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Case as Choice
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Value, When

from roomdesk.cases.models import Case
from roomdesk.cases.queries import access_cases
from roomdesk.clocks.models import Clock
from roomdesk.directory.queries import Viewer

OPEN, MINE, UNASSIGNED, SOON, LATE, P0, WAITING, ALL = (
    "open", "mine", "unassigned", "soon", "late", "p0", "waiting", "all",
)  # fmt: skip
VIEWS = (OPEN, MINE, UNASSIGNED, SOON, LATE, P0, WAITING, ALL)
#: From this share of the target on staff are warned that a clock is due soon (D18).
_WARNED = 75


@dataclass(frozen=True, slots=True)
class Narrow:
    """A view of the inbox and what it is narrowed to; empty texts narrow nothing. `assignee` is an id, `kind` and `severity` slugs."""

    view: str = OPEN
    workspace: str = ""
    product: str = ""
    severity: str = ""
    kind: str = ""
    assignee: str = ""

    @classmethod
    def of(cls, given: Mapping[str, str]) -> Narrow:
        """Of an address; a view that there is not is the first one."""
        clean = {name: given.get(name, "").replace("\0", "").strip()[:80] for name in cls.__slots__}
        return cls(**{**clean, "view": clean["view"] if clean["view"] in VIEWS else OPEN})

    @property
    def wanted(self) -> dict[str, str]:
        """What the address says; the first view goes without saying."""
        given = {name: getattr(self, name) for name in self.__slots__}
        return {name: value for name, value in given.items() if value and (name, value) != ("view", OPEN)}


def narrowed(viewer: Viewer, narrow: Narrow, now: datetime) -> QuerySet[Case]:
    """The cases of the view that are the viewer's to see, in no order."""
    cases = access_cases(viewer)
    if narrow.view != ALL:
        cases = cases.filter(state__in=Case.OPEN)
    if narrow.view not in (ALL, OPEN):
        cases = cases.filter(_conditions(viewer, now)[narrow.view])
    return cases.filter(**_fields(narrow))


def counts(viewer: Viewer, narrow: Narrow, now: datetime) -> dict[str, int]:
    """How many open cases each view has, narrowed alike. One query."""
    cases = access_cases(viewer).filter(state__in=Case.OPEN, **_fields(narrow))
    cases = cases.select_related(None).prefetch_related(None).order_by()
    found = {
        name: Count(Choice(When(condition, then=Value(1)))) for name, condition in _conditions(viewer, now).items()
    }
    return {**cases.aggregate(open=Count("pk"), **found)}


def _fields(narrow: Narrow) -> dict[str, Any]:
    names = {
        "workspace": "workspace__slug",
        "product": "product",
        "severity": "severity",
        "kind": "kind",
        "assignee": "assignee__slug",
    }
    return {field: value for name, field in names.items() if (value := getattr(narrow, name))}


def _conditions(viewer: Viewer, now: datetime) -> dict[str, Q]:
    """What makes an open case one of a view. Paused clocks press nobody, and an aim is never late (D3)."""
    running = Clock.objects.filter(case=OuterRef("pk"), stopped_at=None, paused_at=None, is_soft=False)
    running = running.exclude(state=Clock.State.CANCELLED)
    return {
        MINE: Q(assignee_id=viewer.person_id) if viewer.person_id is not None else Q(pk__isnull=True),
        UNASSIGNED: Q(assignee=None),
        SOON: Q(Exists(running.filter(told__gte=_WARNED, due_at__gt=now))),
        LATE: Q(Exists(running.filter(due_at__lte=now))),
        P0: Q(p0_at__isnull=False),
        WAITING: Q(state__in=(Case.State.WAITING_CUSTOMER, Case.State.WAITING_THIRD_PARTY)),
    }
