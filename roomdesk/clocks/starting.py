"""Starting clocks. Each function plans its writes in the caller's `Work`, under the lane's lock."""

from __future__ import annotations

from datetime import datetime

from roomdesk.audit.work import Work
from roomdesk.clocks.measure import due_at
from roomdesk.clocks.models import Clock
from roomdesk.clocks.policy import target_rows
from roomdesk.clocks.subject import Subject
from roomdesk.clocks.writing import note, promise, remind, revise
from roomdesk.queues.making import made
from roomdesk.rules.severity import Chosen, choose_target

FIRST_RESPONSE = Clock.Kind.FIRST_RESPONSE


def start(
    work: Work,
    subject: Subject,
    kind: Clock.Kind,
    at: datetime,
    *,
    caused_by: str = "",
    paused_at: datetime | None = None,
    grace_from: datetime | None = None,
) -> Clock | None:
    """Starts a clock at `at`, the time of the act itself, which may lie in the past (R17, R20, D3, D8).

    A first response is always measured: where nothing is promised, by a clock without due time. The other kinds exist
    only where the table has a row, else None. `caused_by` is the split or change without which this clock would not
    be (D16); `paused_at` begins it in a pause; `grace_from` is the change that gives a clock of an earlier start its grace.
    """
    chosen = chosen_for(subject, kind)
    if chosen is None and kind != FIRST_RESPONSE:
        return None
    clock = _new(work, subject, kind, at)
    clock.cause, clock.paused_at, clock.grace_from = caused_by, paused_at, grace_from
    promise(clock, subject, chosen)
    clock.due_at = due_at(clock)
    clock.revised_at = grace_from or at
    work.insert(clock)
    revise(work, subject, clock, by=work.actor.name, cause=caused_by or "start")
    remind(work, subject, clock, clock.revised_at)
    note(work, subject, clock, "started", cause=caused_by or None)
    return clock


def chosen_for(subject: Subject, kind: str) -> Chosen | None:
    """The row of the table that holds for the subject; None where nothing is promised."""
    if not subject.has_clocks:
        return None
    rows = target_rows(subject.version_id)
    return choose_target(rows, subject.tier, subject.addons, subject.kind, subject.severity, str(kind))


def _new(work: Work, subject: Subject, kind: Clock.Kind, at: datetime) -> Clock:
    return made(
        Clock,
        id=work.new_id(Clock),
        case_id=subject.case_id,
        cycle_id=subject.cycle_id,
        kind=kind,
        started_at=at,
        counted_from=at,
    )
