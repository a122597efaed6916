"""The weeks of a rota as bands, a line for each layer: turns, gaps, office hours, now. What is drawn stands as words beside it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import gettext

from roomdesk.rules import rota as rules
from roomdesk.rules.calendars import Calendar
from roomdesk.rules.rota import Hours, Rota, Shift

#: How far the bands look: this week, and those that follow.
WEEKS = 4
_WEEK = timedelta(days=7)
#: The shortest turn that a first name fits into.
_READABLE = timedelta(hours=14)
Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of a band, in percent of the week. `kind` is turn, other (every second person), swap or gap; `name` is who it is in full.

    `words` fit into it, on small screens only where it is not tight; they are empty where none do.
    """

    start: str
    width: str
    words: str
    kind: str
    name: str = ""
    is_tight: bool = False


@dataclass(frozen=True, slots=True)
class Week:
    """One week: its days (where each begins, its name, and its number alone for small screens), the office's hours, a band for each layer, and where now is, or empty."""

    head: str
    days: Sequence[tuple[str, str, str]]
    hours: Sequence[tuple[str, str]]
    bands: Sequence[tuple[str, Sequence[Block]]]
    gaps: Sequence[Block]
    now: str


def weeks(rota: Rota, office: Calendar, names: Mapping[str, str], now: datetime) -> list[Week]:
    """This week and the next ones, Monday to Sunday on the office's clock. `names` are the people's, by id."""
    zone = ZoneInfo(office.zone)
    begins = [_monday(zone, now, number) for number in range(WEEKS + 1)]
    shifts = rules.shifts(rota, begins[0], begins[-1])
    gaps = rules.gaps(rota, begins[0], begins[-1])
    order = {person: place for place, person in enumerate(dict.fromkeys(one.person for one in shifts))}
    return [
        Week(
            head=_head(begin.astimezone(zone), (end - timedelta(hours=2)).astimezone(zone)),
            days=[
                (_percent(at, begin, end), date_format(at.replace(tzinfo=None), "D j"), str(at.day))
                for at in _days(zone, begin)
            ],
            hours=[(b.start, b.width) for b in _blocks(_open(office, begin, end), begin, end)],
            bands=[(layer.name, list(_turns(shifts, layer.name, names, order, begin, end))) for layer in rota.layers],
            gaps=list(_blocks(gaps, begin, end)),
            now=_percent(now, begin, end) if begin <= now < end else "",
        )
        for begin, end in pairwise(begins)
    ]


def _monday(zone: ZoneInfo, now: datetime, later: int) -> datetime:
    """Midnight of the Monday of this week, or so many weeks later."""
    today = now.astimezone(zone).date()
    day = today - timedelta(days=today.weekday()) + later * _WEEK
    return datetime.combine(day, time(), zone).astimezone(now.tzinfo)


def _days(zone: ZoneInfo, begin: datetime) -> Iterable[datetime]:
    first = begin.astimezone(zone).date()
    return (datetime.combine(first + timedelta(days=number), time(), zone) for number in range(7))


def _open(office: Calendar, begin: datetime, end: datetime) -> Iterable[Span]:
    return rules.open_hours(Hours(office), begin, end)


def _turns(
    shifts: Sequence[Shift],
    layer: str,
    names: Mapping[str, str],
    order: Mapping[str, int],
    begin: datetime,
    end: datetime,
) -> Iterable[Block]:
    for one in shifts:
        if one.layer == layer and one.start < end and begin < one.end:
            start, width = _place(one.start, one.end, begin, end)
            kind = "swap" if one.is_override else "other" if order[one.person] % 2 else "turn"
            name = names.get(one.person, one.person)
            room = min(one.end, end) - max(one.start, begin)
            yield Block(start, width, name.split()[0] if room >= _READABLE else "", kind, name, room < 2 * _READABLE)


def _blocks(spans: Iterable[Span], begin: datetime, end: datetime) -> Iterable[Block]:
    for start, stop in spans:
        if start < end and begin < stop:
            yield Block(*_place(start, stop, begin, end), gettext("nobody"), "gap")


def _place(start: datetime, stop: datetime, begin: datetime, end: datetime) -> tuple[str, str]:
    start, stop = max(start, begin), min(stop, end)
    return _percent(start, begin, end), f"{100 * ((stop - start) / (end - begin)):.3f}%"


def _percent(at: datetime, begin: datetime, end: datetime) -> str:
    return f"{100 * ((at - begin) / (end - begin)):.3f}%"


def _head(first: datetime, last: datetime) -> str:
    return f"{date_format(first.replace(tzinfo=None), 'j M')} – {date_format(last.replace(tzinfo=None), 'j M')}"
