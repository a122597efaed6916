"""From state to state, and what that means for clocks. Plans writes in the caller's `Work`, under the lane's lock.

Nothing here asks whether a move is allowed: `rules.case_states` says so, and the services of staff ask it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from roomdesk.audit.work import Work
from roomdesk.cases import assigning, notices, paging, satisfaction_question, specialists
from roomdesk.cases.conversation import Conversation, Open
from roomdesk.cases.history import note
from roomdesk.cases.models import Case, CaseCycle
from roomdesk.cases.opening import new_cycle, start_clocks
from roomdesk.cases.quiet import CLOSE_TIMER, WAKE_TIMER, days_after
from roomdesk.clocks import services as clocks
from roomdesk.clocks.models import Clock
from roomdesk.oncall import needs
from roomdesk.product.queries import product_of


@dataclass(frozen=True, slots=True)
class Resolution:
    """What made it work again, and why it had failed (R26). Exactly one of `root_cause` and `is_unknown` is set."""

    fix: str
    root_cause: str
    is_unknown: bool


def change_state(
    work: Work, conversation: Conversation, entry: Open, state: Case.State, at: datetime, *, by: str, reason: str = ""
) -> None:
    """Moves a case to another state, with its history. Waiting for the customer pauses what may pause (R27)."""
    case = entry.case
    before, case.state = case.state, state
    work.update(case, "state")
    note(work, conversation, entry, "state", before, state, at=at, by=by, reason=reason)
    if state == Case.State.WAITING_CUSTOMER:
        clocks.pause(work, entry.subject(conversation, at), entry.clocks, at=at)
    elif before == Case.State.WAITING_CUSTOMER:
        clocks.resume(work, entry.subject(conversation, at), entry.clocks, at=at)


def resolve(
    work: Work, conversation: Conversation, entry: Open, given: Resolution, at: datetime, *, by: str, reason: str = ""
) -> None:
    """Ends the cycle with its resolution; the case closes by itself after the product's quiet days."""
    case, cycle = entry.case, entry.cycle
    change_state(work, conversation, entry, Case.State.RESOLVED, at, by=by, reason=reason)
    clocks.resolved(work, entry.subject(conversation, at), entry.clocks, at=at, by=by)
    case.resolved_at = cycle.ended_at = at
    cycle.fix, cycle.root_cause, cycle.root_cause_unknown = given.fix, given.root_cause, given.is_unknown
    work.update(case, "resolved_at")
    work.update(cycle, "ended_at", "fix", "root_cause", "root_cause_unknown")
    data = {"cycle": cycle.number, "fix": given.fix, "root_cause": given.root_cause or None}
    work.audit("case.resolved", f"case:{case.ref}", data, scope=conversation.scope)
    wake(work, conversation, entry, at, by=by)
    paging.over(work, conversation, entry, by=by)
    needs.take(work, conversation.workspace, case.ref, None)
    specialists.end(work, conversation, entry, at, by=by, reason="It was resolved.")
    satisfaction_question.ask(work, conversation, entry)
    work.remind(conversation.workspace.lane_id, CLOSE_TIMER, case.pk, closes_at(cycle, at))


def closes_at(cycle: CaseCycle, resolved_at: datetime) -> datetime:
    """When a case that was resolved then closes by itself: after so many business days of the vendor's office."""
    version = cycle.product_version_id
    return days_after(version, product_of(version).life.closing_business_days, resolved_at)


def close(work: Work, conversation: Conversation, entry: Open, at: datetime, *, by: str, reason: str = "") -> None:
    """Puts a resolved (or deflected) case away. A first response that nobody gave is late, or promised no more.

    What the desk answered by itself, and nobody asked about again, was never waited for (D14).
    """
    was_deflected = entry.case.state == Case.State.DEFLECTED
    change_state(work, conversation, entry, Case.State.CLOSED, at, by=by, reason=reason)
    work.remind(conversation.workspace.lane_id, CLOSE_TIMER, entry.case.pk, None)
    subject = entry.subject(conversation, at)
    for clock in list(entry.clocks):
        if was_deflected or (clock.breached_at is None and not clocks.find_late(work, subject, clock)):
            clocks.cancel(work, subject, clock, at=at, reason="The case was closed without an answer.")
            entry.clocks.remove(clock)


def revive(work: Work, conversation: Conversation, entry: Open, at: datetime, *, by: str, reason: str) -> None:
    """The desk's own answer did not help: a case with its original start, whose clock has been running, hidden, since then (D14)."""
    change_state(work, conversation, entry, Case.State.NEW, at, by=by, reason=reason)
    work.remind(conversation.workspace.lane_id, CLOSE_TIMER, entry.case.pk, None)
    clocks.wake(work, entry.subject(conversation, at), entry.clocks, at=at)
    assigning.plan(work, conversation, entry)
    for clock in entry.clocks:
        if clock.kind == Clock.Kind.FIRST_RESPONSE:
            notices.opened(work, conversation, entry, clock)


def reopen(
    work: Work, conversation: Conversation, entry: Open, at: datetime, *, by: str, by_customer: bool, reason: str
) -> None:
    """Begins a new cycle under the terms and the policy of this moment (D8, D19).

    Reopened by the customer it has a first-response clock, and the desk says until when somebody answers; by staff, none
    until the customer speaks.
    """
    case = entry.case
    # What was said before the case was resolved, and reached us after it, cannot begin before the cycle that it ends.
    at = max(at, entry.cycle.ended_at or at)
    work.remind(conversation.workspace.lane_id, CLOSE_TIMER, case.pk, None)
    entry.owed.extend([(entry.cycle, clock) for clock in entry.clocks])
    entry.clocks.clear()
    for cycle, owed in entry.owed:
        # Nothing was told of it while the case was resolved.
        clocks.wake(work, entry.subject(conversation, at, cycle), [owed], at=at)
    case.cycle += 1
    case.answered_at = case.resolved_at = None
    work.update(case, "cycle", "answered_at", "resolved_at")
    first = CaseCycle.FirstResponse.STARTED if by_customer else CaseCycle.FirstResponse.AWAITED
    entry.cycle = new_cycle(work, conversation, case, at, first)
    state = Case.State.NEW if by_customer else Case.State.INVESTIGATING
    change_state(work, conversation, entry, state, at, by=by, reason=reason)
    if by_customer:
        assigning.plan(work, conversation, entry)
    clock = start_clocks(work, conversation, entry, at)
    if clock is not None:
        notices.opened(work, conversation, entry, clock)


def snooze(work: Work, conversation: Conversation, entry: Open, until: datetime, *, by: str, reason: str = "") -> None:
    """Puts a case out of sight until `until`, or until the customer speaks."""
    before, entry.case.snoozed_until = entry.case.snoozed_until, until
    work.update(entry.case, "snoozed_until")
    note(work, conversation, entry, "snooze", _instant(before), _instant(until), at=work.now, by=by, reason=reason)
    work.remind(conversation.workspace.lane_id, WAKE_TIMER, entry.case.pk, until)


def wake(work: Work, conversation: Conversation, entry: Open, at: datetime, *, by: str, reason: str = "") -> None:
    """Ends a snooze, if there is one."""
    before = entry.case.snoozed_until
    if before is None:
        return
    entry.case.snoozed_until = None
    work.update(entry.case, "snoozed_until")
    work.remind(conversation.workspace.lane_id, WAKE_TIMER, entry.case.pk, None)
    note(work, conversation, entry, "snooze", _instant(before), "", at=at, by=by, reason=reason)


def _instant(at: datetime | None) -> str:
    return at.isoformat() if at else ""
