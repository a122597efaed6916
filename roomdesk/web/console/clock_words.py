"""A clock as a person reads it: a few words, a tone, and the exact time on hover. `static/roomdesk/live.js` ticks in the same words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from roomdesk.clocks.models import Clock
from roomdesk.clocks.pace import soon_at, zone_of
from roomdesk.product.formatting import format_due, format_span, zone_name

NAMES = {"first_response": "First response", "update": "Update", "resolution": "Resolution"}
_LOCALE = "en"


@dataclass(frozen=True, slots=True)
class ClockFace:
    """`tone` is calm, soon, late, aim (a soft target passed), paused, met or none; it never stands without `words`."""

    id: int
    name: str
    tone: str
    words: str
    due: str
    due_at: datetime | None
    soon_at: datetime | None
    is_soft: bool
    is_running: bool
    is_public: bool
    cycle: int


def face(clock: Clock, now: datetime) -> ClockFace:
    """How the clock stands at `now`."""
    running = clock.stopped_at is None and clock.state != Clock.State.CANCELLED
    soon = soon_at(clock) if running else None
    tone = _tone(clock, soon, now)
    return ClockFace(
        id=clock.pk,
        name=NAMES.get(clock.kind, clock.kind),
        tone=tone,
        words=_words(clock, tone, now),
        due=_due(clock, now),
        due_at=clock.due_at,
        soon_at=soon,
        is_soft=clock.is_soft,
        is_running=running and clock.due_at is not None and clock.paused_at is None,
        is_public=clock.is_public,
        cycle=clock.cycle.number if clock.cycle_id else 1,
    )


def headline(clocks: list[Clock]) -> Clock | None:
    """The clock that says most about a case: the running one that is due first, else the last that ended."""
    running = [clock for clock in clocks if clock.stopped_at is None and clock.state != Clock.State.CANCELLED]
    due = [clock for clock in running if clock.due_at is not None]
    if due:
        return min(due, key=lambda clock: clock.due_at or clock.started_at)
    paused = [clock for clock in running if clock.paused_at is not None]
    if paused:
        return paused[0]
    ended = [clock for clock in clocks if clock.stopped_at is not None]
    return max(ended, key=lambda clock: clock.stopped_at or clock.started_at, default=next(iter(running), None))


def _tone(clock: Clock, soon: datetime | None, now: datetime) -> str:
    if clock.state == Clock.State.CANCELLED:
        return "none"
    end = clock.stopped_at or now
    if clock.due_at is not None and end > clock.due_at:
        return "aim" if clock.is_soft else "late"
    if clock.stopped_at is not None:
        return "met"
    if clock.paused_at is not None:
        return "paused"
    return "none" if clock.due_at is None else "soon" if soon is not None and now >= soon else "calm"


def _words(clock: Clock, tone: str, now: datetime) -> str:
    if clock.state == Clock.State.CANCELLED:
        return "cancelled"
    if clock.stopped_at is not None:
        return _ended(clock, tone, clock.stopped_at)
    if clock.paused_at is not None:
        return _paused(tone, clock.paused_at, now)
    if clock.due_at is None:
        return f"waiting {span(now - clock.started_at)}"
    if tone == "aim":
        return "past our aim"
    return f"late by {span(now - clock.due_at)}" if tone == "late" else f"due in {span(clock.due_at - now)}"


def _ended(clock: Clock, tone: str, at: datetime) -> str:
    done = "answered" if clock.kind == Clock.Kind.FIRST_RESPONSE else "done"
    if tone == "late" and clock.due_at is not None:
        return f"{done} {span(at - clock.due_at)} late"
    if tone == "aim":
        return f"{done} past our aim"
    return f"{done if clock.due_at is None else 'met'} in {span(at - clock.started_at)}"


def _paused(tone: str, since: datetime, now: datetime) -> str:
    """With the sign: what stands still is never told by its colour alone."""
    late = {"late": "late, ", "aim": "past our aim, "}.get(tone, "")
    return f"⏸ {late}paused for {span(now - since)}"


def span(length: timedelta) -> str:
    """A length of time in its two largest units."""
    return format_span(length, _LOCALE) if length >= timedelta(minutes=1) else "under 1 min"


def _due(clock: Clock, now: datetime) -> str:
    return moment(clock.due_at, zone_of(clock), now) if clock.due_at else ""


def moment(at: datetime, zone: str, now: datetime) -> str:
    """`Monday 13:00 EET`, or `Monday 13:00 UTC-03` where the zone has no name."""
    name = zone_name(at, zone)
    return f"{format_due(at, zone, _LOCALE, now=now)} {'UTC' if name[:1] in '+-' else ''}{name}"
