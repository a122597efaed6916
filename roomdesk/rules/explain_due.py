"""How a due time came to be: every date, window, holiday and pause that mattered (R21), as data and as English words.

The walk goes date by date, which an explanation may. It counts with the engine's own spans; its sum is the target.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Literal
from zoneinfo import ZoneInfo

from roomdesk.rules.due_time import Pause, consumed, due, six_decimals
from roomdesk.rules.instants import exactly, format_instant, since_epoch
from roomdesk.rules.targets import Target
from roomdesk.rules.working_time import CompiledCalendar

Stretch = tuple[timedelta, timedelta]
"""[begin, end) in times since 1970."""
What = Literal["counted", "closed", "holiday", "exception", "paused"]


@dataclass(frozen=True, slots=True)
class Segment:
    """Consecutive local dates of which the same can be said.

    counted: `windows` are the UTC stretches that counted, `counted` their length, `day` all working time of the date,
    `used` the part of the target used by their end. closed, holiday (`note` its name; only on a date
    that has hours otherwise), exception (a one-off closure): nothing counted from `first` to `last`. paused: `windows` is the pause, an end of None still lasts.
    """

    what: What
    first: date
    last: date
    windows: tuple[Pause, ...] = ()
    counted: timedelta = timedelta()
    day: timedelta = timedelta()
    used: Fraction | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Explanation:
    """`due_at` is None while an open pause keeps the target from being reached, and for targets of the kind none."""

    target: Target
    zone: str
    start: datetime
    due_at: datetime | None
    segments: tuple[Segment, ...]


def explain_due(
    calendar: CompiledCalendar, target: Target, start: datetime, pauses: Sequence[Pause] = ()
) -> Explanation:
    """The explanation of `due(calendar, target, start, pauses)`; raises what that raises."""
    due_at = due(calendar, target, start, pauses)
    end = due_at or (pauses[-1][0] if pauses else start)
    segments = [] if target.kind == "none" or end < start else list(_walk(calendar, target, start, end, pauses))
    segments += [_pause(calendar.zone, pause) for pause in pauses if _matters(pause, start, due_at)]
    segments.sort(key=lambda segment: (segment.first, segment.what == "paused"))
    return Explanation(target, calendar.definition.zone, start, due_at, tuple(_merged(segments)))


def as_json(explanation: Explanation) -> dict[str, object]:
    """The explanation for machines: times in UTC, lengths in seconds (strings where not whole), parts with 6 decimals."""
    target = explanation.target
    return {
        "target": {"kind": target.kind, "amount": str(target.amount), "soft": target.soft},
        "timezone": explanation.zone,
        "start": format_instant(explanation.start),
        "due": None if explanation.due_at is None else format_instant(explanation.due_at),
        "segments": [_segment_json(segment) for segment in explanation.segments],
    }


def _walk(
    calendar: CompiledCalendar, target: Target, start: datetime, end: datetime, pauses: Sequence[Pause]
) -> Iterator[Segment]:
    day, last = start.astimezone(calendar.zone).date(), end.astimezone(calendar.zone).date()
    if target.kind == "elapsed":
        windows = _unpaused([(since_epoch(start), since_epoch(end))], pauses)
        yield _counted(calendar, target, start, pauses, windows, (day, last), timedelta())
        return
    table = calendar.covering(since_epoch(start), since_epoch(end))
    by_day: dict[int, list[Stretch]] = {}
    for begin, stop, number in table.spans(since_epoch(start), since_epoch(end)):
        by_day.setdefault(number, []).append((begin, stop))
    numbers = {table.days[number]: number for number in by_day}
    # A window until 24:00 goes on into the next date where clocks go back over midnight: a start in that hour is
    # still working time of the date before.
    day = min(day, *map(date.fromordinal, numbers)) if numbers else day
    while day <= last:
        found = numbers.get(day.toordinal())
        if found is not None:
            yield _counted(
                calendar, target, start, pauses, _unpaused(by_day[found], pauses), (day, day), table.lengths[found]
            )
        elif not calendar.hours(day.toordinal()):
            yield _closed(calendar, day)
        day += timedelta(days=1)


def _counted(
    calendar: CompiledCalendar,
    target: Target,
    start: datetime,
    pauses: Sequence[Pause],
    windows: list[Stretch],
    dates: tuple[date, date],
    whole: timedelta,
) -> Segment:
    shown: tuple[Pause, ...] = tuple((exactly(begin), exactly(end)) for begin, end in windows)
    length = sum((end - begin for begin, end in windows), timedelta())
    used = consumed(calendar, target, start, pauses, exactly(windows[-1][1])) if windows else None
    return Segment("counted", *dates, shown, length, whole, used)


def _closed(calendar: CompiledCalendar, day: date) -> Segment:
    definition = calendar.definition
    if not definition.usual_hours(day):
        return Segment("closed", day, day)
    if day in definition.holidays:
        return Segment("holiday", day, day, note=dict(definition.holiday_names).get(day, ""))
    return Segment("exception", day, day)


def _pause(zone: ZoneInfo, pause: Pause) -> Segment:
    begin, end = pause
    return Segment("paused", begin.astimezone(zone).date(), (end or begin).astimezone(zone).date(), (pause,))


def _matters(pause: Pause, start: datetime, due_at: datetime | None) -> bool:
    begin, end = pause
    return (end is None or end > start) and (due_at is None or begin < due_at)


def _unpaused(spans: list[Stretch], pauses: Sequence[Pause]) -> list[Stretch]:
    for pause, back in pauses:
        since, until = since_epoch(pause), None if back is None else since_epoch(back)
        spans = [
            part
            for begin, end in spans
            for part in ((begin, min(end, since)), (end if until is None else max(begin, until), end))
            if part[0] < part[1]
        ]
    return spans


def _merged(segments: list[Segment]) -> Iterator[Segment]:
    """Neighbouring closed dates as one."""
    run: Segment | None = None
    for segment in segments:
        if run and run.what == segment.what == "closed" and segment.first == run.last + timedelta(days=1):
            run = Segment("closed", run.first, segment.last)
            continue
        if run:
            yield run
        run = segment
    if run:
        yield run


def _segment_json(segment: Segment) -> dict[str, object]:
    written: dict[str, object] = {
        "what": segment.what,
        "first": segment.first.isoformat(),
        "last": segment.last.isoformat(),
    }
    if segment.windows:
        written["windows"] = [[format_instant(at) if at else None for at in window] for window in segment.windows]
    if segment.what == "counted":
        written |= {"seconds": _seconds(segment.counted), "day_seconds": _seconds(segment.day)}
        written["used"] = None if segment.used is None else six_decimals(segment.used)
    if segment.note:
        written["note"] = segment.note
    return written


def _seconds(length: timedelta) -> int | str:
    whole, rest = divmod(length // timedelta(microseconds=1), 1_000_000)
    return f"{whole}.{rest:06}" if rest else whole
