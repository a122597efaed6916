"""When a clock is due, warned, how much it has used and how it stands. Semantics: sla/README (300 vectors).

All functions are exact; every result that is an instant is UTC. A calendar is only looked at for business targets.
"""

from collections.abc import Sequence
from datetime import datetime
from fractions import Fraction
from typing import Literal

from roomdesk.rules.errors import TimeError
from roomdesk.rules.instants import HOUR, micros, rounded_down, rounded_up
from roomdesk.rules.scales import Scale, scale_for
from roomdesk.rules.targets import BUSINESS, Target, parse_target
from roomdesk.rules.working_time import CompiledCalendar

__all__ = [
    "Pause",
    "State",
    "Target",
    "consumed",
    "due",
    "latest_start",
    "parse_target",
    "six_decimals",
    "state",
    "warn_times",
]

Pause = tuple[datetime, datetime | None]
"""[begin, end) in UTC; an end of None is a pause that still lasts."""
State = Literal["met", "breached", "past_aim", "paused", "running"]
WARN_FRACTIONS = (Fraction(1, 2), Fraction(3, 4), Fraction(9, 10))
Stretch = tuple[int, int | None]


def due(
    calendar: CompiledCalendar | None, target: Target, start: datetime, pauses: Sequence[Pause] = ()
) -> datetime | None:
    """The EARLIEST instant the un-paused time from `start` reaches the target, rounded UP to a whole second.

    None for the kind `none` and when an open pause comes first. NoWorkingTime when a business target finds no working
    time in [start, start + 10 years); TimeError for times that cannot be used.
    """
    if not pauses and target.kind == "elapsed":
        return rounded_up(micros(start) - (-target.amount.numerator * HOUR // target.amount.denominator))
    if not pauses and calendar is not None and target.kind in BUSINESS:
        begin = micros(start)
        amount = target.amount
        table = calendar.covering(begin, begin)
        due_in = table.due_in_hours if target.kind == "business_hours" else table.due_in_days
        # Whole numbers and two binary searches where that is enough; `_when` would say the same, only later.
        if (at := due_in(begin, amount.numerator, amount.denominator)) is not None:
            return rounded_up(at)
    return _when(calendar, target, start, pauses, (Fraction(1),))[0]


def warn_times(
    calendar: CompiledCalendar | None,
    target: Target,
    start: datetime,
    pauses: Sequence[Pause] = (),
    fractions: Sequence[Fraction] = WARN_FRACTIONS,
) -> tuple[datetime | None, ...]:
    """`due` for each fraction of the target, in the order given."""
    return _when(calendar, target, start, pauses, fractions)


def consumed(
    calendar: CompiledCalendar | None, target: Target, start: datetime, pauses: Sequence[Pause], at: datetime
) -> Fraction:
    """Un-paused time from `start` to `at`, as an exact part of the target; may exceed 1; 0 before the start and for `none`."""
    if target.kind == "none":
        return Fraction(0)
    begin, end = micros(start), micros(at, "at")
    stretches = _stretches(pauses, begin)
    scale = scale_for(calendar, target.kind, begin, max(begin, end))
    spent = scale.position(max(begin, end)) - scale.position(begin)
    for pause, back in stretches:
        if pause < end:
            spent -= scale.position(end if back is None else min(back, end)) - scale.position(pause)
    return Fraction(spent) / target.need


def six_decimals(part: Fraction) -> str:
    """`0.123456`, the seventh decimal rounded half up (decision half-up). For parts that are not negative."""
    millionths = (part * 2_000_000 + 1) // 2
    return f"{millionths // 1_000_000}.{millionths % 1_000_000:06}"


def state(
    target: Target,
    due_at: datetime | None,
    at: datetime,
    stopped_at: datetime | None = None,
    pauses: Sequence[Pause] = (),
) -> State:
    """How a clock stands at `at`, by the published (rounded) due: met, breached or past_aim, paused, running.

    A due of None is never overdue: stopped is met, otherwise paused or running (decision stopped-in-open-pause).
    """
    if stopped_at is not None and (due_at is None or stopped_at <= due_at):
        return "met"
    if due_at is not None and (stopped_at or at) > due_at:
        return "past_aim" if target.soft else "breached"
    if any(begin <= at and (end is None or at < end) for begin, end in pauses):
        return "paused"
    return "running"


def latest_start(calendar: CompiledCalendar | None, target: Target, due_at: datetime) -> datetime:
    """The LATEST whole second from which the un-paused target is due no later than `due_at`.

    NoWorkingTime when a business target finds no working time in the ten years before;
    TimeError for the kind `none` and when the start would lie before 1900.
    """
    if target.kind == "none":
        raise TimeError("A target of the kind none has no due time and so no latest start.")
    end = micros(rounded_down(micros(due_at, "due")), "due")
    scale = scale_for(calendar, target.kind, end, end)
    scale.check_worked_before(end)
    while (position := scale.position(end) - target.need) < 0:
        scale = scale.earlier()
    return rounded_down(scale.leave(Fraction(position)))


def _when(
    calendar: CompiledCalendar | None,
    target: Target,
    start: datetime,
    pauses: Sequence[Pause],
    fractions: Sequence[Fraction],
) -> tuple[datetime | None, ...]:
    begin = micros(start)
    stretches = _stretches(pauses, begin)
    if target.kind == "none":
        return (None,) * len(fractions)
    scale = scale_for(calendar, target.kind, begin, _last_known(begin, stretches))
    scale.check_works_from(start)
    need = target.need
    return tuple(_reached(scale, begin, need * fraction, stretches) for fraction in fractions)


def _last_known(begin: int, stretches: Sequence[Stretch]) -> int:
    """The last instant at which positions are asked for."""
    pause, end = stretches[-1] if stretches else (begin, None)
    return pause if end is None else end


def _reached(scale: Scale, begin: int, need: Fraction, stretches: Sequence[Stretch]) -> datetime | None:
    """Each pause that begins before the goal is reached moves the goal on by what it hides."""
    goal = scale.position(begin) + need
    for pause, back in stretches:
        here = scale.position(pause)
        if here >= goal:
            break
        if back is None:
            return None
        goal += scale.position(back) - here
    return rounded_up(scale.reach(goal))


def _stretches(pauses: Sequence[Pause], begin: int) -> list[Stretch]:
    """Pauses in microseconds, cut at the start; TimeError unless they are sorted and disjoint (they may touch)."""
    stretches: list[Stretch] = []
    free_from: int | None = -(10**20)
    for number, (pause, end) in enumerate(pauses, 1):
        stretch = micros(pause, f"pause {number}"), None if end is None else micros(end, f"pause {number}")
        _check_order(number, stretch, free_from)
        free_from = stretch[1]
        if free_from is None or free_from > begin:
            stretches.append((max(stretch[0], begin), free_from))
    return stretches


def _check_order(number: int, stretch: Stretch, free_from: int | None) -> None:
    begin, end = stretch
    if free_from is None:
        raise TimeError(f"pause {number} follows a pause that has no end; only the last may be open.")
    if begin < free_from:
        raise TimeError(f"pause {number} begins before the one before it ends; pauses must be sorted and disjoint.")
    if end is not None and end < begin:
        raise TimeError(f"pause {number} ends before it begins.")
