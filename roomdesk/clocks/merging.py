"""The clocks of two cases that become one, and its undoing (D16)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from roomdesk.audit.work import Work
from roomdesk.clocks.firing import subject_of
from roomdesk.clocks.models import Clock
from roomdesk.clocks.stopping import cancel, stop
from roomdesk.clocks.subject import Subject
from roomdesk.clocks.writing import note, remind, revise

#: What a clock of a merged case hands on: all that its due time rests on, and what was told of it.
_HANDED_ON = (
    "severity", "tier", "addons", "target_kind", "target_amount", "is_soft", "is_public", "calendar", "product_version_id",
    "started_at", "counted_from", "grace_from", "pauses", "paused_at", "due_at", "breached_at", "revised_at", "told",
    "cause", "without", "caused_by",
)  # fmt: skip


def take_over(
    work: Work,
    into: Subject,
    into_running: list[Clock],
    other: Subject,
    other_running: list[Clock],
    *,
    at: datetime,
    owed: Sequence[tuple[Subject, Clock]] = (),
) -> None:
    """Merges the clocks of `other` into those of `into`: of each kind the earliest due among the unmet goes on (D16).

    What was met stays met for its own messages: an unanswered message of `other` keeps its first response even where
    `into` was answered. The clocks of `other` are cancelled and never tell anybody anything. Both lists are changed in place.
    `owed` are first responses that former cycles of `other` still owe: nobody could give them in a merged case.
    """
    handed = [*((other, clock) for clock in other_running), *owed]
    # The earliest of a kind first: it goes on, and the later ones find it there.
    for subject, theirs in sorted(handed, key=lambda one: (one[1].due_at is None, one[1].due_at or at)):
        ours = next((clock for clock in into_running if clock.kind == theirs.kind), None)
        _cancel(work, subject, theirs, into, at)
        if ours is None or _is_earlier(theirs, ours):
            if ours is not None:
                _cancel(work, into, ours, other, at)
                into_running.remove(ours)
            into_running.append(_taken(work, into, theirs, other, at))
    other_running.clear()


def _is_earlier(theirs: Clock, ours: Clock) -> bool:
    """One that is never due, or not while it is paused, comes after all that are."""
    if theirs.due_at is None or ours.due_at is None:
        return ours.due_at is None and theirs.due_at is not None
    return theirs.due_at < ours.due_at


def _cancel(work: Work, subject: Subject, clock: Clock, other: Subject, at: datetime) -> None:
    clock.merged_with = other.case_id
    work.update(clock, "merged_with")
    cancel(work, subject, clock, at=at, reason=f"Merged with {other.ref}.")


def _taken(work: Work, into: Subject, theirs: Clock, other: Subject, at: datetime) -> Clock:
    clock = Clock(
        id=work.new_id(Clock), case_id=into.case_id, cycle_id=into.cycle_id, kind=theirs.kind, taken_from=theirs
    )
    for name in _HANDED_ON:
        setattr(clock, name, getattr(theirs, name))
    clock.state = _state(clock)
    work.insert(clock)
    revise(work, into, clock, by=work.actor.name, cause=f"merge:{other.ref}")
    remind(work, into, clock, at)
    note(work, into, clock, "taken_over", at=at, of=other.ref, told=clock.told)
    return clock


def give_back(
    work: Work, into: Subject, into_running: list[Clock], other: Subject, other_running: list[Clock], *, at: datetime
) -> list[Clock]:
    """Undoes `take_over`: the clocks of `other` run again as if nothing had been, those of `into` too.

    What was answered meanwhile was answered in `into`: it counts for the clock that had given way there, not for `other`.
    Call it alone in a `Work`; reads the cancelled clocks. Both lists are changed in place; returns what former cycles of
    `other` owe again.
    """
    taken = {clock.kind: clock for clock in _taken_from(other, into)}
    for clock in taken.values():
        if clock in into_running:
            into_running.remove(clock)
        cancel(work, into, clock, at=at, reason=f"The merge with {other.ref} was undone.")
    for clock in _cancelled(into, other):
        if clock.kind not in {c.kind for c in into_running}:
            _restore(work, into, clock, into_running, taken.get(clock.kind), at)
    owed: list[Clock] = []
    for clock in _cancelled(other, into):
        if clock.cycle_id == other.cycle_id:
            _restore(work, other, clock, other_running, None, at)
        else:
            _restore(work, subject_of(clock), clock, owed, None, at)
    return owed


def _taken_from(other: Subject, into: Subject) -> list[Clock]:
    found = Clock.objects.filter(case_id=into.case_id, taken_from__case_id=other.case_id)
    return list(found.exclude(state=Clock.State.CANCELLED))


def _cancelled(subject: Subject, other: Subject) -> list[Clock]:
    found = Clock.objects.filter(case_id=subject.case_id, merged_with=other.case_id)
    return list(found.filter(state=Clock.State.CANCELLED).select_related("case__workspace", "cycle").order_by("id"))


def _restore(
    work: Work, subject: Subject, clock: Clock, running: list[Clock], taken: Clock | None, at: datetime
) -> None:
    clock.merged_with, clock.cancelled_at = None, None
    clock.state = _state(clock)
    # Another set of fields than a cancellation's, so that this is written after it: one of a kind runs at a time.
    work.update(clock, "state", "cancelled_at", "merged_with")
    note(work, subject, clock, "given_back", at=at)
    if taken is not None and taken.stopped_at is not None:
        stop(work, subject, clock, at=taken.stopped_at, by=taken.stopped_by)
        return
    remind(work, subject, clock, at)
    running.append(clock)


def _state(clock: Clock) -> Clock.State:
    """The state of a clock that runs: what was found of it, whatever cancelled it since."""
    if clock.breached_at is None:
        return Clock.State.RUNNING
    return Clock.State.PAST_AIM if clock.is_soft else Clock.State.BREACHED
