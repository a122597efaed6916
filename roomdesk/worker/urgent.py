"""Working on P0s beside the flow, so that none waits for the batch that is at hand (D26)."""

from __future__ import annotations

import threading
from collections.abc import Callable

from roomdesk.queues import lanes
from roomdesk.worker.inbox import Drainer
from roomdesk.worker.precedence import Precedence

#: Seconds until it is looked again whether somebody still holds the lane in which a P0 waits.
_HELD = 0.01
#: Seconds from one P0 to the next look; a notification cuts them short, and meanwhile its call goes out.
_NEXT = 0.02


def step_of(
    drain: Callable[[], int], suspect: Callable[[], None], first: Precedence, calls: threading.Event
) -> Callable[[], float]:
    """A loop's step; `drain` and `suspect` as for `Drainer`. `calls` is set where somebody may have to be called.

    The precedence is kept till then, and while somebody holds the lane of a P0.
    """
    drainer = Drainer(drain, suspect, gathers=False)

    def step() -> float:
        is_ours = first.take()
        try:
            seconds = drainer.step()
            is_held = bool(seconds and lanes.urgent_lanes(1))
        except BaseException:
            first.give_back()
            raise
        if not seconds:
            first.pass_on()
            calls.set()
            return _NEXT
        if is_ours and not is_held:
            first.give_back()
        return _HELD if is_held else seconds

    return step
