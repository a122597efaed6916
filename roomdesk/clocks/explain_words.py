"""What happened to a clock, as English sentences for its explanation."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from roomdesk.clocks.measure import grace_due_at
from roomdesk.clocks.models import Clock, Revision


def of_clock(clock: Clock, revisions: Sequence[Revision]) -> list[str]:
    """Every change of its promise, the grace, its breach and its end, in the order of time."""
    return [*map(_revised, revisions[1:]), *_begun(revisions), *_grace(clock), *_late(clock), *_ended(clock)]


def _begun(revisions: Sequence[Revision]) -> list[str]:
    first = revisions[0]
    return [] if first.cause == "start" else [f"It exists since {moment(first.at)} ({first.cause})."]


def _revised(row: Revision) -> str:
    because = f" because of {row.cause}{f' ({row.reason})' if row.reason else ''}"
    since = f", counted from {moment(row.counted_from)}" if row.due_at else ""
    grace = f", not before {moment(row.grace_due_at)} by the grace after the change" if row.grace_due_at else ""
    due = f"due {moment(row.due_at)}" if row.due_at else "without a due time then"
    return f"{moment(row.at)}: changed by {row.by}{because}{since}{grace}: {due}."


def _grace(clock: Clock) -> list[str]:
    grace = grace_due_at(clock)
    if grace is None or grace != clock.due_at or clock.grace_from is None:
        return []
    return [f"The grace after the change of {moment(clock.grace_from)} ends later than that: due {moment(grace)}."]


def _late(clock: Clock) -> list[str]:
    if clock.breached_at is None:
        return []
    word = "The aim had passed" if clock.state == Clock.State.PAST_AIM else "It was breached"
    only = f", which would not be without {clock.caused_by}" if clock.caused_by else ""
    stays = " That stays, whatever was promised afterwards." if clock.due_at != clock.breached_at else ""
    return [f"{word} after {moment(clock.breached_at)}{only}.{stays}"]


def _ended(clock: Clock) -> list[str]:
    if clock.cancelled_at:
        return [f"Cancelled {moment(clock.cancelled_at)}: nothing is measured any more."]
    return [f"Stopped {moment(clock.stopped_at)} by {clock.stopped_by}."] if clock.stopped_at else []


def of_change(row: Any) -> str:
    """A change of the case."""
    reason = f" ({row.reason})" if row.reason else ""
    return f"{moment(row.at)}: {row.what} {row.before or '-'} → {row.after} by {row.by}{reason}."


def standing(state: str, consumed: str) -> str:
    return f"It is {state}; {consumed} of the target is used."


def moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"
