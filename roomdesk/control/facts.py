"""The cases that have changed, as the control room shows them: read in a bounded number of queries for any number of cases."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import F

from roomdesk.bootstrap import settings
from roomdesk.cases.linking import leads
from roomdesk.cases.models import Case, CaseChange, CaseCycle, Question
from roomdesk.cases.untriaging import unknown
from roomdesk.clocks.models import Clock, Notice
from roomdesk.control.models import Thread
from roomdesk.directory.queries import escalated
from roomdesk.product.queries import product_of
from roomdesk.rules.control_card import CaseFact, Changed, ClockFact, Pressed


@dataclass(slots=True)
class Facts:
    """A case, and what its thread has not told yet, by row."""

    case: Case
    card: CaseFact
    changes: list[tuple[int, Changed]] = field(default_factory=list)
    notices: list[tuple[Notice, Pressed]] = field(default_factory=list)

    @property
    def is_open(self) -> bool:
        return self.case.state in Case.OPEN


def open_cases(product: str) -> Iterable[int]:
    """Every open case of the product: a control room that is new has a thread for each."""
    return Case.objects.filter(product=product, state__in=Case.OPEN).order_by("pk").values_list("pk", flat=True)


def open_questions(product: str) -> Iterable[int]:
    """Every question of the product's staff that nobody has answered."""
    found = Question.objects.filter(workspace__product=product, answered_at=None)
    return found.order_by("pk").values_list("pk", flat=True)


def load(case_ids: Collection[int], threads: Mapping[int, Thread]) -> dict[int, Facts]:
    """The facts of these cases, by id; `threads` are those that they have. Seven queries."""
    rows = Case.objects.filter(pk__in=case_ids).select_related("workspace", "assignee")
    rows = rows.annotate(is_unknown=unknown())
    cases = {case.pk: case for case in rows}
    cycles = {c.case_id: c for c in CaseCycle.objects.filter(case_id__in=cases, number=F("case__cycle"))}
    clocks: dict[int, list[Clock]] = {pk: [] for pk in cases}
    running = Clock.objects.filter(case_id__in=cases, stopped_at=None, cycle__number=F("case__cycle"))
    for clock in running.exclude(state=Clock.State.CANCELLED).order_by("pk"):
        clocks[clock.case_id].append(clock)
    called, led = escalated(case.ref for case in cases.values()), leads(cases.values())
    found = {}
    for pk, case in cases.items():
        leader, attached = led[pk]
        made = _card(case, cycles[pk], clocks[pk])
        found[pk] = Facts(case, replace(made, escalated=tuple(called[case.ref]), leader=leader, attached=attached))
    _add_changes(found, threads)
    _add_notices(found, threads)
    return found


def _card(case: Any, cycle: CaseCycle, clocks: list[Clock]) -> CaseFact:
    product = product_of(cycle.product_version_id)
    zone = product.office.timezone
    tier = product.tiers.get(cycle.tier)
    return CaseFact(
        ref=case.ref,
        workspace=case.workspace.display_name,
        tier=tier.name if tier else cycle.tier,
        severity=case.severity,
        state=case.state,
        assignee=case.assignee.name if case.assignee else "",
        link=f"{(settings.public_url or '').rstrip('/')}/console/cases/{case.ref}",
        answered=_words(case.answered_at, zone),
        is_p0=case.p0_at is not None,
        is_restricted=case.is_restricted,
        is_unknown=case.is_unknown and case.state in Case.OPEN,
        clocks=tuple(_clock(clock, zone) for clock in clocks) if case.state in Case.OPEN else (),
    )


def _clock(clock: Clock, zone: str) -> ClockFact:
    return ClockFact(
        kind=clock.kind,
        due=_words(clock.breached_at or clock.due_at, zone),
        is_late=clock.breached_at is not None,
        is_soft=clock.is_soft,
        is_paused=clock.paused_at is not None,
    )


def _words(at: datetime | None, zone: str) -> str:
    """An instant as the vendor's office reads it, without regard to when it is read: equal facts give an equal card."""
    return f"{at.astimezone(ZoneInfo(zone)):%a %Y-%m-%d %H:%M} {zone}" if at else ""


def _add_changes(found: Mapping[int, Facts], threads: Mapping[int, Thread]) -> None:
    since = min((threads[pk].told_change if pk in threads else 0 for pk in found), default=0)
    for row in CaseChange.objects.filter(case_id__in=found, pk__gt=since).order_by("pk"):
        changed = Changed(row.what, row.before, row.after, row.by, row.reason)
        found[row.case_id].changes.append((row.pk, changed))


def _add_notices(found: Mapping[int, Facts], threads: Mapping[int, Thread]) -> None:
    since = min((threads[pk].told_notice if pk in threads else 0 for pk in found), default=0)
    rows = Notice.objects.filter(clock__case_id__in=found, pk__gt=since).select_related("clock", "assignee")
    for row in rows.order_by("pk"):
        version = row.clock.product_version_id
        due = _words(row.due_at, product_of(version).office.timezone)
        pressed = Pressed(row.clock.kind, row.step, due, row.clock.is_soft, row.is_late)
        found[row.clock.case_id].notices.append((row, pressed))
