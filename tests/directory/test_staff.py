"""Staff: roles for one product or all, as intervals; every workspace concerned is told."""

from __future__ import annotations

import json

import pytest

from roomdesk.directory import belonging, queries, services
from roomdesk.directory.models import Person, StaffRole, Workspace
from roomdesk.queues.models import InboxEvent
from tests.directory import world
from tests.directory.example import product
from tests.directory.world import ACTOR, at, nothing_changes, staff

pytestmark = pytest.mark.usefixtures("desk")


def told_after(pk: int) -> list[str]:
    told = InboxEvent.objects.filter(pk__gt=pk, lane__workspace__isnull=False).order_by("pk")
    return [json.loads(raw)["slug"] for raw in told.values_list("raw", flat=True)]


def staff_rooms_told_after(pk: int) -> set[str]:
    told = InboxEvent.objects.filter(pk__gt=pk, lane__key__startswith="staff:")
    return {key.removeprefix("staff:") for key in told.values_list("lane__key", flat=True)}


def newest() -> int:
    return InboxEvent.objects.latest("pk").pk


@pytest.fixture
def _more_workspaces(desk: None) -> None:
    services.load(product("other"), ACTOR, world.START)
    world.put(slug="zed", product="cloud")
    world.put(slug="bee", product="cloud")
    world.put(slug="else", product="other")


def open_roles(id: str) -> list[tuple[str, str, str]]:
    rows = StaffRole.objects.filter(person__slug=id, valid_to=None).order_by("product", "role", "field")
    return list(rows.values_list("role", "product", "field"))


@pytest.mark.usefixtures("_more_workspaces")
def test_the_workspaces_of_the_product_are_told_in_order() -> None:
    before = newest()
    staff(at(1), id="petya", roles=["engineer"], product="cloud")
    assert told_after(before) == ["acme", "bee", "zed"]
    assert staff_rooms_told_after(before) == {"", "cloud"}


@pytest.mark.usefixtures("_more_workspaces")
def test_with_all_products_all_workspaces_are_told() -> None:
    before = newest()
    staff(at(1), id="petya", roles=["lead"])
    assert told_after(before) == ["acme", "bee", "else", "zed"]
    told = InboxEvent.objects.filter(pk__gt=before, lane__workspace__isnull=False)
    assert list(told.values_list("lane__workspace__slug", flat=True).order_by("pk")) == ["acme", "bee", "else", "zed"]
    assert staff_rooms_told_after(before) >= {"", "cloud", "other"}


def test_the_same_again_changes_nothing() -> None:
    with nothing_changes():
        staff(at(1), id="ivan", roles=["engineer"], product="cloud")


def test_put_sets_exactly_these_roles_for_the_product() -> None:
    staff(at(1), id="ivan", roles=["lead"])
    staff(at(2), id="ivan", roles=["security", "engineer"], product="cloud")
    staff(at(3), id="ivan", roles=["security"], product="cloud")
    assert open_roles("ivan") == [("lead", "", ""), ("security", "cloud", "")]
    closed = StaffRole.objects.get(person__slug="ivan", role="engineer")
    assert closed.valid_to == at(3)
    assert {"ivan"} == {p.slug for p in queries.staff_of("cloud", at(2.5))["engineer"]}
    assert "engineer" not in queries.staff_of("cloud", at(3))


def test_a_specialist_is_put_once_for_each_field() -> None:
    staff(id="petya", roles=["specialist"], product="cloud", field="database")
    staff(id="petya", roles=["specialist"], field="printing")
    assert open_roles("petya") == [("specialist", "", "printing"), ("specialist", "cloud", "database")]


def test_leaving_ends_every_role_and_tells_everybody_concerned() -> None:
    before = newest()
    services.do_remove_staff(id="ana", actor=ACTOR, now=at(1))
    assert open_roles("ana") == []
    assert told_after(before) == ["acme"]
    acme = Workspace.objects.get(slug="acme")
    assert queries.account_manager_at(acme, at(0.5)) == acme.account_manager
    assert queries.account_manager_at(acme, at(1)) is None
    assert [person.slug for person in belonging.staff(acme, at(0.5), many_rooms=True)] == ["ana"]
    assert belonging.staff(acme, at(1), many_rooms=True) == []


def test_leaving_one_product_keeps_the_others() -> None:
    staff(id="ivan", roles=["lead"])
    services.do_remove_staff(id="ivan", product="cloud", actor=ACTOR, now=at(1))
    assert open_roles("ivan") == [("lead", "", "")]


def test_staff_sees_the_workspaces_of_its_products_and_members_their_own() -> None:
    services.load(product("other"), ACTOR, world.START)
    world.put(slug="else", product="other")
    people = {person.slug: person for person in Person.objects.all()}
    seen = {
        slug: [w.slug for w in queries.workspaces_of(queries.viewer_of_person(people[slug], at(1)))]
        for slug in ("ana", "ivan", "olga")
    }
    assert seen == {"ana": ["acme", "else"], "ivan": ["acme"], "olga": ["acme"]}
