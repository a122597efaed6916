"""Two of the staff decide at once: the lane's lock lets one see what the other did; without it both would be right (D25)."""

from __future__ import annotations

import pytest

from roomdesk.cases import acting, changing, joining
from roomdesk.cases.changing import Change
from roomdesk.cases.models import Case, Merge
from roomdesk.directory.queries import Viewer
from roomdesk.queues import lanes
from roomdesk.refusals import Conflict
from roomdesk.runtime import clock
from tests.cases_api.place import ACTOR
from tests.cases_life.acting import Desk
from tests.harness.races import Meeting, at_once, meeting

EVERYONE = Viewer("token", "tests", sees_all=True)


def after_reading(monkeypatch: pytest.MonkeyPatch) -> Meeting:
    """Two threads meet right after they have both read the cases, if nothing keeps them apart."""
    return meeting(monkeypatch, acting.loading, "load")


def _merge(ref: str, into: str) -> Case:
    return joining.do_merge(EVERYONE, ref, into, actor=ACTOR, now=clock.now())


def _take(ref: str, who: str) -> Case:
    return changing.do_change(EVERYONE, ref, Change(assignee=who), author=who, actor=ACTOR, now=clock.now())


def test_two_cases_merged_into_each_other_at_once_become_one(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = desk.open(), desk.open("Another matter")
    both = after_reading(monkeypatch)
    raised = at_once(lambda: _merge(one, two), lambda: _merge(two, one))
    assert [type(error) for error in raised] == [Conflict] and both.was_prevented
    assert sorted(Case.objects.values_list("state", flat=True)) == ["merged", "new"]
    assert Merge.objects.count() == 1


def test_without_the_lane_lock_both_cases_are_gone(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "LOCKING", False)
    one, two = desk.open(), desk.open("Another matter")
    both = after_reading(monkeypatch)
    acts = both.in_turn(lambda: _merge(one, two)), both.in_turn(lambda: _merge(two, one))
    assert at_once(*acts) == [] and both.took_place
    assert list(Case.objects.values_list("state", flat=True)) == ["merged", "merged"]


def test_two_who_take_a_case_at_once_leave_a_history_that_agrees(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    ref = desk.open()
    both = after_reading(monkeypatch)
    raised = at_once(lambda: _take(ref, "ivan"), lambda: _take(ref, "petya"))
    assert raised == [] and both.was_prevented
    (_, first), (before, last) = desk.changes(ref, "assignee")
    assert (before, desk.case(ref)["assignee"]) == (first, last)
