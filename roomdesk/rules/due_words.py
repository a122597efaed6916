"""An explanation of a due time as English lines for people (R21)."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from roomdesk.rules.explain_due import Explanation, Segment
from roomdesk.rules.targets import Target
from roomdesk.rules.zones import zone_named

_NOUNS = {"elapsed": "hour", "business_hours": "business hour", "business_days": "business day"}
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def lines(explanation: Explanation) -> list[str]:
    """One line for the target, one per segment, one for the result; times on the wall of the calendar's zone."""
    zone = zone_named(explanation.zone)
    first = f"Target: {target_words(explanation.target)}, counted in {explanation.zone} from {_moment(explanation.start, zone)}."
    return [
        first,
        *(_segment(segment, explanation.target, zone) for segment in explanation.segments),
        _result(explanation, zone),
    ]


def target_words(target: Target) -> str:
    """`4 business hours`, `1 business day`, `5 business days as an aim`, `no target`."""
    if target.kind == "none":
        return "no target"
    plural = "" if target.amount == 1 else "s"
    return f"{_decimal(target.amount)} {_NOUNS[target.kind]}{plural}{' as an aim' if target.soft else ''}"


def _segment(segment: Segment, target: Target, zone: ZoneInfo) -> str:
    dates = _dates(segment)
    if segment.what == "paused":
        begin, end = segment.windows[0]
        until = f"to {_moment(end, zone)}" if end else "and still is"
        return f"Paused from {_moment(begin or end, zone)} {until}; that time does not count."
    if segment.what == "counted":
        return f"{dates}: {_counted(segment, target, zone)}"
    reason = {"closed": "closed", "exception": "closed by exception", "holiday": "holiday"}[segment.what]
    return f"{dates}: {reason}{f' ({segment.note})' if segment.note else ''}, nothing counts."


def _counted(segment: Segment, target: Target, zone: ZoneInfo) -> str:
    if segment.used is None:
        return "nothing counts, the clock is paused."
    windows = " and ".join(_window(begin, end, zone) for begin, end in segment.windows)
    of_day = f" of {_length(segment.day)}" if target.kind == "business_days" else ""
    return f"{windows} count {_length(segment.counted)}{of_day}; {_percent(segment.used)} of the target used."


def _result(explanation: Explanation, zone: ZoneInfo) -> str:
    if explanation.target.kind == "none":
        return "There is no due time."
    if explanation.due_at is None:
        return "There is no due time while the pause lasts."
    return f"Due {_moment(explanation.due_at, zone)}."


def _dates(segment: Segment) -> str:
    first, last = (f"{_DAYS[day.weekday()]} {day.isoformat()}" for day in (segment.first, segment.last))
    return first if segment.first == segment.last else f"{first} to {last}"


def _window(begin: datetime, end: datetime | None, zone: ZoneInfo) -> str:
    first, last = begin.astimezone(zone), (end or begin).astimezone(zone)
    if first.date() == last.date():
        return f"{_clock(first)}–{_clock(last)}"
    midnight = last.date() == first.date() + timedelta(days=1) and (last.hour, last.minute, last.second) == (0, 0, 0)
    return f"{_clock(first)}–24:00" if midnight else f"{_moment(begin, zone)} – {_moment(end or begin, zone)}"


def _moment(at: datetime | None, zone: ZoneInfo) -> str:
    """`Fri 2026-03-06 16:30 (UTC+02:00)`; the offset tells the two 03:30 of an October night apart."""
    if at is None:
        return "now"
    local = at.astimezone(zone)
    offset = local.strftime("%z")
    return f"{_DAYS[local.weekday()]} {date.isoformat(local.date())} {_clock(local)} (UTC{offset[:3]}:{offset[3:5]})"


def _clock(local: datetime) -> str:
    return f"{local:%H:%M:%S}" if local.second or local.microsecond else f"{local:%H:%M}"


def _length(length: timedelta) -> str:
    return ", ".join(_units(length)) or "0 s"


def _units(length: timedelta) -> Iterator[str]:
    seconds, rest = divmod(length, timedelta(seconds=1))
    for size, unit in ((3600, "h"), (60, "min")):
        if seconds >= size:
            yield f"{seconds // size} {unit}"
            seconds %= size
    if seconds or rest:
        yield f"{seconds}{f'.{rest.microseconds:06}' if rest else ''} s"


def _percent(part: Fraction) -> str:
    tenths = part * 1000 // 1
    return f"{tenths // 10}.{tenths % 10} %"


def _decimal(amount: Fraction) -> str:
    hundredths = amount * 100 // 1
    whole, rest = divmod(hundredths, 100)
    return f"{whole}.{rest:02}".rstrip("0").rstrip(".") if rest else str(whole)
