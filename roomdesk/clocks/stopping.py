"""Ending clocks: stopped by an act, found late, cancelled. Plans writes in the caller's `Work`, under the lane's lock."""

from __future__ import annotations

from datetime import datetime

from roomdesk.audit.work import Work
from roomdesk.clocks.measure import add_pause, cause_at, due_at
from roomdesk.clocks.models import Clock
from roomdesk.clocks.starting import start
from roomdesk.clocks.subject import Subject
from roomdesk.clocks.writing import note, remind

_STOPPED = ("stopped_at", "stopped_by", "state", "breached_at", "caused_by", "paused_at", "pauses", "due_at")


def stop(work: Work, subject: Subject, clock: Clock, *, at: datetime, by: str) -> None:
    """Stops a clock at the time of the act itself, however late it is worked on (D13).

    An answer given in time meets it, even where its lateness here has let the breach be found first. A breach that was
    published before the promise changed stays one (D17).
    """
    at = max(at, clock.started_at)
    _end_pause(clock, at)
    late_from = clock.breached_at or clock.due_at
    is_late = late_from is not None and at > late_from
    clock.stopped_at, clock.stopped_by = at, by
    clock.state = _late_state(clock) if is_late else Clock.State.MET
    clock.breached_at = late_from if is_late else None
    clock.caused_by = cause_at(clock, at) if is_late else ""
    work.update(clock, *_STOPPED)
    remind(work, subject, clock, at)
    note(work, subject, clock, str(clock.state))


def _end_pause(clock: Clock, at: datetime) -> None:
    """What is stopped waits no longer; without this it would have no due time to be judged by."""
    if clock.paused_at is not None:
        add_pause(clock, clock.paused_at, max(at, clock.paused_at))
        clock.paused_at = None
        clock.due_at = due_at(clock)


def answered(
    work: Work, subject: Subject, running: list[Clock], *, at: datetime, by: str, is_waiting: bool = False
) -> None:
    """A public message of human staff in an open case: stops the first response and goes on with the updates (R18, R20).

    The first update clock begins with the first response, each further one with the message that ends the one before.
    Where the case waits for the customer (`is_waiting`) it waits from its beginning. A message older than the running
    update clock changes nothing in it. `running` is changed in place.
    """
    waits = next((clock.paused_at for clock in running if clock.paused_at), at if is_waiting else None)
    for clock in _of_kind(running, Clock.Kind.FIRST_RESPONSE):
        stop(work, subject, clock, at=at, by=by)
        running.remove(clock)
    for clock in _of_kind(running, Clock.Kind.UPDATE):
        if at <= clock.started_at:
            return
        stop(work, subject, clock, at=at, by=by)
        running.remove(clock)
    following = start(work, subject, Clock.Kind.UPDATE, at, paused_at=max(at, waits) if waits else None)
    if following is not None:
        running.append(following)


def resolved(work: Work, subject: Subject, running: list[Clock], *, at: datetime, by: str) -> None:
    """The matter is resolved: stops the resolution and update clocks. `running` is changed in place."""
    for clock in _of_kind(running, Clock.Kind.RESOLUTION, Clock.Kind.UPDATE):
        stop(work, subject, clock, at=at, by=by)
        running.remove(clock)


def _of_kind(running: list[Clock], *kinds: Clock.Kind) -> list[Clock]:
    return [clock for clock in running if clock.kind in kinds and clock.stopped_at is None]


def find_late(work: Work, subject: Subject, clock: Clock) -> bool:
    """Whether a clock that nobody stopped has run late by `work.now`; marks it where that is new.

    Tells nobody: that is the timers' (`firing`).
    """
    return mark_late(work, subject, clock, work.now)


def mark_late(work: Work, subject: Subject, clock: Clock, at: datetime) -> bool:
    """As `find_late`, at another instant than now."""
    if clock.stopped_at or clock.state != Clock.State.RUNNING:
        return clock.stopped_at is None and clock.breached_at is not None
    if clock.due_at is None or at <= clock.due_at:
        return False
    clock.state, clock.breached_at = _late_state(clock), clock.due_at
    clock.caused_by = cause_at(clock, clock.due_at)
    work.update(clock, "state", "breached_at", "caused_by")
    note(work, subject, clock, str(clock.state))
    return True


def cancel(work: Work, subject: Subject, clock: Clock, *, at: datetime, reason: str) -> None:
    """Ends a clock that measures nothing any more. It neither is met nor breached, and tells nobody anything."""
    clock.state, clock.cancelled_at = Clock.State.CANCELLED, at
    work.update(clock, "state", "cancelled_at")
    remind(work, subject, clock, at)
    note(work, subject, clock, "cancelled", at=at, reason=reason)


def _late_state(clock: Clock) -> Clock.State:
    return Clock.State.PAST_AIM if clock.is_soft else Clock.State.BREACHED
