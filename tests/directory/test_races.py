"""Two at once end in one, and the damage where the protection is taken away."""

from __future__ import annotations

import pytest
from django.db import IntegrityError

from roomdesk.directory import services
from roomdesk.directory.models import Membership, Person, Workspace
from roomdesk.directory.services import members, people, together
from roomdesk.product.models import ProductVersion
from roomdesk.queues import lanes
from roomdesk.queues.models import InboxEvent, Lane
from tests.directory import world
from tests.directory.example import product
from tests.directory.world import ACTOR, at, member, put
from tests.harness.races import at_once, meeting

pytestmark = pytest.mark.usefixtures("desk")


def test_the_same_new_workspace_twice_at_once_is_made_once() -> None:
    def act() -> Workspace:
        return put(slug="nord", product="cloud", tier="pro")

    assert at_once(act, act, act) == []
    nord = Workspace.objects.get(slug="nord")
    assert nord.terms.count() == 1
    assert Lane.objects.filter(key="workspace:nord").count() == 1
    assert InboxEvent.objects.filter(lane=nord.lane).count() == 1
    assert world.entries("workspace:nord") == [("workspace.created", "workspace:nord")]


def test_the_same_new_person_in_two_workspaces_at_once_is_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    put(slug="nord", product="cloud")
    both = meeting(monkeypatch, people, "_free_localpart")
    assert at_once(lambda: member(id="mira"), lambda: member(workspace="nord", id="mira")) == []
    assert both.took_place
    mira = Person.objects.get(slug="mira")
    assert Membership.objects.filter(person=mira, valid_to=None).count() == 2
    assert world.entries("vendor").count(("person.created", "person:mira")) == 1


def test_without_the_second_try_one_of_the_two_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    put(slug="nord", product="cloud")
    monkeypatch.setattr(together, "RACES", frozenset())
    both = meeting(monkeypatch, people, "_free_localpart")
    raised = at_once(lambda: member(id="mira"), lambda: member(workspace="nord", id="mira"))
    assert both.took_place
    assert [type(error) for error in raised] == [IntegrityError]


def owners() -> list[str]:
    rows = Membership.objects.filter(workspace__slug="acme", role="owner", valid_to=None)
    return list(rows.values_list("person__slug", flat=True))


def test_two_new_owners_at_once_leave_one_and_nobody_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    both = meeting(monkeypatch, members, "_owner")
    assert at_once(lambda: member(at(1), id="mira", role="owner"), lambda: member(at(1), id="asen", role="owner")) == []
    assert both.was_prevented
    assert owners() in (["mira"], ["asen"])
    assert Membership.objects.filter(workspace__slug="acme", valid_to=None).count() == 3


def test_without_the_lane_lock_two_new_owners_hit_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "LOCKING", False)
    both = meeting(monkeypatch, members, "_owner")
    raised = at_once(lambda: member(at(1), id="mira", role="owner"), lambda: member(at(1), id="asen", role="owner"))
    assert both.took_place
    assert [type(error) for error in raised] == [IntegrityError]


def test_the_same_product_twice_at_once_is_one_version() -> None:
    changed = product("cloud", locales=["en"], default_locale="en", texts={"en": {"hello": "Hi"}})
    raised = at_once(*[lambda: services.load(changed, ACTOR, at(1))] * 3)
    assert raised == []
    assert list(ProductVersion.objects.filter(slug="cloud").order_by("number").values_list("number", flat=True)) == [
        1,
        2,
    ]
