"""Waiting for the customer: the update and resolution clocks stand still, the first response never does (R17, DESIGN §7)."""

from __future__ import annotations

from datetime import datetime

from roomdesk.audit.work import Work
from roomdesk.clocks.measure import add_pause, due_at, pauses_of
from roomdesk.clocks.models import Clock
from roomdesk.clocks.subject import Subject
from roomdesk.clocks.writing import note, remind

_PAUSED = ("paused_at", "pauses", "due_at", "state", "breached_at", "caused_by")


def pause(work: Work, subject: Subject, running: list[Clock], *, at: datetime) -> None:
    """Pauses the running update and resolution clocks at `at`; those that are paused already stay as they are."""
    for clock in _pausable(running):
        if clock.paused_at is None:
            clock.paused_at = max(at, _free_from(clock))
            _moved(work, subject, clock, at, "paused")


def resume(work: Work, subject: Subject, running: list[Clock], *, at: datetime) -> None:
    """Lets the paused clocks go on at `at`; their due times move by what the pauses hid of their time."""
    for clock in _pausable(running):
        if clock.paused_at is not None:
            add_pause(clock, clock.paused_at, at)
            clock.paused_at = None
            _moved(work, subject, clock, at, "resumed")


def _pausable(running: list[Clock]) -> list[Clock]:
    return [clock for clock in running if clock.kind != Clock.Kind.FIRST_RESPONSE and clock.stopped_at is None]


def _free_from(clock: Clock) -> datetime:
    """Pauses stand in order and do not overlap, even where what began them was worked on late."""
    pauses = pauses_of(clock)
    ended = pauses[-1][1] if pauses else None
    return max(clock.started_at, ended) if ended else clock.started_at


def _moved(work: Work, subject: Subject, clock: Clock, at: datetime, action: str) -> None:
    clock.due_at = due_at(clock)
    if clock.breached_at and clock.paused_at and clock.paused_at < clock.breached_at:
        # Found late before the pause was worked on: it had begun in time.
        clock.state, clock.breached_at, clock.caused_by = Clock.State.RUNNING, None, ""
    work.update(clock, *_PAUSED)
    remind(work, subject, clock, at)
    note(work, subject, clock, action, at=at)
