"""Times, clocks, states and roles as the people of a workspace read them: in their language and zone, in the product's words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from roomdesk.cases.models import Case
from roomdesk.clocks.measure import measure_of
from roomdesk.clocks.models import Clock
from roomdesk.clocks.pace import soon_at
from roomdesk.product.formatting import format_due, format_measure, format_span, zone_name
from roomdesk.web.portal.guard import Visitor

Words = str | Promise

STATES: dict[str, Words] = {
    "new": _("New"),
    "acknowledged": _("Seen by us"),
    "investigating": _("We are working on it"),
    "waiting_customer": _("Waiting for you"),
    "waiting_third_party": _("Waiting for a third party"),
    "resolved": _("Resolved"),
    "closed": _("Closed"),
    "deflected": _("Answered automatically"),
    "merged": _("Part of another request"),
}
ROLES: dict[str, Words] = {
    "owner": _("owner"),
    "admin": _("admin"),
    "member": _("member"),
    "account_manager_here": _("your account manager"),
    "engineer": _("support engineer"),
    "specialist": _("specialist"),
    "lead": _("lead of support"),
    "security": _("security"),
}
SUPPORT = _("support")
CLOCKS: dict[str, Words] = {
    "first_response": _("First answer"),
    "update": _("Next update"),
    "resolution": _("Resolution"),
}


def role_words(role: str, *, is_staff: bool) -> Words:
    """A role as people read it; of staff the least that is true."""
    return ROLES.get(role, SUPPORT if is_staff else "")


def told_at(at: datetime, visitor: Visitor) -> tuple[str, str]:
    """An instant for the reader, and for hovering with the name of the zone and how far it is."""
    words = format_due(at, visitor.zone, visitor.locale, now=visitor.now)
    name = zone_name(at, visitor.zone)
    return words, f"{words} {'UTC' if name[:1] in '+-' else ''}{name}"


def turn_of(case: Case) -> Words:
    """Whose word is awaited; empty where nobody waits."""
    if case.state not in Case.OPEN:
        return ""
    if case.state == Case.State.WAITING_THIRD_PARTY:
        return _("A third party’s turn")
    ours = case.last_staff_at is None or (
        case.last_customer_at is not None and case.last_customer_at > case.last_staff_at
    )
    return _("Our turn") if ours and case.state != Case.State.WAITING_CUSTOMER else _("Your turn")


@dataclass(frozen=True, slots=True)
class ClockTold:
    """`tone` is calm, soon, late, aim, paused, met or none; it never stands without `words`. `due` is the time, empty without one."""

    name: Words
    tone: str
    words: str
    due: str
    title: str
    is_running: bool


def clock_told(clock: Clock, case: Case, visitor: Visitor) -> ClockTold:
    """A public clock in the product's words for customers."""
    due, title = told_at(clock.due_at, visitor) if clock.due_at else ("", "")
    tone = _tone(clock, visitor.now)
    words = _words(clock, case, tone, visitor)
    return ClockTold(CLOCKS[clock.kind], tone, words, due, title, is_running=clock.stopped_at is None)


def _tone(clock: Clock, now: datetime) -> str:
    end = clock.stopped_at or now
    if clock.due_at is not None and end > clock.due_at:
        return "aim" if clock.is_soft else "late"
    if clock.stopped_at is not None:
        return "met"
    if clock.paused_at is not None:
        return "paused"
    soon = soon_at(clock) if clock.due_at else None
    return "none" if clock.due_at is None else "soon" if soon is not None and now >= soon else "calm"


def _words(clock: Clock, case: Case, tone: str, visitor: Visitor) -> str:
    text, locale, end = visitor.text, visitor.locale, clock.stopped_at or visitor.now
    if tone == "aim":
        return text("clock.past_aim")
    if tone == "late" and clock.due_at is not None:
        return text("clock.late", span=_span(end - clock.due_at, locale))
    if clock.stopped_at is not None:
        return text("clock.met", span=_span(clock.stopped_at - clock.started_at, locale))
    if clock.paused_at is not None:
        key = "waiting_third_party" if case.state == Case.State.WAITING_THIRD_PARTY else "waiting_customer"
        return f"⏸ {text(f'clock.{key}', since=told_at(clock.paused_at, visitor)[0])}"
    if clock.due_at is None:
        return format_measure(measure_of(clock), locale)
    return text("clock.running", span=_span(clock.due_at - visitor.now, locale))


def _span(length: timedelta, locale: str) -> str:
    """Nothing takes no time at all."""
    return format_span(max(length, timedelta(minutes=1)), locale)
