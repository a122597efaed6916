"""When a clock is due, warned, how much it has used and how it stands. Semantics: sla/README (300 vectors).

All functions are exact; every result that is an instant is UTC. A calendar is only looked at for business targets.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Literal

from roomdesk.rules.errors import TimeError
from roomdesk.rules.instants import rounded_down, rounded_up, since_epoch
from roomdesk.rules.scales import Stretch, scale_for
from roomdesk.rules.targets import Target, parse_target
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
_WHOLE = (None,)


def due(
    calendar: CompiledCalendar | None, target: Target, start: datetime, pauses: Sequence[Pause] = ()
) -> datetime | None:
    """The EARLIEST instant the un-paused time from `start` reaches the target, rounded UP to a whole second.

    None for the kind `none` and when an open pause comes first. NoWorkingTime when a business target finds no working
    time in [start, start + 10 years); TimeError for times that cannot be used.
    """
    if not pauses and (at := _due_at_once(calendar, target, start)) is not None:
        return rounded_up(at)
    return _when(calendar, target, start, pauses, _WHOLE)[0]


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
    begin, end = since_epoch(start), since_epoch(at, "at")
    stretches = _stretches(pauses, begin)
    if end < begin:
        return Fraction(0)
    numerator, denominator = scale_for(calendar, target.kind, begin, end).spent(begin, end, stretches)
    return Fraction(numerator * target.amount.denominator, denominator * target.amount.numerator)


def six_decimals(part: Fraction) -> str:
    """`0.123456`, the seventh decimal rounded half up (decision half-up). For parts that are not negative."""
    numerator, denominator = part.as_integer_ratio()
    millionths = (numerator * 2_000_000 + denominator) // (2 * denominator)
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
    end = since_epoch(rounded_down(since_epoch(due_at, "due")), "due")
    scale = scale_for(calendar, target.kind, end, end)
    scale.check_worked_before(end)
    return rounded_down(scale.latest(end, target))


def _due_at_once(calendar: CompiledCalendar | None, target: Target, start: datetime) -> timedelta | None:
    """The due time without pauses where two binary searches give it; `_when` would say the same, only later."""
    begin = since_epoch(start)
    if target.kind == "elapsed":
        return begin + target.length
    if calendar is None or target.kind == "none":
        return None
    table = calendar.covering(begin, begin)
    if target.kind == "business_hours":
        return table.due_in_hours(begin, target.length)
    return table.due_in_days(begin, target.whole_days)


def _when(
    calendar: CompiledCalendar | None,
    target: Target,
    start: datetime,
    pauses: Sequence[Pause],
    fractions: Sequence[Fraction | None],
) -> tuple[datetime | None, ...]:
    """When each fraction of the target is reached; None stands for all of it."""
    begin = since_epoch(start)
    stretches = _stretches(pauses, begin)
    if target.kind == "none":
        return (None,) * len(fractions)
    scale = scale_for(calendar, target.kind, begin, _last_known(begin, stretches))
    scale.check_works_from(begin)
    return tuple([None if at is None else rounded_up(at) for at in scale.dues(begin, target, stretches, fractions)])


def _last_known(begin: timedelta, stretches: Sequence[Stretch]) -> timedelta:
    """The last instant at which positions are asked for."""
    pause, end = stretches[-1] if stretches else (begin, None)
    return pause if end is None else end


def _stretches(pauses: Sequence[Pause], begin: timedelta) -> list[Stretch]:
    """Pauses in microseconds, cut at the start; TimeError unless they are sorted and disjoint (they may touch)."""
    stretches: list[Stretch] = []
    free_from: timedelta | None = timedelta.min
    for number, (pause, end) in enumerate(pauses, 1):
        since = since_epoch(pause, "pause", number)
        until = None if end is None else since_epoch(end, "pause", number)
        if free_from is None or since < free_from or (until is not None and until < since):
            raise _disorder(number, is_after_open=free_from is None, ends_early=until is not None and until < since)
        free_from = until
        if until is None or until > begin:
            stretches.append((since if since > begin else begin, until))
    return stretches


def _disorder(number: int, *, is_after_open: bool, ends_early: bool) -> TimeError:
    if is_after_open:
        return TimeError(f"pause {number} follows a pause that has no end; only the last may be open.")
    if ends_early:
        return TimeError(f"pause {number} ends before it begins.")
    return TimeError(f"pause {number} begins before the one before it ends; pauses must be sorted and disjoint.")
