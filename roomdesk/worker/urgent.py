"""Working on P0s beside the flow, so that none waits for the batch that is at hand (D26)."""

from __future__ import annotations

from collections.abc import Callable

from roomdesk.queues import lanes
from roomdesk.worker.inbox import Drainer

#: Seconds until it is looked again whether somebody still holds the lane in which a P0 waits.
_HELD = 0.05


def step_of(drain: Callable[[], int], suspect: Callable[[], None]) -> Callable[[], float]:
    """A loop's step; `drain` and `suspect` as for `Drainer`."""
    drainer = Drainer(drain, suspect, gathers=False)

    def step() -> float:
        seconds = drainer.step()
        return _HELD if seconds and lanes.urgent_lanes(1) else seconds

    return step
