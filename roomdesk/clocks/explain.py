"""How a clock came to its due time (R21): the promise in words, every window counted, what changed, and how it stands now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any

from django.db.models import prefetch_related_objects

from roomdesk.clocks import explain_words as words
from roomdesk.clocks.measure import Pauses, measure, pauses_of
from roomdesk.clocks.models import Clock, Revision
from roomdesk.clocks.policy import calendar_of, office_of, target_of, target_rows
from roomdesk.product.models import ProductVersion
from roomdesk.rules import due_words
from roomdesk.rules.due_time import consumed, state
from roomdesk.rules.explain_due import Explanation, as_json, explain_due
from roomdesk.rules.severity import choose_target
from roomdesk.rules.sla_lines import six_decimals
from roomdesk.rules.targets import Target
from roomdesk.rules.working_time import CompiledCalendar


@dataclass(frozen=True, slots=True)
class Case:
    """What a promise depends on."""

    version: ProductVersion
    tier: str
    addons: tuple[str, ...]
    kind: str
    severity: str

    def as_json(self) -> dict[str, Any]:
        policy = {"product": self.version.slug, "version": self.version.number, "loaded_at": self.version.loaded_at}
        return {
            "policy": policy,
            "tier": self.tier,
            "addons": list(self.addons),
            "kind": self.kind,
            "severity": self.severity,
        }


@dataclass(frozen=True, slots=True)
class Measured:
    """A promise being measured: a stored clock, or one that is only imagined."""

    case: Case
    clock: str
    target: Target
    calendar: str
    counted_from: datetime
    pauses: Pauses = ()
    stopped_at: datetime | None = None

    @property
    def compiled(self) -> CompiledCalendar:
        """Its calendar; where it has none, the office's gives the zone in which times are told."""
        version = self.case.version.pk
        return calendar_of(version, self.calendar) if self.calendar else office_of(version)


def explain(clock: Clock, now: datetime) -> dict[str, Any]:
    """The whole explanation of a stored clock at `now`, with its `lines` in English."""
    return explain_all([clock], now)[0]


def explain_all(clocks: Iterable[Clock], now: datetime, *, with_reasons: bool = True) -> list[dict[str, Any]]:
    """Explanations of clocks, in their order; as many queries for many as for one.

    `with_reasons`: what staff wrote about a change is for staff; customers are told the change.
    """
    clocks = list(clocks)
    prefetch_related_objects(clocks, "case", "cycle", "product_version")
    revisions: dict[int, list[Revision]] = defaultdict(list)
    rows = Revision.objects.filter(clock__in=clocks).select_related("product_version").order_by("number")
    for row in rows.defer("product_version__content"):
        revisions[row.clock_id].append(row)
    changes = _changes(clocks)
    if not with_reasons:
        for row in chain(*revisions.values(), *changes.values()):
            row.reason = ""
    return [_explain(clock, revisions[clock.pk], changes[clock.case_id], now) for clock in clocks]


#: Changes of a case that bear on its clocks, though the promise stays.
_MATTERS = ("severity", "kind", "tier", "state")


def _changes(clocks: Sequence[Clock]) -> dict[int, list[Any]]:
    """By case. The model lies above this package; the relation leads to it."""
    found: dict[int, list[Any]] = defaultdict(list)
    if clocks:
        model = clocks[0].case.changes.model
        rows = model.objects.filter(case_id__in={clock.case_id for clock in clocks}, what__in=_MATTERS)
        for row in rows.order_by("at", "id"):
            found[row.case_id].append(row)
    return found


def _explain(clock: Clock, revisions: list[Revision], changes: list[Any], now: datetime) -> dict[str, Any]:
    measured = _measured(clock, revisions)
    value = _explained(measured, now)
    value["due_at"], value["state"] = clock.due_at, _standing(clock, value["state"])
    facts = {"ref": clock.case.ref, "clock": clock.kind, "cycle": clock.cycle.number, "public": clock.is_public}
    lines = [*value["lines"], *words.of_clock(clock, revisions), *map(words.of_change, changes)]
    lines.append(words.standing(value["state"], value["consumed"]))
    return {
        **facts,
        **value,
        **_ends(clock),
        "started_at": clock.started_at,
        "counted_from": clock.counted_from,
        "pauses": [{"from": begin, "to": end} for begin, end in measured.pauses],
        "revisions": [_revision(row) for row in revisions],
        "changes": [_change(row) for row in changes],
        "lines": lines,
    }


def _ends(clock: Clock) -> dict[str, Any]:
    return {
        "stopped_at": clock.stopped_at,
        "stopped_by": clock.stopped_by or None,
        "breached_at": clock.breached_at,
        "cancelled_at": clock.cancelled_at,
        "caused_by": clock.caused_by or None,
    }


def _standing(clock: Clock, computed: str) -> str:
    """A breach that was published stays, whatever was promised afterwards (D17)."""
    if clock.state == Clock.State.CANCELLED:
        return "cancelled"
    return str(clock.state) if clock.breached_at else computed


def simulate(case: Case, at: datetime) -> list[dict[str, Any]]:
    """What every clock of such a case, opened at `at`, would be; nothing is written."""
    return [_simulated(_imagined(case, clock, at), at) for clock in Clock.Kind.values]


def _simulated(measured: Measured, at: datetime) -> dict[str, Any]:
    value = _explained(measured, at)
    return {**value, "started_at": at, "lines": [*value["lines"], words.standing(value["state"], value["consumed"])]}


def _measured(clock: Clock, revisions: list[Revision]) -> Measured:
    newest = revisions[-1]
    case = Case(clock.product_version, newest.tier, tuple(newest.addons), newest.kind, clock.severity)
    target = target_of(measure(clock.target_kind, clock.target_amount, clock.is_soft))
    return Measured(case, clock.kind, target, clock.calendar, clock.counted_from, pauses_of(clock), clock.stopped_at)


def _imagined(case: Case, clock: str, at: datetime) -> Measured:
    chosen = choose_target(target_rows(case.version.pk), case.tier, case.addons, case.kind, case.severity, clock)
    if chosen is None:
        return Measured(case, clock, Target("none"), "", at)
    return Measured(case, clock, chosen.row.target, chosen.row.calendar, at)


def _explained(measured: Measured, now: datetime) -> dict[str, Any]:
    calendar, target, pauses = measured.compiled, measured.target, measured.pauses
    told = explain_due(calendar, target, measured.counted_from, pauses)
    at = measured.stopped_at or max(now, measured.counted_from)
    row = _row_words(measured)
    return {
        "clock": measured.clock,
        **measured.case.as_json(),
        "target": {**_target(told), "row": row},
        "calendar": {"name": measured.calendar or None, "timezone": told.zone},
        "due_at": told.due_at,
        "counted_due_at": told.due_at,
        "segments": as_json(told)["segments"],
        "at": at,
        "state": state(target, told.due_at, at, measured.stopped_at, pauses),
        "consumed": six_decimals(consumed(calendar, target, measured.counted_from, pauses, at)),
        "lines": [_head(measured), row, *due_words.lines(told)],
    }


def _target(told: Explanation) -> dict[str, Any]:
    plain = as_json(told)["target"]
    assert isinstance(plain, dict)
    amount = None if told.target.kind == "none" else plain["amount"]
    return {**plain, "amount": amount, "words": due_words.target_words(told.target)}


def _head(measured: Measured) -> str:
    case = measured.case
    extra = f" with {', '.join(case.addons)}" if case.addons else ""
    name = measured.clock.replace("_", " ").capitalize()
    return (
        f"{name} of a case of severity {case.severity} and kind {case.kind}, tier {case.tier}{extra}, by version "
        f"{case.version.number} of {case.version.slug}."
    )


def _row_words(measured: Measured) -> str:
    """Which row of the table was taken."""
    case = measured.case
    chosen = choose_target(
        target_rows(case.version.pk), case.tier, case.addons, case.kind, case.severity, measured.clock
    )
    if chosen and chosen.row.target == measured.target:
        return chosen.why.words
    return "Nothing is promised here: the wait is only measured."


def _revision(row: Revision) -> dict[str, Any]:
    case = Case(row.product_version, row.tier, tuple(row.addons), row.kind, row.severity)
    return {
        "number": row.number,
        "at": row.at,
        "by": row.by,
        "cause": row.cause,
        "reason": row.reason or None,
        **case.as_json(),
        "target": {"kind": row.target_kind, "amount": row.target_amount or None, "soft": row.is_soft},
        "calendar": row.calendar or None,
        "public": row.is_public,
        "counted_from": row.counted_from,
        "counted_due_at": row.counted_due_at,
        "grace_due_at": row.grace_due_at,
        "due_at": row.due_at,
    }


def _change(row: Any) -> dict[str, Any]:
    names = ("at", "what", "before", "after", "by", "reason")
    return {name: getattr(row, name) or None for name in names}
