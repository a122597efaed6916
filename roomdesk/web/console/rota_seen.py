"""What a rota means for the next weeks, ready to be drawn: bands, the turns as words, gaps, and who would be in two places at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from roomdesk.product.schema import Product
from roomdesk.rules import rota as rules
from roomdesk.rules.calendars import parse_calendar
from roomdesk.rules.rota import Rota, Shift
from roomdesk.web.console.clock_words import moment
from roomdesk.web.console.rota_weeks import WEEKS, Week, weeks

#: Turns and gaps that are written out, and pairs of turns at once; the bands show all turns.
_MOST, _MOST_DOUBLES = 60, 4


@dataclass(frozen=True, slots=True)
class Line:
    """A turn in words."""

    person: str
    layer: str
    level: int
    start: str
    end: str
    why: str
    is_now: bool


@dataclass(frozen=True, slots=True)
class Seen:
    """`tonight` says who is on call now, and what follows. `further` turns and `further_doubles` are not written out."""

    tonight: str
    weeks: Sequence[Week]
    lines: Sequence[Line]
    further: int
    gaps: Sequence[tuple[str, str]]
    doubles: Sequence[tuple[str, str, str, str]]
    further_doubles: int
    zone: str
    days: int


def seen(rota: Rota, product: Product, names: Mapping[str, str], now: datetime) -> Seen:
    """The next weeks from now on. `names` are the people's, by id. No query."""
    zone, days = product.office.timezone, WEEKS * 7
    end = now + timedelta(days=days)
    found, gaps = rules.shifts(rota, now, end), rules.gaps(rota, now, end)
    doubles = rules.double_bookings(rota, now, end)
    return Seen(
        tonight=_tonight(rota, names, zone, now),
        weeks=weeks(rota, parse_calendar(product.office.as_plain()), names, now),
        lines=[_line(one, names, zone, now) for one in found[:_MOST]],
        further=max(0, len(found) - _MOST),
        gaps=[(moment(start, zone, now), moment(stop, zone, now)) for start, stop in gaps[:_MOST]],
        doubles=[
            (names.get(a.person, a.person), f"{a.layer}, {b.layer}", moment(a.start, zone, now), moment(a.end, zone, now))
            for a, b in doubles[:_MOST_DOUBLES]
        ],
        further_doubles=max(0, len(doubles) - _MOST_DOUBLES),
        zone=zone,
        days=days,
    )  # fmt: skip


def _tonight(rota: Rota, names: Mapping[str, str], zone: str, now: datetime) -> str:
    there = rules.on_call(rota, now)
    who = ", ".join(dict.fromkeys(names.get(one.person, one.person) for one in there)) or _("nobody")
    until = rules.next_hand_over(rota, now)
    if until is None:
        return _("Now: %(who)s.") % {"who": who}
    after = ", ".join(dict.fromkeys(names.get(one.person, one.person) for one in rules.on_call(rota, until)))
    named = {"who": who, "until": moment(until, zone, now), "next": after or _("nobody")}
    return _("Now: %(who)s until %(until)s, then %(next)s.") % named


def _line(one: Shift, names: Mapping[str, str], zone: str, now: datetime) -> Line:
    instead = names.get(one.stands_in_for, one.stands_in_for)
    why = one.reason or (_("for %(person)s") % {"person": instead} if instead else "")
    return Line(
        names.get(one.person, one.person), one.layer, one.level, moment(one.start, zone, now), moment(one.end, zone, now),
        why, one.start <= now < one.end,
    )  # fmt: skip
