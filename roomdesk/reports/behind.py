"""What stands behind a figure of a report: the very rows that it counts, by the same conditions (R57)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from roomdesk.cases.models import Case
from roomdesk.directory.queries import Viewer
from roomdesk.refusals import Invalid
from roomdesk.reports import backlog, responses, spans, workload
from roomdesk.reports.attainment import OUTCOMES, Asked, access_clocks, check_asked, narrowed

#: Rows of one page.
PAGE = 50
#: The month of clocks that a pause leaves without a due time.
NO_MONTH = "none"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A figure, as its link says it; empty texts narrow nothing. `figure` is its report's own word: an outcome, a span, an age, what somebody has."""

    report: str
    figure: str
    product: str = ""
    tier: str = ""
    severity: str = ""
    clock: str = ""
    month: str = ""
    until: str = ""
    promise: str = ""
    who: str = ""

    @classmethod
    def of(cls, given: Mapping[str, str]) -> Wanted:
        return cls(**{name: given.get(name, "").replace("\0", "").strip()[:80] for name in cls.__slots__})

    @property
    def given(self) -> dict[str, str]:
        return {name: value for name in self.__slots__ if (value := getattr(self, name))}

    @property
    def asked(self) -> Asked:
        names = {"product": self.product, "tier": self.tier, "severity": self.severity, "clock": self.clock}
        return Asked(**{name: value or None for name, value in names.items()})


@dataclass(frozen=True, slots=True)
class Behind:
    """A page of what a figure counts, the newest first. `count` is the figure. Of each: the case, a time, and how long a clock ran."""

    count: int
    rows: Sequence[tuple[Case, datetime | None, timedelta | None]]
    next: str


def behind(viewer: Viewer, wanted: Wanted, now: datetime, *, after: str = "") -> Behind:
    """Three queries, and those for the zones. Invalid for a figure that there is not; NotFound for a product."""
    kind = _KINDS.get(wanted.report)
    if kind is None:
        raise Invalid("There is no such report; choose a figure on its page.", field="report")
    rows, case, at = kind(viewer, wanted, now)
    count = rows.count()
    key = int(after) if after.isascii() and after.isdecimal() and len(after) < 19 else None
    rows = (rows.filter(pk__lt=key) if key is not None else rows).order_by("-pk")
    found = list(rows.values_list("pk", case, at, *(["elapsed"] if wanted.report == "responses" else []))[: PAGE + 1])
    cases = Case.objects.select_related("workspace", "assignee").in_bulk([row[1] for row in found[:PAGE]])
    shown = [(cases[row[1]], row[2], row[3] if len(row) > 3 else None) for row in found[:PAGE]]
    return Behind(count, shown, str(found[PAGE - 1][0]) if len(found) > PAGE else "")


Found = tuple[QuerySet[Any], str, str]


def _attainment(viewer: Viewer, wanted: Wanted, now: datetime) -> Found:
    check_asked(wanted.asked)
    of = OUTCOMES.get(wanted.figure)
    if of is None:
        raise Invalid(f"Choose one of {', '.join(OUTCOMES)}.", field="figure")
    clocks = narrowed(access_clocks(viewer), wanted.asked).filter(of)
    if wanted.promise in _PROMISES:
        clocks = clocks.filter(**_PROMISES[wanted.promise])
    if wanted.month == NO_MONTH:
        return clocks.filter(judged_at=None), "case_id", "started_at"
    first = spans.check(wanted.month)
    last = spans.check(wanted.until) if wanted.until else first
    return clocks.filter(spans.within("judged_at", first, last, wanted.product or None)), "case_id", "judged_at"


_PROMISES: Mapping[str, dict[str, bool]] = {
    "public": {"is_soft": False, "is_public": True},
    "internal": {"is_soft": False, "is_public": False},
    "aim": {"is_soft": True, "is_public": True},
    "internal-aim": {"is_soft": True, "is_public": False},
    "any": {"is_soft": False},
    "any-aim": {"is_soft": True},
}


def promise_of(*, soft: bool, public: bool) -> str:
    """As a link names it."""
    return ("aim" if public else "internal-aim") if soft else ("public" if public else "internal")


def _responses(viewer: Viewer, wanted: Wanted, now: datetime) -> Found:
    """`figure` is `all`, the number of a span, or `least:` and microseconds."""
    first = spans.check(wanted.month)
    clocks = responses.stopped(viewer, wanted.asked, first, spans.check(wanted.until) if wanted.until else first)
    word, _, length = wanted.figure.partition(":")
    if word == "least":
        clocks = clocks.filter(elapsed__gte=timedelta(microseconds=_number(length)))
    elif word != "all":
        clocks = clocks.filter(responses.of_span(min(_number(word), len(responses.ENDS))))
    return clocks, "case_id", "stopped_at"


def _backlog(viewer: Viewer, wanted: Wanted, now: datetime) -> Found:
    """`figure` is `all` or the number of an age."""
    cases = backlog.open_cases(viewer, wanted.product)
    cases = cases.filter(severity=wanted.severity) if wanted.severity else cases
    if wanted.figure != "all":
        cases = cases.filter(backlog.of_age(min(_number(wanted.figure), len(backlog.ENDS)), now))
    return cases, "pk", "opened_at"


def _course(viewer: Viewer, wanted: Wanted, now: datetime) -> Found:
    """`figure` is the end of a day, in seconds since 1970."""
    at = datetime.fromtimestamp(_number(wanted.figure), tz=now.tzinfo)
    return backlog.cycles_open_at(viewer, at, wanted.product), "case_id", "started_at"


def _workload(viewer: Viewer, wanted: Wanted, now: datetime) -> Found:
    if wanted.figure == workload.RESOLVED:
        done = workload.resolved(viewer, spans.check(wanted.month), wanted.product).filter(by=wanted.who)
        return done, "case_id", "at"
    of = workload.conditions(now).get(wanted.figure)
    if of is None:
        raise Invalid("There is no such figure; choose one on the report's page.", field="figure")
    cases = backlog.open_cases(viewer, wanted.product).filter(of)
    cases = cases.filter(assignee__slug=wanted.who) if wanted.who else cases.filter(assignee=None)
    return cases, "pk", "opened_at"


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 15):
        raise Invalid("There is no such figure; choose one on the report's page.", field="figure")
    return int(text)


_KINDS = {
    "attainment": _attainment,
    "responses": _responses,
    "backlog": _backlog,
    "course": _course,
    "workload": _workload,
}
