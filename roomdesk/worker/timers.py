"""When the next timer is due."""

from __future__ import annotations

from collections.abc import Callable

from django.db.models import Min

from roomdesk.queues.models import Timer
from roomdesk.runtime import clock

#: Longest wait in seconds: the moved clock of a demo tells nobody that it was moved.
LONGEST = 1.0


def step(fire: Callable[[], int]) -> float:
    """Fires what is due and says how long until the next."""
    while fire():
        pass
    due = Timer.objects.filter(state=Timer.State.PENDING).aggregate(at=Min("next_at"))["at"]
    # A timer that is due and did not fire belongs to a lane that somebody holds: not asked again at once.
    return LONGEST if due is None else min(LONGEST, max(0.05, (due - clock.now()).total_seconds()))
