"""Timers of cases: quiet days end and the case closes by itself; a snooze ends and it is in sight again, a waiting one going on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from roomdesk.audit.work import Work
from roomdesk.cases import life, loading
from roomdesk.cases.conversation import Conversation, Open
from roomdesk.cases.models import Case
from roomdesk.queues.models import Lane, Timer

Fires = Callable[[Work, Conversation, Open], None]


def fire_close(work: Work, due: Sequence[Timer]) -> Mapping[int, datetime | None]:
    """Closes cases that stayed resolved, or whose automatic answer was enough."""
    return _each(work, due, _close)


def fire_wake(work: Work, due: Sequence[Timer]) -> Mapping[int, datetime | None]:
    """Ends snoozes; a case that waits goes on."""
    return _each(work, due, _wake)


def _each(work: Work, due: Sequence[Timer], fires: Fires) -> Mapping[int, datetime | None]:
    """A bounded number of queries for any number of timers; their lanes are held by the caller. None looks again."""
    lanes = {lane.pk: lane for lane in Lane.objects.filter(pk__in={timer.lane_id for timer in due})}
    case_ids = [timer.subject_id for timer in due]
    conversations = loading.load(lanes, case_ids=case_ids, earliest=work.now)
    for timer in due:
        conversation = conversations[timer.lane_id]
        entry = conversation.cases.get(timer.subject_id)
        if entry is not None:
            fires(work, conversation, entry)
    return {}


def _close(work: Work, conversation: Conversation, entry: Open) -> None:
    reason = _QUIET.get(entry.case.state)
    if reason is not None:
        life.close(work, conversation, entry, work.now, by="desk", reason=reason)


_QUIET: dict[str, str] = {
    Case.State.RESOLVED: "Nobody has written since it was resolved.",
    Case.State.DEFLECTED: "Nobody has said that the automatic answer did not help.",
}


def _wake(work: Work, conversation: Conversation, entry: Open) -> None:
    until = entry.case.snoozed_until
    if until is not None and until <= work.now:
        life.wake(work, conversation, entry, work.now, by="desk", reason="Its time has come.")
        _go_on(work, conversation, entry)


def _go_on(work: Work, conversation: Conversation, entry: Open) -> None:
    """Whom it waited for has let the time pass: it is staff's turn, and the clocks that stood still run again."""
    if entry.case.state in (Case.State.WAITING_CUSTOMER, Case.State.WAITING_THIRD_PARTY):
        state, reason = Case.State.INVESTIGATING, "The time that it waited for has come."
        life.change_state(work, conversation, entry, state, work.now, by="desk", reason=reason)
