"""The working time of a clock as a strip: what counted, what did not and why, where it stands now and where it is due."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

#: Tones that are told in the key under the strip.
_WORDS = {
    "counted": _("counted"),
    "paused": _("paused"),
    "holiday": _("holiday"),
    "exception": _("closed for once"),
    "closed": _("closed"),
}


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch: its tone, where it begins and how long it is, in percent of the strip, and what it is in words."""

    tone: str
    x: str
    width: str
    words: str


@dataclass(frozen=True, slots=True)
class Strip:
    """From the start to the due time or to now, whichever is later. `due` and `at` are places in percent; empty where there are none."""

    pieces: Sequence[Piece]
    due: str
    at: str
    begins: str
    ends: str
    key: Sequence[tuple[str, str]]


def strip(told: Mapping[str, Any]) -> Strip | None:
    """Of an explanation (`clocks.explain`). None where no time is counted."""
    begin, due, at = told["counted_from"], told["due_at"], told["at"]
    end = max(moment for moment in (due, at) if moment is not None)
    if not told["segments"] or end <= begin:
        return None
    zone = ZoneInfo(told["calendar"]["timezone"])
    scale = _Scale(begin, end)
    pieces = [piece for segment in told["segments"] for piece in _pieces(segment, scale, zone)]
    tones = dict.fromkeys(piece.tone for piece in pieces)
    return Strip(
        pieces,
        due=scale.place(due) if due is not None else "",
        at=scale.place(at),
        begins=_wall(begin, zone),
        ends=_wall(end, zone),
        key=[(tone, str(_WORDS[tone])) for tone in _WORDS if tone in tones],
    )


@dataclass(frozen=True, slots=True)
class _Scale:
    begin: datetime
    end: datetime

    def place(self, at: datetime) -> str:
        share = (at - self.begin) / (self.end - self.begin)
        return f"{100 * min(max(share, 0), 1):.2f}"

    def piece(self, tone: str, begin: datetime, end: datetime, words: str) -> Piece | None:
        first, last = max(begin, self.begin), min(end, self.end)
        if first >= last:
            return None
        width = 100 * (last - first) / (self.end - self.begin)
        return Piece(tone, self.place(first), f"{max(width, 0.4):.2f}", words)


def _pieces(segment: Mapping[str, Any], scale: _Scale, zone: ZoneInfo) -> Iterable[Piece]:
    what = segment["what"]
    stretches = [(_instant(a), _instant(b) if b else scale.end) for a, b in segment.get("windows", ())]
    if not stretches:
        stretches = [(_day(segment["first"], zone), _day(segment["last"], zone) + timedelta(days=1))]
    for begin, end in stretches:
        named = {"what": segment.get("note") or _WORDS[what], "begin": _wall(begin, zone), "end": _wall(end, zone)}
        words = gettext("%(what)s: %(begin)s to %(end)s") % named
        piece = scale.piece(what, begin, end, words)
        if piece is not None:
            yield piece


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _day(text: str, zone: ZoneInfo) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


def _wall(at: datetime, zone: ZoneInfo) -> str:
    return date_format(at.astimezone(zone), "D j M H:i")
