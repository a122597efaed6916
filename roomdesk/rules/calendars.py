"""A working calendar as it is written down: zone, week, holidays, one-off closures and openings."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise

from roomdesk.rules.errors import CalendarError
from roomdesk.rules.instants import shown
from roomdesk.rules.zones import zone_named

Window = tuple[int, int]
"""Minutes of the local day, half-open: (540, 1080) is 09:00–18:00; 1440 is the legal end 24:00."""
Windows = tuple[Window, ...]

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WHOLE_DAY: Windows = ((0, 1440),)
_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])|24:00")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True, slots=True)
class Calendar:
    """A validated definition; hashable, so that `compile_calendar` can keep what it made. Build it with `parse_calendar`.

    The hours of a date: the week's (none on a holiday), minus the closures, plus the openings; an opening is the most
    particular word and therefore wins over a holiday and over a closure.
    """

    zone: str
    week: tuple[Windows, ...]
    holidays: frozenset[date] = frozenset()
    closures: tuple[tuple[date, Windows], ...] = ()
    openings: tuple[tuple[date, Windows], ...] = ()
    holiday_names: tuple[tuple[date, str], ...] = ()

    def usual_hours(self, day: date) -> Windows:
        """What the week says for this weekday, whatever holidays and exceptions say."""
        return self.week[day.weekday()]

    def special_hours(self) -> dict[date, Windows]:
        """Hours of every date on which the week alone does not decide."""
        closures, openings = dict(self.closures), dict(self.openings)
        return {
            day: joined(
                cut(() if day in self.holidays else self.usual_hours(day), closures.get(day, ()))
                + openings.get(day, ())
            )
            for day in {*self.holidays, *closures, *openings}
        }


def parse_calendar(data: object) -> Calendar:
    """A calendar from its written form (sla/README, Format); CalendarError with a sentence when it is wrong.

    `holidays` is a list of dates or a table date → name; `closures` a list of dates or a table date → windows;
    `openings` a table date → windows. Dates are `YYYY-MM-DD` or TOML dates. A weekday left out is closed.
    """
    table = _table(data, "calendar")
    zone = table.get("timezone")
    if not isinstance(zone, str):
        raise CalendarError(f"calendar.timezone must be an IANA name like Europe/Sofia, not {shown(zone)}.")
    zone_named(zone)
    holidays = _dated(table.get("holidays", []), "calendar.holidays", "")
    return Calendar(
        zone=zone,
        week=_week(table.get("week")),
        holidays=frozenset(holidays),
        closures=_windows_by_date(table.get("closures", {}), "calendar.closures"),
        openings=_windows_by_date(table.get("openings", {}), "calendar.openings"),
        holiday_names=tuple(sorted((day, str(name)) for day, name in holidays.items() if name)),
    )


def joined(windows: Iterable[Window]) -> Windows:
    """The same minutes as sorted windows without overlap; touching ones stay apart."""
    done: list[Window] = []
    for start, end in sorted(windows):
        if done and start < done[-1][1]:
            start, end = done[-1][0], max(end, done.pop()[1])
        done.append((start, end))
    return tuple(done)


def cut(windows: Windows, away: Windows) -> Windows:
    """`windows` without the minutes of `away`."""
    for begin, end in away:
        windows = tuple(
            part
            for start, stop in windows
            for part in ((start, min(stop, begin)), (max(start, end), stop))
            if part[0] < part[1]
        )
    return windows


def _table(data: object, field: str) -> Mapping[str, object]:
    if not isinstance(data, Mapping):
        raise CalendarError(f"{field} must be a table, not {shown(data)}.")
    return data


def _week(data: object) -> tuple[Windows, ...]:
    week = _table(data, "calendar.week")
    for day in week:
        if day not in WEEKDAYS:
            raise CalendarError(
                f"calendar.week has an unknown weekday {shown(day)}; the days are {', '.join(WEEKDAYS)}."
            )
    return tuple(_windows(week.get(day, []), f"calendar.week.{day}") for day in WEEKDAYS)


def _windows(data: object, field: str) -> Windows:
    if not isinstance(data, list | tuple):
        raise CalendarError(f'{field} must be a list of windows like ["09:00", "18:00"], not {shown(data)}.')
    windows = sorted(_window(window, field) for window in data)
    for earlier, later in pairwise(windows):
        if later[0] < earlier[1]:
            raise CalendarError(f"{field} has windows that overlap: {clock(earlier)} and {clock(later)}.")
    return tuple(windows)


def _window(data: object, field: str) -> Window:
    if not isinstance(data, list | tuple) or len(data) != 2:
        raise CalendarError(f'{field} must have windows like ["09:00", "18:00"], not {shown(data)}.')
    start, end = _minute(data[0], field), _minute(data[1], field)
    if start >= end:
        raise CalendarError(
            f"{field} has a window that does not start before it ends: {clock((start, end))}; "
            "one that runs past midnight is written as two, up to 24:00 and from 00:00."
        )
    return start, end


def _minute(data: object, field: str) -> int:
    if not isinstance(data, str) or not _TIME.fullmatch(data):
        raise CalendarError(f"{field} must have times from 00:00 to 24:00 written HH:MM, not {shown(data)}.")
    return int(data[:2]) * 60 + int(data[3:])


def clock(window: Window) -> str:
    """A window as people write it: `09:00–18:00`."""
    (start, end) = window
    return f"{start // 60:02}:{start % 60:02}–{end // 60:02}:{end % 60:02}"


def _dated(data: object, field: str, otherwise: object) -> dict[date, object]:
    """Date → value from a table, or from a list of dates with the same value for each."""
    if isinstance(data, list | tuple | set | frozenset):
        return {_date(day, field): otherwise for day in data}
    return {_date(day, field): value for day, value in _table(data, field).items()}


def _date(data: object, field: str) -> date:
    if isinstance(data, date) and not isinstance(data, datetime):
        return data
    try:
        if isinstance(data, str) and _DATE.fullmatch(data):
            return date.fromisoformat(data)
    except ValueError:
        pass
    raise CalendarError(f"{field} must have dates written YYYY-MM-DD that exist, not {shown(data)}.")


def _windows_by_date(data: object, field: str) -> tuple[tuple[date, Windows], ...]:
    dated = _dated(data, field, [["00:00", "24:00"]])
    return tuple((day, _windows(windows, f"{field}.{day}")) for day, windows in sorted(dated.items()))
