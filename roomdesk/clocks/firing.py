"""A clock's timer has come: what is found, what is told to whom, and when to look again (R22, D18).

Several workers, a crash or a clock that was set back tell nothing twice: the step is noted on the clock in the transaction
that tells it, under the lane's lock, and a notice exists once for a clock, revision and step.
"""

from __future__ import annotations

from datetime import datetime

from roomdesk.audit.work import Work
from roomdesk.clocks.measure import course_of
from roomdesk.clocks.models import Clock, Notice
from roomdesk.clocks.stopping import find_late
from roomdesk.clocks.subject import Subject
from roomdesk.clocks.writing import note
from roomdesk.rules.clock_steps import LATE_AFTER, Course, Step, audience_of, digest_of


def fire(work: Work, clock: Clock) -> datetime | None:
    """Finds the clock late, tells the highest step that passed, and returns when to look again (None: never).

    `clock` has its case, the case's workspace and its cycle at hand. A case that is merged or deflected is left alone
    (`wake` looks again); of one that is not open any more nothing is told, though its clock may run late.
    """
    subject = subject_of(clock)
    if clock.case.state in (clock.case.State.MERGED, clock.case.State.DEFLECTED):
        return None
    find_late(work, subject, clock)
    if clock.case.state not in clock.case.OPEN:
        return _late_at(clock)
    course = course_of(clock)
    step = course.due_to_tell(work.now)
    if step is not None:
        _tell(work, subject, clock, course, step)
    return course_of(clock).next_look(work.now)


def _late_at(clock: Clock) -> datetime | None:
    is_found = clock.breached_at is not None or clock.stopped_at is not None or clock.state == Clock.State.CANCELLED
    return None if is_found else clock.due_at


def subject_of(clock: Clock) -> Subject:
    """Whose promise a stored clock measures, with what its newest revision rests on."""
    case, cycle = clock.case, clock.cycle
    return Subject(
        lane_id=case.workspace.lane_id,
        scope=f"workspace:{case.workspace.slug}",
        ref=case.ref,
        case_id=case.pk,
        cycle_id=cycle.pk,
        cycle=cycle.number,
        kind=case.kind,
        severity=clock.severity,
        tier=clock.tier,
        addons=tuple(clock.addons.split()),
        version_id=clock.product_version_id,
    )


def _tell(work: Work, subject: Subject, clock: Clock, course: Course, step: Step) -> None:
    planned = course.planned(step)
    is_late = work.now - planned > LATE_AFTER
    assignee = clock.case.assignee_id
    notice = Notice(
        clock=clock,
        revision=clock.revision,
        step=step.percent,
        due_at=clock.breached_at or clock.due_at or planned,
        planned_at=planned,
        told_at=work.now,
        is_late=is_late,
        audience=audience_of(step.percent, assigned=assignee is not None),
        assignee_id=assignee,
        digest=digest_of(work.now) if is_late else None,
    )
    work.insert(notice)
    clock.told = step.percent
    work.update(clock, "told")
    told = {"step": step.percent, "reached_at": step.at, "planned_at": planned, "late": is_late}
    note(work, subject, clock, "told", **told, audience=notice.audience, digest=notice.digest)
