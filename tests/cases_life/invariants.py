"""What is true of cases whatever was done with them: looked at from the outside, in the tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise

from django.db.models import Q

from roomdesk.audit.models import Entry
from roomdesk.cases.models import Case, CaseChange, CaseCycle, Link
from roomdesk.clocks.models import Clock
from roomdesk.directory.models import Escalation
from roomdesk.record.models import Message
from roomdesk.rules.case_states import MOVES, OPEN

#: Ways from state to state that no table of moves has: new cycles, the desk's own answer, merges and their undoing.
_BEGUN = {("", "new"), ("", "deflected"), ("", "acknowledged")}
_REOPENED = {(ended, begun) for ended in ("resolved", "closed") for begun in ("new", "investigating")}
_MERGED = {(state, "merged") for state in OPEN} | {("merged", state) for state in OPEN}


def check(cases: Iterable[Case]) -> None:
    """Every invariant of these cases. They must have been read just now."""
    for case in cases:
        changes = list(CaseChange.objects.filter(case=case).order_by("pk"))
        cycles = list(CaseCycle.objects.filter(case=case).order_by("number"))
        _history_agrees(case, changes)
        _states_are_legal(case, changes)
        _cycles_are_the_history(case, changes, cycles)
        _clocks_fit(case)
        _messages_have_one_place(case)
        _others_fit(case)
        _audit_has_every_change(case, changes)


def _of(changes: Sequence[CaseChange], what: str) -> list[tuple[str, str]]:
    return [(change.before, change.after) for change in changes if change.what == what]


def _history_agrees(case: Case, changes: Sequence[CaseChange]) -> None:
    """Each change begins where the one before it ended, and the last one is how the case is: so nobody shares a case."""
    now = {
        "state": case.state,
        "severity": case.severity,
        "kind": case.kind,
        "assignee": case.assignee.slug if case.assignee else "",
        "snooze": case.snoozed_until.isoformat() if case.snoozed_until else "",
    }
    for what, value in now.items():
        chain = _of(changes, what)
        assert all(after == before for (_, after), (before, _) in pairwise(chain)), (case.ref, what, chain)
        if chain:
            assert chain[-1][1] == value, (case.ref, what, chain)
        else:
            assert what not in ("assignee", "snooze") or value == "", (case.ref, what)


def _states_are_legal(case: Case, changes: Sequence[CaseChange]) -> None:
    legal = {(a, b) for a, some in MOVES.items() for b in some} | _BEGUN | _REOPENED | _MERGED
    assert set(_of(changes, "state")) <= legal, (case.ref, _of(changes, "state"))
    assert (case.state == "merged") == (case.merged_into_id is not None)


def _cycles_are_the_history(case: Case, changes: Sequence[CaseChange], cycles: Sequence[CaseCycle]) -> None:
    moves = Counter(_of(changes, "state"))
    assert [cycle.number for cycle in cycles] == list(range(1, case.cycle + 1)), case.ref
    assert len(cycles) == 1 + sum(moves[move] for move in _REOPENED), case.ref
    assert sum(cycle.ended_at is not None for cycle in cycles) == sum(
        n for (_, b), n in moves.items() if b == "resolved"
    )
    assert all(cycle.ended_at is not None for cycle in cycles[:-1]), case.ref
    assert (cycles[-1].ended_at is not None) == (
        case.state == "resolved" or (case.state == "closed" and case.resolved_at is not None)
    )
    assert all(cycle.ended_at is None or bool(cycle.fix) for cycle in cycles), "no end without a fix"
    assert all(later.started_at >= one.ended_at for one, later in pairwise(cycles)), case.ref  # type: ignore[operator]


def _clocks_fit(case: Case) -> None:
    running = list(Clock.objects.filter(case=case, stopped_at=None).exclude(state=Clock.State.CANCELLED))
    assert max(Counter((clock.kind, clock.cycle_id) for clock in running).values(), default=0) <= 1, case.ref
    if case.state not in OPEN:
        left = {clock.kind for clock in running} - {Clock.Kind.FIRST_RESPONSE}
        assert not left, (case.ref, case.state, left)
    assert case.state != "merged" or not running, case.ref
    paused = [clock for clock in running if clock.paused_at is not None]
    assert not paused or case.state == "waiting_customer", case.ref


def _messages_have_one_place(case: Case) -> None:
    said = Message.objects.filter(workspace_id=case.workspace_id)
    assert not said.filter(case=None, why_code="").exists(), "in no case, and nothing says why"
    assert not said.filter(case__isnull=False).exclude(case__workspace_id=case.workspace_id).exists()
    assert not said.exclude(case=None).filter(why_code="").exists(), "in a case, and nothing says why"


def _others_fit(case: Case) -> None:
    links = Link.objects.filter(ended_at=None, kind=Link.Kind.INCIDENT)
    assert links.filter(case=case).count() <= 1, case.ref
    assert not (links.filter(case=case).exists() and links.filter(other=case).exists()), "a leader that is led"
    called = Escalation.objects.filter(ref=case.ref, valid_to=None)
    assert case.state not in ("resolved", "closed") or not called.exists(), case.ref
    assert called.values("field").distinct().count() == called.count()


def _audit_has_every_change(case: Case, changes: Sequence[CaseChange]) -> None:
    """The first one is the opening's, which has an entry of its own."""
    counted = Counter(f"case.{change.what}" for change in changes[1:])
    actions = list(counted)
    entries = Entry.objects.filter(Q(action__in=actions), subject=f"case:{case.ref}").values_list("action", flat=True)
    assert Counter(entries) == counted, case.ref
