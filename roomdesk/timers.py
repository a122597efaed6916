"""Firing timers: claim → load → tell → write → commit, under the lane locks of the workspaces concerned.

Any number of workers may do this; a crash at any point repeats the whole of it and tells nothing twice. The cost is that of
what is due: a fixed number of queries for up to `BATCH` timers, however many others there are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from django.db import transaction

from roomdesk.audit.work import DESK, Work
from roomdesk.cases import assigning
from roomdesk.cases.assigning import ASSIGN_TIMER
from roomdesk.cases.quiet import CLOSE_TIMER, WAKE_TIMER
from roomdesk.cases.timers import fire_close, fire_wake
from roomdesk.clocks import firing
from roomdesk.clocks.models import Clock
from roomdesk.clocks.services import DUE_TIMER
from roomdesk.consent import timers as consents
from roomdesk.consent.timers import CONSENT_TIMER
from roomdesk.control import commands, hand_over
from roomdesk.control.commands import COMMAND_TIMER
from roomdesk.oncall import escalating
from roomdesk.oncall.hand_over import HAND_OVER_TIMER, REMINDER_TIMER, SETTLE_TIMER, settle
from roomdesk.oncall.paging import PAGE_TIMER
from roomdesk.queues import bulk, lanes, timers
from roomdesk.queues.models import Timer
from roomdesk.queues.signals import lives
from roomdesk.runtime import clock, faults

#: Timers of one transaction.
BATCH = 200


def fire(limit: int = BATCH) -> int:
    """Fires what is due; returns how many. A lane with events still waiting comes first: the answer may be among them."""
    now = clock.now()
    lane_ids = timers.due_lanes(now, limit)
    if not lane_ids:
        return 0
    with transaction.atomic(durable=True):
        held = lanes.lock_free(lane_ids)
        # Looked at again now that nobody else can work on these lanes.
        free = held.keys() - timers.unheard(held, now)
        due = _of_one_kind(timers.due(free, now, limit)) if free else []
        if due:
            _fire(due, now)
            faults.point("timers-written")
    faults.point("timers-committed")
    return len(due)


#: Fires the timers of one kind: plans its writes in the `Work`, and says by subject when to look again (left out: never).
Fires = Callable[[Work, Sequence[Timer]], Mapping[int, datetime | None]]


def _of_one_kind(due: Sequence[Timer]) -> list[Timer]:
    """Those of the kind that comes first; the others have a pass of their own.

    Two kinds may load the same rows: in one transaction each would write its own picture of them.
    """
    return [timer for timer in due if timer.kind == due[0].kind]


def _fire(due: Sequence[Timer], now: datetime) -> None:
    work = Work(now, DESK, id_block=len(due))
    # A kind that nobody knows any more must not come up for ever.
    again = KINDS[due[0].kind](work, due) if due[0].kind in KINDS else {}
    for timer in due:
        at = again.get(timer.subject_id)
        timer.state = Timer.State.FIRED if at is None else Timer.State.PENDING
        timer.next_at, timer.fired_at = at or timer.next_at, now
    faults.point("timers-decided")
    # Before the flush: a timer that the work itself sets anew finds the place of the pending one free, or moves it.
    bulk.update(Timer, due, ["state", "next_at", "fired_at"])
    work.lastly(*lives(timer.lane_id for timer in due))
    work.flush()


def fire_clocks(work: Work, due: Sequence[Timer]) -> Mapping[int, datetime | None]:
    """Clocks whose next step has come, with all that is told of them, in one query."""
    found = Clock.objects.filter(pk__in=[timer.subject_id for timer in due])
    return {one.pk: firing.fire(work, one) for one in found.select_related("case__workspace", "cycle").order_by("pk")}


KINDS: dict[str, Fires] = {
    DUE_TIMER: fire_clocks,
    CLOSE_TIMER: fire_close,
    WAKE_TIMER: fire_wake,
    ASSIGN_TIMER: assigning.fire,
    COMMAND_TIMER: commands.fire,
    PAGE_TIMER: escalating.fire,
    HAND_OVER_TIMER: hand_over.fire,
    REMINDER_TIMER: hand_over.fire_reminder,
    SETTLE_TIMER: settle,
    CONSENT_TIMER: consents.fire,
}
