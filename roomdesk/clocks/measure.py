"""What a stored clock comes to: its due time, its steps and what it would be without a change. Computed from what it pins."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from functools import lru_cache

from roomdesk.clocks.models import Clock
from roomdesk.clocks.policy import calendar_of, grace_of, target_of, warnings_of
from roomdesk.product.promises import Measure
from roomdesk.rules.clock_steps import BREACH, Course, Step
from roomdesk.rules.due_time import Pause, due, warn_times
from roomdesk.rules.instants import format_instant, parse_instant
from roomdesk.rules.targets import Target
from roomdesk.rules.working_time import CompiledCalendar

Pauses = tuple[Pause, ...]


@dataclass(frozen=True, slots=True)
class Promise:
    """So much time of a calendar from an instant on. `amount` is decimal text, empty for the kind `none`."""

    version_id: int
    kind: str
    amount: str
    soft: bool
    calendar: str
    counted_from: datetime

    @property
    def target(self) -> Target:
        return _target(self.kind, self.amount, self.soft)

    @property
    def compiled(self) -> CompiledCalendar | None:
        return calendar_of(self.version_id, self.calendar) if self.calendar else None

    def due_at(self, pauses: Pauses) -> datetime | None:
        return due(self.compiled, self.target, self.counted_from, pauses) if pauses else _due_at(self)

    def as_text(self) -> str:
        """As a clock keeps it in `without`."""
        start = format_instant(self.counted_from)
        return json.dumps([self.version_id, self.kind, self.amount, self.soft, self.calendar, start])


@lru_cache(maxsize=256)
def _due_at(promise: Promise) -> datetime | None:
    """Without pauses. A clock that begins asks for it once for its row and once for its revision."""
    return due(promise.compiled, promise.target, promise.counted_from)


def promise_from(text: str) -> Promise:
    version, kind, amount, soft, calendar, start = json.loads(text)
    return Promise(version, kind, amount, soft, calendar, parse_instant(start, "The start"))


def promise_of(clock: Clock) -> Promise:
    """The promise that holds now."""
    return Promise(
        clock.product_version_id,
        clock.target_kind,
        clock.target_amount,
        clock.is_soft,
        clock.calendar,
        clock.counted_from,
    )


@lru_cache(maxsize=1024)
def measure(kind: str, amount: str, soft: bool) -> Measure:
    """What was checked when its product was loaded is checked once a process."""
    return Measure.model_validate({"kind": kind, "amount": amount or None, "soft": soft})


@lru_cache(maxsize=1024)
def _target(kind: str, amount: str, soft: bool) -> Target:
    return target_of(measure(kind, amount, soft))


def measure_of(clock: Clock) -> Measure:
    """What a stored clock measures, in the product's terms."""
    return measure(clock.target_kind, clock.target_amount, clock.is_soft)


def amount_text(target: Target) -> str:
    """A target's amount as decimal text of at most two places, empty for `none`: exact, as it was read."""
    if target.kind == "none":
        return ""
    hundredths = int(target.amount * 100)
    return f"{hundredths // 100}.{hundredths % 100:02d}".rstrip("0").rstrip(".")


def pauses_of(clock: Clock) -> Pauses:
    """The clock's pauses in order; the last has no end while it lasts."""
    ended = (stretch.split("/") for stretch in clock.pauses.split())
    pauses: Pauses = tuple((parse_instant(a, "begin"), parse_instant(b, "end")) for a, b in ended)
    return (*pauses, (clock.paused_at, None)) if clock.paused_at else pauses


def add_pause(clock: Clock, begin: datetime, end: datetime) -> None:
    """Keeps an ended pause; one without length is none."""
    if end > begin:
        clock.pauses = f"{clock.pauses} {format_instant(begin)}/{format_instant(end)}".strip()


def pauses_until(clock: Clock, at: datetime) -> Pauses:
    """The clock's pauses as if one that lasts ended at `at`: two promises can be compared only so."""
    return tuple((begin, max(begin, at) if end is None else end) for begin, end in pauses_of(clock))


def counted_due_at(clock: Clock, pauses: Pauses | None = None) -> datetime | None:
    """When the target is used up, counted from where it counts; None while that cannot be said."""
    return promise_of(clock).due_at(pauses_of(clock) if pauses is None else pauses)


def grace_due_at(clock: Clock, pauses: Pauses | None = None) -> datetime | None:
    """The earliest due time that the grace after a change upward allows (D17); None without one, or while it cannot be said."""
    grace = _grace(clock)
    if grace is None or clock.grace_from is None:
        return None
    return due(promise_of(clock).compiled, grace, clock.grace_from, pauses_of(clock) if pauses is None else pauses)


def due_at(clock: Clock, pauses: Pauses | None = None) -> datetime | None:
    """When a stored clock is due, computed anew from what it pins; with other pauses than its own where they are given."""
    counted = counted_due_at(clock, pauses)
    if counted is None or _grace(clock) is None:
        return counted
    grace = grace_due_at(clock, pauses)
    return max(counted, grace) if grace else None


def _grace(clock: Clock) -> Target | None:
    return grace_of(clock.product_version_id, promise_of(clock).target) if clock.grace_from else None


def due_without(clock: Clock) -> datetime | None:
    """When it would be due without the change that `cause` names; None where it never would."""
    return promise_from(clock.without).due_at(pauses_of(clock)) if clock.without else None


def cause_at(clock: Clock, at: datetime) -> str:
    """The change without which the clock would not have run late by `at`; empty where it would have anyway (D16)."""
    if not clock.cause:
        return ""
    without = due_without(clock)
    return clock.cause if without is None or at <= without else ""


def course_of(clock: Clock) -> Course:
    """What is to be told of the clock, and when. A clock that nobody waits for any more has no steps."""
    promise = promise_of(clock)
    hours = None if promise.target.kind == "elapsed" else promise.compiled
    return Course(_steps(clock, promise), clock.told, _since(clock), hours, found=clock.breached_at is not None)


def _steps(clock: Clock, promise: Promise) -> tuple[Step, ...]:
    if clock.stopped_at or clock.state == Clock.State.CANCELLED:
        return ()
    if clock.breached_at:
        return (Step(BREACH, clock.breached_at),)
    if clock.due_at is None:
        return ()
    if clock.paused_at:
        # It was due before the pause began: waiting takes no breach back.
        return (Step(BREACH, clock.due_at),)
    percents = warnings_of(promise.version_id)
    parts = [Fraction(percent, 100) for percent in percents]
    at = warn_times(promise.compiled, promise.target, promise.counted_from, pauses_of(clock), parts)
    warnings = tuple(Step(percent, instant) for percent, instant in zip(percents, at, strict=True) if instant)
    return (*warnings, Step(BREACH, clock.due_at))


def _since(clock: Clock) -> datetime:
    pauses = pauses_of(clock)
    ended = pauses[-1][1] if pauses else None
    return max(clock.revised_at, ended) if ended else clock.revised_at
