"""How a clock came to its due time (R21): the promise in words, every window counted, what changed, and how it stands now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from roomdesk.clocks.models import Clock
from roomdesk.clocks.policy import calendar_of, office_of, target_of, target_rows
from roomdesk.clocks.services import measure_of
from roomdesk.product.models import ProductVersion
from roomdesk.rules import due_words
from roomdesk.rules.due_time import Pause, consumed, state
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
    started_at: datetime
    stopped_at: datetime | None = None
    is_cancelled: bool = False

    @property
    def compiled(self) -> CompiledCalendar:
        """Its calendar; where it has none, the office's gives the zone in which times are told."""
        version = self.case.version.pk
        return calendar_of(version, self.calendar) if self.calendar else office_of(version)


def explain(clock: Clock, now: datetime) -> dict[str, Any]:
    """The whole explanation of a stored clock at `now`, with its `lines` in English."""
    measured = _measured(clock)
    value = _explained(measured, now)
    changes = [_change(change) for change in clock.case.changes.order_by("at", "id") if change.what in _MATTERS]
    facts = {"ref": clock.case.ref, "clock": clock.kind, "cycle": clock.cycle.number, "public": clock.is_public}
    end = {"stopped_at": clock.stopped_at, "stopped_by": clock.stopped_by or None, "breached_at": clock.breached_at}
    lines = [*value["lines"], *_end(clock), *map(_change_words, changes)]
    return {**facts, **value, **end, "changes": changes, "lines": lines}


#: Changes of a case that bear on its clocks.
_MATTERS = frozenset({"severity", "kind", "tier", "state", "retarget"})


def explain_all(clocks: Iterable[Clock], now: datetime) -> list[dict[str, Any]]:
    """Explanations of a case's clocks, in their order."""
    return [explain(clock, now) for clock in clocks]


def simulate(case: Case, at: datetime) -> list[dict[str, Any]]:
    """What every clock of such a case, opened at `at`, would be; nothing is written."""
    return [_explained(_imagined(case, clock, at), at) for clock in Clock.Kind.values]


def _measured(clock: Clock) -> Measured:
    cycle = clock.cycle
    case = Case(clock.product_version, cycle.tier, tuple(cycle.addons), clock.case.kind, clock.severity)
    is_cancelled = clock.state == Clock.State.CANCELLED
    target = target_of(measure_of(clock))
    return Measured(case, clock.kind, target, clock.calendar, clock.started_at, clock.stopped_at, is_cancelled)


def _imagined(case: Case, clock: str, at: datetime) -> Measured:
    chosen = choose_target(target_rows(case.version.pk), case.tier, case.addons, case.kind, case.severity, clock)
    if chosen is None:
        return Measured(case, clock, Target("none"), "", at)
    return Measured(case, clock, chosen.row.target, chosen.row.calendar, at)


#: No clock can pause yet: the first response never does (R17).
_PAUSES: tuple[Pause, ...] = ()


def _explained(measured: Measured, now: datetime) -> dict[str, Any]:
    calendar, target = measured.compiled, measured.target
    told = explain_due(calendar, target, measured.started_at, _PAUSES)
    at = measured.stopped_at or max(now, measured.started_at)
    used = consumed(calendar, target, measured.started_at, _PAUSES, at)
    standing = "cancelled" if measured.is_cancelled else state(target, told.due_at, at, measured.stopped_at, _PAUSES)
    return {
        "clock": measured.clock,
        **measured.case.as_json(),
        "target": {**_target(told), "row": _row_words(measured)},
        "calendar": {"name": measured.calendar or None, "timezone": told.zone},
        "started_at": measured.started_at,
        "due_at": told.due_at,
        "segments": as_json(told)["segments"],
        "at": at,
        "state": standing,
        "consumed": six_decimals(used),
        "lines": [
            _head(measured),
            _row_words(measured),
            *due_words.lines(told),
            f"It is {standing}; {six_decimals(used)} of the target is used.",
        ],
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
    """Which row of the table was taken, as long as the case is still what it was then."""
    case = measured.case
    chosen = choose_target(
        target_rows(case.version.pk), case.tier, case.addons, case.kind, case.severity, measured.clock
    )
    if chosen and chosen.row.target == measured.target:
        return chosen.why.words
    if chosen is None and measured.target.kind == "none":
        return "The table has no row for this: nothing is promised, the wait is only measured."
    return "The case has changed since this clock began; the clock keeps the target it was started with."


def _change(row: Any) -> dict[str, Any]:
    names = ("at", "what", "before", "after", "by", "reason")
    return {name: getattr(row, name) or None for name in names}


def _change_words(change: Mapping[str, Any]) -> str:
    reason = f" ({change['reason']})" if change["reason"] else ""
    return f"{change['at']:%Y-%m-%d %H:%M:%S} UTC: {change['what']} {change['before'] or '-'} → {change['after']} by {change['by']}{reason}."


def _end(clock: Clock) -> list[str]:
    if clock.stopped_at is None:
        return []
    return [f"Stopped {clock.stopped_at:%Y-%m-%d %H:%M:%S} UTC by {clock.stopped_by}."]
