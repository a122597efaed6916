"""A clock as a person reads it: a few words, a tone, and the exact time on hover. `static/roomdesk/live.js` ticks in the same words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from roomdesk.clocks.models import Clock
from roomdesk.clocks.pace import soon_at, zone_of
from roomdesk.product.formatting import format_due, format_span, zone_name
from roomdesk.web.languages import locale_now

NAMES = {"first_response": _("First response"), "update": _("Update"), "resolution": _("Resolution")}


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
        name=str(NAMES.get(clock.kind, clock.kind)),
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
        return gettext("cancelled")
    if clock.stopped_at is not None:
        return _ended(clock, tone, clock.stopped_at)
    if clock.paused_at is not None:
        return _paused(tone, clock.paused_at, now)
    if clock.due_at is None:
        return gettext("waiting %(span)s") % {"span": span(now - clock.started_at)}
    if tone == "aim":
        return gettext("past our aim")
    # In the words of the pages' own countdown (live.js), which knows them from the frame.
    if tone == "late":
        return gettext("late by {span}").format(span=span(now - clock.due_at))
    return gettext("due in {span}").format(span=span(clock.due_at - now))


def _ended(clock: Clock, tone: str, at: datetime) -> str:
    is_answer = clock.kind == Clock.Kind.FIRST_RESPONSE
    if tone == "aim":
        return gettext("answered past our aim") if is_answer else gettext("done past our aim")
    if tone == "late" and clock.due_at is not None:
        late = gettext("answered %(span)s late") if is_answer else gettext("done %(span)s late")
        return late % {"span": span(at - clock.due_at)}
    done = gettext("answered in %(span)s") if is_answer else gettext("done in %(span)s")
    return (done if clock.due_at is None else gettext("met in %(span)s")) % {"span": span(at - clock.started_at)}


def _paused(tone: str, since: datetime, now: datetime) -> str:
    """With the sign: what stands still is never told by its colour alone."""
    words = {"late": gettext("late, paused for %(span)s"), "aim": gettext("past our aim, paused for %(span)s")}
    return f"⏸ {words.get(tone, gettext('paused for %(span)s')) % {'span': span(now - since)}}"


def span(length: timedelta) -> str:
    """A length of time in its two largest units."""
    return format_span(length, locale_now()) if length >= timedelta(minutes=1) else gettext("under 1 min")


def _due(clock: Clock, now: datetime) -> str:
    return moment(clock.due_at, zone_of(clock), now) if clock.due_at else ""


def moment(at: datetime, zone: str, now: datetime) -> str:
    """`Monday 13:00 EET`, or `Monday 13:00 UTC-03` where the zone has no name."""
    name = zone_name(at, zone)
    return f"{format_due(at, zone, locale_now(), now=now)} {'UTC' if name[:1] in '+-' else ''}{name}"
