"""What words do to a case: a customer's further message, and an answer of staff. Plans writes in the caller's `Work`."""

from __future__ import annotations

from datetime import datetime, timedelta

from roomdesk.audit.work import Work
from roomdesk.cases import life
from roomdesk.cases.conversation import Conversation, Open
from roomdesk.cases.models import Case, CaseCycle
from roomdesk.cases.opening import start_clock
from roomdesk.clocks import services as clocks
from roomdesk.clocks.models import Clock
from roomdesk.directory.models import Person
from roomdesk.product.queries import product_of
from roomdesk.rules import case_states

_ANSWERED = "The customer answered."
#: States in which a customer's message can always belong to a case.
TAKES_WORDS = frozenset({*Case.OPEN, Case.State.DEFLECTED})


def takes_words(entry: Open, at: datetime) -> bool:
    """Whether a customer's message at `at` can belong to the case: it is open, or the message reopens it (D19)."""
    if entry.case.state in TAKES_WORDS:
        return True
    days = product_of(entry.cycle.product_version_id).life.reopen_days
    return case_states.reopens(entry.case.state, entry.case.resolved_at, at, timedelta(days=days))


def customer_spoke(
    work: Work,
    conversation: Conversation,
    entry: Open,
    at: datetime,
    author: Person | None,
    *,
    by: str,
    small_talk: bool = False,
) -> None:
    """A customer's further message in a case that `takes_words`. It wakes, resumes, or reopens; small talk does none of it."""
    entry.changed()
    if author is not None:
        entry.last_by[author.pk] = max(at, entry.last_by.get(author.pk, at))
    if small_talk:
        return
    case = entry.case
    if case.last_customer_at is None or at > case.last_customer_at:
        case.last_customer_at = at
        work.update(case, "last_customer_at")
    life.wake(work, conversation, entry, at, by="desk", reason=_ANSWERED)
    if not entry.is_open:
        _revive(work, conversation, entry, at, by)
    elif case.state == Case.State.WAITING_CUSTOMER:
        life.change_state(work, conversation, entry, Case.State.INVESTIGATING, at, by="desk", reason=_ANSWERED)
    _await_response(work, conversation, entry, at)


def _revive(work: Work, conversation: Conversation, entry: Open, at: datetime, by: str) -> None:
    if entry.case.state == Case.State.DEFLECTED:
        life.revive(work, conversation, entry, at, by=by, reason="The automatic answer did not help.")
        return
    reason = "The customer wrote again."
    life.reopen(work, conversation, entry, at, by=by, by_customer=True, reason=reason)


def _await_response(work: Work, conversation: Conversation, entry: Open, at: datetime) -> None:
    """Staff reopened the case, and the customer speaks for the first time since: from here a first response is due (D19)."""
    cycle = entry.cycle
    if cycle.first_response != CaseCycle.FirstResponse.AWAITED:
        return
    cycle.first_response = CaseCycle.FirstResponse.STARTED
    work.update(cycle, "first_response")
    start_clock(work, conversation, entry, Clock.Kind.FIRST_RESPONSE, max(at, cycle.started_at))


def staff_answered(work: Work, conversation: Conversation, entry: Open, at: datetime, by: str, event_id: str) -> None:
    """A public message of human staff in a case, at the time it was in the customer's hands (R18).

    It stops the first-response clock of the cycle, once, and the update clock begins anew (R27).
    """
    entry.changed()
    case, cycle = entry.case, entry.cycle
    if case.last_staff_at is None or at > case.last_staff_at:
        case.last_staff_at = at
        work.update(case, "last_staff_at")
    if case.answered_at is None and cycle.first_response == CaseCycle.FirstResponse.STARTED:
        case.answered_at = at
        work.update(case, "answered_at")
    _pay_off(work, conversation, entry, at, event_id)
    if not entry.is_open:
        return
    is_waiting = case.state == Case.State.WAITING_CUSTOMER
    subject = entry.subject(conversation, at)
    clocks.answered(work, subject, entry.clocks, at=max(at, cycle.started_at), by=event_id, is_waiting=is_waiting)
    if case.state == Case.State.NEW:
        life.change_state(work, conversation, entry, Case.State.ACKNOWLEDGED, at, by=by)


def _pay_off(work: Work, conversation: Conversation, entry: Open, at: datetime, event_id: str) -> None:
    """First responses that are owed still, though the case was resolved, or reopened, without a word to the customer."""
    for cycle, clock in entry.owed:
        clocks.stop(work, entry.subject(conversation, at, cycle), clock, at=at, by=event_id)
    entry.owed.clear()
    if entry.is_open:
        return
    for clock in [clock for clock in entry.clocks if clock.kind == Clock.Kind.FIRST_RESPONSE]:
        clocks.stop(work, entry.subject(conversation, at), clock, at=at, by=event_id)
        entry.clocks.remove(clock)
