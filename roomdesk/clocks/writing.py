"""What every change of a clock writes: its row, its next timer, its audit entry; and its revisions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from roomdesk.audit.work import Work
from roomdesk.clocks.measure import amount_text, counted_due_at, course_of, grace_due_at
from roomdesk.clocks.models import Clock, Revision
from roomdesk.clocks.policy import name_of
from roomdesk.clocks.subject import Subject
from roomdesk.queues.lanes import staff_key
from roomdesk.queues.making import made
from roomdesk.rules.severity import Chosen

#: Timers of clocks: the subject is the clock, one pending for each, which goes from step to step.
DUE_TIMER = "clock_due"
#: Tells the lane of a product's staff rooms that a case is not what it was.
CASE_CHANGED = "case_changed"


def tell_control_room(work: Work, product: str, case_id: int) -> None:
    """Has the control room of the product look at the case once all of this is written (D9)."""
    work.tell(staff_key(product), CASE_CHANGED, case=case_id)


def promise(clock: Clock, subject: Subject, chosen: Chosen | None) -> None:
    """Pins what a row of the table says; nothing is promised without one."""
    row = chosen.row if chosen else None
    clock.severity, clock.product_version_id = subject.severity, subject.version_id
    clock.tier, clock.addons = subject.tier, " ".join(subject.addons)
    clock.target_kind = row.target.kind if row else "none"
    clock.target_amount = amount_text(row.target) if row else ""
    clock.is_soft = row.target.soft if row else False
    clock.is_public = row.public if row else True
    clock.calendar = (row.calendar or "") if row else ""


def revise(work: Work, subject: Subject, clock: Clock, *, by: str, cause: str, reason: str = "") -> None:
    """Keeps what the clock rests on from `clock.revised_at` on, as its newest revision."""
    work.insert(
        made(
            Revision,
            clock_id=clock.pk,
            number=clock.revision,
            at=clock.revised_at,
            by=by,
            cause=cause,
            reason=reason,
            kind=subject.kind,
            tier=clock.tier,
            addons=clock.addons.split(),
            severity=clock.severity,
            product_version_id=clock.product_version_id,
            target_kind=clock.target_kind,
            target_amount=clock.target_amount,
            is_soft=clock.is_soft,
            is_public=clock.is_public,
            calendar=clock.calendar,
            counted_from=clock.counted_from,
            counted_due_at=counted_due_at(clock),
            grace_due_at=grace_due_at(clock),
            due_at=clock.due_at,
        )
    )


def remind(work: Work, subject: Subject, clock: Clock, at: datetime) -> None:
    """Sets the clock's one timer to its next step, as seen at `at`; none where nothing is left to tell."""
    work.remind(subject.lane_id, DUE_TIMER, clock.pk, course_of(clock).next_look(at))


def note(work: Work, subject: Subject, clock: Clock, action: str, **more: Any) -> None:
    """The audit entry of a change, complete enough to compute the clock anew from such entries alone. The control room hears of it."""
    tell_control_room(work, name_of(subject.version_id)[0], subject.case_id)
    work.audit(f"clock.{action}", f"case:{subject.ref}", {**_facts(subject, clock), **more}, scope=subject.scope)


def _facts(subject: Subject, clock: Clock) -> Mapping[str, Any]:
    """A clock is known by its case, cycle, kind and start: no two have all of these alike."""
    product, number = name_of(clock.product_version_id)
    return {
        "clock": str(clock.kind),
        "cycle": subject.cycle,
        "started_at": clock.started_at,
        "revision": clock.revision,
        "severity": clock.severity,
        "kind": subject.kind,
        "tier": clock.tier,
        "addons": clock.addons.split(),
        "policy": {"product": product, "version": number},
        "target": {"kind": clock.target_kind, "amount": clock.target_amount or None, "soft": clock.is_soft},
        "calendar": clock.calendar or None,
        "public": clock.is_public,
        "counted_from": clock.counted_from,
        "grace_from": clock.grace_from,
        "pauses": clock.pauses.split(),
        "paused_at": clock.paused_at,
        "due_at": clock.due_at,
        "state": str(clock.state),
        "breached_at": clock.breached_at,
        "stopped_at": clock.stopped_at,
        "stopped_by": clock.stopped_by or None,
        "caused_by": clock.caused_by or None,
    }


def wake(work: Work, subject: Subject, running: list[Clock], *, at: datetime | None = None) -> None:
    """Sets the timers of a case anew that stood aside (`deflected`, resolved) until `at` (now): its clocks are told of again (D14)."""
    for clock in running:
        remind(work, subject, clock, at or work.now)
