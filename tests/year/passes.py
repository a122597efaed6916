"""What the worker's passes must find and tell of a clock (D18): gone through from event to event, without looking at timers."""

from __future__ import annotations

from typing import Any

from tests.year.schedule import MINUTE, next_pass
from tests.year.watch import Watch

OPEN = ("new", "acknowledged", "investigating", "waiting_customer", "waiting_third_party")
LATE_AFTER, DIGEST = 2 * MINUTE, 15 * MINUTE


def go_through(watch: Watch, state: str, is_assigned: bool, until: int) -> None:
    """The passes after those seen and before `until`, in a case that is in this state all the while."""
    if not watch.runs or state in ("merged", "deflected"):
        watch.seen_until = max(watch.seen_until, until - 1)
        return
    while (found := _next(watch, state)) is not None and found[0] < until:
        at, is_told = found
        watch.find(at)
        if is_told:
            watch.expected.append(_tell(watch, is_assigned, at))
        watch.seen_until = at
    watch.seen_until = max(watch.seen_until, until - 1)


def _next(watch: Watch, state: str) -> tuple[int, bool] | None:
    """The next pass that finds it late, or tells something of it."""
    finds = None
    if watch.breached_at is None and watch.due is not None:
        finds = next_pass(max(watch.seen_until, watch.due))
    steps = untold(watch) if state in OPEN else []
    # What a pass itself brought about (a pause that its timer ended) is planned for that very instant: the next one tells it.
    tells = _in_hours(watch, max(watch.seen_until, steps[0][1], _since(watch))) if steps else None
    if tells is not None and (finds is None or tells <= finds):
        return tells, True
    return None if finds is None else (finds, finds == tells)


def untold(watch: Watch) -> list[tuple[int, int]]:
    """Steps (percent, instant) that are still to be told, in order."""
    if watch.breached_at is not None:
        steps: list[tuple[int, int | None]] = [(100, watch.breached_at)]
    elif watch.due is None or watch.paused_at is not None:
        # A pause that began after the due time takes no breach back.
        steps = [(100, watch.due)]
    else:
        percents = tuple(watch.promise.policy.data["warnings"])
        steps = [*zip(percents, watch.promise.reached(watch.pauses, percents), strict=True), (100, watch.due)]
    return [(percent, at) for percent, at in steps if percent > watch.told and at is not None]


def _since(watch: Watch) -> int:
    """When it was last said anew what is to be told: a revision, or the end of a pause."""
    return max([watch.revised_at, *(end for _, end in watch.ended[-1:])])


def _in_hours(watch: Watch, after: int) -> int:
    """The first pass after an instant that stands in the target's own hours."""
    at = next_pass(after)
    while (hours := watch.promise.next_hours(at)) != at:
        at = next_pass(hours - 1)
    return at


def _tell(watch: Watch, is_assigned: bool, at: int) -> dict[str, Any]:
    """Only the highest step that has passed is told."""
    step, reached = [one for one in untold(watch) if one[1] < at][-1]
    planned = watch.promise.next_hours(max(reached, _since(watch)))
    is_late = at - planned > LATE_AFTER
    watch.told = step
    return {
        "revision": watch.revision,
        "step": step,
        "told_at": at,
        "reached_at": reached,
        "planned_at": planned,
        "late": is_late,
        "audience": "desk" if step >= 90 else "lead" if step >= 75 or not is_assigned else "assignee",
        "digest": at - at % DIGEST if is_late else None,
    }
