"""Two act on access at once: under the lane's lock one sees what the other did; without it both would be right (D25)."""

from __future__ import annotations

import pytest

from roomdesk.audit.models import Entry
from roomdesk.audit.work import Actor
from roomdesk.directory.models import AccessRequest, Membership
from roomdesk.directory.services import access, access_requests
from roomdesk.queues import lanes
from roomdesk.refusals import Conflict
from tests.directory.world import at
from tests.harness.races import at_once, meeting

pytestmark = [pytest.mark.part_of("R03"), pytest.mark.usefixtures("mira")]


def ask() -> AccessRequest:
    return access.do_ask(workspace="acme", person="mira", actor=Actor("person", "mira"), now=at(1))


def decide(number: int, decision: str, by: str) -> AccessRequest:
    return access.do_decide(
        workspace="acme", request=number, decision=decision, by=by, actor=Actor("person", by), now=at(2)
    )


def decisions() -> list[str]:
    rows = Entry.objects.filter(scope="workspace:acme", action__in=["access.approved", "access.declined"])
    return list(rows.order_by("seq").values_list("action", flat=True))


def test_who_asks_twice_at_once_asks_once(monkeypatch: pytest.MonkeyPatch) -> None:
    both = meeting(monkeypatch, access_requests, "open_of")
    assert at_once(ask, ask) == [] and both.was_prevented
    assert AccessRequest.objects.count() == 1


def test_without_the_lane_lock_one_of_the_two_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "LOCKING", False)
    both = meeting(monkeypatch, access_requests, "open_of")
    assert len(at_once(ask, ask)) == 1 and both.took_place


def test_of_two_who_decide_at_once_one_is_told_that_it_was_decided(monkeypatch: pytest.MonkeyPatch) -> None:
    number = ask().pk
    both = meeting(monkeypatch, access, "access_request")
    raised = at_once(lambda: decide(number, "approved", "olga"), lambda: decide(number, "declined", "asen"))
    assert [type(error) for error in raised] == [Conflict] and both.was_prevented
    found = AccessRequest.objects.get()
    assert decisions() == [f"access.{found.outcome}"]
    is_in = Membership.objects.get(person__slug="mira", valid_to=None).support_room_access
    assert is_in == (found.outcome == "approved")


def test_without_the_lane_lock_both_have_decided(monkeypatch: pytest.MonkeyPatch) -> None:
    number = ask().pk
    monkeypatch.setattr(lanes, "LOCKING", False)
    # Where each has seen the open request for the last time: whoever read later would find it decided.
    both = meeting(monkeypatch, access_requests, "open_of")
    at_once(lambda: decide(number, "approved", "olga"), lambda: decide(number, "declined", "asen"))
    assert len(decisions()) == 2 and both.took_place
