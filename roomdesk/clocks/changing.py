"""Another promise for a running clock: severity, kind, tier, add-ons or policy changed (D8, D17)."""

from __future__ import annotations

from datetime import datetime

from roomdesk.audit.work import Work
from roomdesk.clocks.measure import Pauses, Promise, counted_due_at, due_at, pauses_until, promise_from, promise_of
from roomdesk.clocks.models import Clock
from roomdesk.clocks.starting import chosen_for, start
from roomdesk.clocks.stopping import cancel, mark_late
from roomdesk.clocks.subject import Subject
from roomdesk.clocks.writing import note, promise, remind, revise

_CHANGED = (
    "severity", "tier", "addons", "product_version", "target_kind", "target_amount", "is_soft", "is_public", "calendar",
    "counted_from", "grace_from", "due_at", "revision", "revised_at", "told", "cause", "without", "state", "breached_at",
    "caused_by",
)  # fmt: skip


def retarget(
    work: Work,
    subject: Subject,
    clock: Clock,
    *,
    at: datetime,
    by: str,
    cause: str,
    reason: str = "",
    counted_from: datetime | None = None,
) -> None:
    """Gives a running clock the promise of `subject`, which carries the new severity, kind, tier, add-ons or version.

    Counted from where the clock counts (its start), or from `counted_from` (a tier from when it took effect, D8). Where it is due earlier
    than before, never before the product's grace has passed since `at` (D17). A breach published by then stays. A clock
    whose kind has no row any more is cancelled, but for the first response, which goes on without due time.
    """
    mark_late(work, subject, clock, at)
    chosen = chosen_for(subject, clock.kind)
    if chosen is None and clock.kind != Clock.Kind.FIRST_RESPONSE:
        cancel(work, subject, clock, at=at, reason=f"Nothing is promised any more ({cause}).")
        return
    pauses = pauses_until(clock, at)
    before, due_before = promise_of(clock), due_at(clock, pauses)
    promise(clock, subject, chosen)
    clock.counted_from = counted_from or clock.counted_from
    _give_grace(clock, before, pauses, at)
    _blame(clock, before, pauses, cause)
    _renew(work, subject, clock, due_before, at=at, by=by, cause=cause, reason=reason)


def _give_grace(clock: Clock, before: Promise, pauses: Pauses, at: datetime) -> None:
    """D17: whoever works on it has a while to notice that it has become more urgent.

    Only then: a change that promises the same keeps the grace of the change before it, and postpones nothing.
    """
    counted, counted_before = counted_due_at(clock, pauses), before.due_at(pauses)
    if counted is not None and (counted_before is None or counted < counted_before):
        clock.grace_from = at


def _blame(clock: Clock, before: Promise, pauses: Pauses, cause: str) -> None:
    """Notes the change where the clock is due earlier than it would be without any change; else there is nothing to note."""
    if clock.cause and not clock.without:
        # Without what began it (a split) it would not be at all: no later change is more to blame.
        return
    without = clock.without if clock.cause else before.as_text()
    otherwise = promise_from(without).due_at(pauses)
    due_now = due_at(clock, pauses)
    is_worse = due_now is not None and (otherwise is None or due_now < otherwise)
    clock.cause, clock.without = (cause, without) if is_worse else ("", "")


def _renew(
    work: Work,
    subject: Subject,
    clock: Clock,
    due_before: datetime | None,
    *,
    at: datetime,
    by: str,
    cause: str,
    reason: str,
) -> None:
    clock.due_at = due_at(clock)
    clock.revision, clock.revised_at = clock.revision + 1, at
    if clock.breached_at is None and due_at(clock, pauses_until(clock, at)) != due_before:
        # Another due time is another thing to tell; the same one was told of already.
        clock.told = 0
    work.update(clock, *_CHANGED)
    revise(work, subject, clock, by=by, cause=cause, reason=reason)
    remind(work, subject, clock, at)
    note(work, subject, clock, "retargeted", at=at, by=by, cause=cause, reason=reason or None)


def reclassified(
    work: Work,
    subject: Subject,
    running: list[Clock],
    *,
    cycle_started_at: datetime,
    at: datetime,
    by: str,
    cause: str,
    reason: str = "",
) -> None:
    """A case has another severity, kind, tier or policy: every running clock gets its promise, new ones begin, others end.

    A resolution that is promised only now counts from the cycle's start, with the grace of D17; updates that are promised
    only now begin at `at`, once somebody has answered. `running` is changed in place.
    """
    for clock in list(running):
        retarget(work, subject, clock, at=at, by=by, cause=cause, reason=reason)
        if clock.state == Clock.State.CANCELLED:
            running.remove(clock)
    kinds = {clock.kind for clock in running}
    paused_at = next((clock.paused_at for clock in running if clock.paused_at), None)
    wanted: list[tuple[Clock.Kind, datetime, datetime | None]] = [(Clock.Kind.RESOLUTION, cycle_started_at, at)]
    if Clock.Kind.FIRST_RESPONSE not in kinds:
        wanted.append((Clock.Kind.UPDATE, at, None))
    for kind, since, grace_from in wanted:
        if kind not in kinds:
            begun = start(
                work, subject, kind, since, caused_by=cause, paused_at=paused_at and at, grace_from=grace_from
            )
            running.extend([begun] if begun else [])
