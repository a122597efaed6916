"""A calendar as calendar programs read it (RFC 5545): shifts of a rota, in UTC, each known again by its id. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from roomdesk.rules.rota import Shift

#: Octets of a line before it is folded (RFC 5545 §3.1).
_LINE = 75
#: How long before a shift its owner is reminded by their calendar, in minutes.
REMINDED = 60
_SPECIAL = re.compile(r"([\\;,])")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Calendar:
    """`name` is shown by the program; `host` makes ids that nobody else gives; `at` is when it was asked for."""

    name: str
    host: str
    at: datetime
    reminds: bool


def calendar(about: Calendar, shifts: Iterable[Shift]) -> str:
    """The whole calendar, every line ended by CR LF."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Roomdesk//On call//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"X-WR-CALNAME:{_text(about.name)}",
        "REFRESH-INTERVAL;VALUE=DURATION:PT1H",
        "X-PUBLISHED-TTL:PT1H",
    ]
    for shift in shifts:
        lines += _event(about, shift)
    lines.append("END:VCALENDAR")
    return "".join(f"{part}\r\n" for line in lines for part in _folded(line))


def _event(about: Calendar, shift: Shift) -> list[str]:
    said = f"On call: {shift.person} ({shift.layer})"
    why = f"Instead of the rota: {shift.reason}" if shift.is_override and shift.reason else ""
    why = why or (f"Stands in for {shift.stands_in_for}" if shift.stands_in_for else "")
    lines = [
        "BEGIN:VEVENT",
        f"UID:{_id(shift)}@{about.host}",
        f"DTSTAMP:{_instant(about.at)}",
        f"DTSTART:{_instant(shift.start)}",
        f"DTEND:{_instant(shift.end)}",
        f"SUMMARY:{_text(said)}",
        *([f"DESCRIPTION:{_text(why)}"] if why else []),
        f"CATEGORIES:LEVEL {shift.level}",
        "TRANSP:TRANSPARENT",
    ]
    if about.reminds:
        lines += [
            "BEGIN:VALARM",
            "ACTION:DISPLAY",
            f"DESCRIPTION:{_text(said)}",
            f"TRIGGER:-PT{REMINDED}M",
            "END:VALARM",
        ]
    return [*lines, "END:VEVENT"]


def _id(shift: Shift) -> str:
    """The same shift keeps its id however often the calendar is asked for."""
    said = f"{shift.layer}:{shift.person}:{_instant(shift.start)}"
    return hashlib.sha256(said.encode()).hexdigest()[:32]


def _instant(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _text(value: str) -> str:
    """Escaped as a value of type TEXT (§3.3.11)."""
    return _SPECIAL.sub(r"\\\1", _CONTROL.sub("", value)).replace("\n", r"\n")


def _folded(line: str) -> Iterator[str]:
    """Parts of at most 75 octets, the later ones begun by a space, never within a letter."""
    part = ""
    for letter in line:
        if len((part + letter).encode()) > _LINE:
            yield part
            part = " "
        part += letter
    yield part
