"""People of a workspace: roles as intervals, one owner (D5, D6), and what is refused."""

from __future__ import annotations

import json

import pytest

from roomdesk.directory import queries, services
from roomdesk.directory.models import Membership, Person, Workspace
from roomdesk.queues.models import InboxEvent, OutboxRow
from roomdesk.refusals import Conflict
from tests.directory import world
from tests.directory.world import ACTOR, START, at, member, nothing_changes, refused

pytestmark = pytest.mark.usefixtures("desk")


def acme() -> Workspace:
    return Workspace.objects.get(slug="acme")


def roles(hours: float) -> dict[str, str]:
    return {row.person.slug: row.role for row in queries.people_of(acme(), at(hours))}


def test_a_new_member_is_a_person_whose_matrix_account_is_ordered() -> None:
    row = member(id="mira", name="Mira Ilieva", email="mira@acme.test")
    assert (row.role, row.support_room_access) == ("member", False)
    order = OutboxRow.objects.get(destination="matrix:user:mira")
    told = json.loads(order.payload)
    assert (order.channel, order.kind) == ("matrix", "provision")
    assert told == {"user_id": "@mira:roomdesk.localhost", "display_name": "Mira Ilieva", "subject": "mira"}
    assert not Person.objects.get(slug="mira").has_usable_password()


def test_the_same_again_changes_nothing() -> None:
    with nothing_changes():
        member(at(1), id="olga", role="owner", name="Olga", email="olga@acme.test")
        member(at(1), id="asen")


def test_a_role_is_an_interval() -> None:
    member(at(1), id="asen", role="member", support_room_access=True)
    old, new = Membership.objects.filter(person__slug="asen").order_by("pk")
    assert (old.role, old.valid_from, old.valid_to) == ("admin", START, at(1))
    assert (new.role, new.support_room_access, new.valid_from, new.valid_to) == ("member", True, at(1), None)
    assert (roles(0.99)["asen"], roles(1)["asen"]) == ("admin", "member")


def test_authority_is_judged_at_the_instant() -> None:
    asen = Person.objects.get(slug="asen")
    services.do_remove_member(workspace="acme", id="asen", actor=ACTOR, now=at(2))
    assert queries.authority(asen, acme(), at(1)).role == "admin"
    assert queries.authority(asen, acme(), at(2)).role == ""
    ivan = queries.authority(Person.objects.get(slug="ivan"), acme(), at(1))
    assert (ivan.role, ivan.is_staff, ivan.staff_roles) == ("", True, frozenset({"engineer"}))


def test_putting_another_owner_transfers_in_one_step() -> None:
    member(at(1), id="mira", role="owner")
    assert roles(0.99) == {"olga": "owner", "asen": "admin"}
    assert roles(1) == {"mira": "owner", "asen": "admin", "olga": "admin"}
    last = world.entries("workspace:acme")[-2:]
    assert last == [("member.ownership_passed", "person:olga"), ("member.added", "person:mira")]
    told = json.loads(InboxEvent.objects.latest("pk").raw)
    assert (told["kind"], told["people"]) == ("people_changed", ["mira", "olga"])


def test_an_admin_can_take_over() -> None:
    member(at(1), id="asen", role="owner")
    assert roles(1) == {"asen": "owner", "olga": "admin"}


def test_one_person_belongs_to_several_workspaces_and_is_staff_too() -> None:
    world.put(slug="nord", product="cloud")
    member(workspace="nord", id="olga", role="admin")
    world.staff(id="olga", roles=["engineer"])
    assert Person.objects.filter(slug="olga").count() == 1
    found = queries.belongings(Person.objects.get(slug="olga"), START)
    assert [row["workspace"] for row in found["workspaces"]] == ["acme", "nord"]
    assert [row["role"] for row in found["roles"]] == ["engineer"]


def test_a_caller_for_one_workspace_cannot_change_people_of_others() -> None:
    world.put(slug="nord", product="cloud")
    member(workspace="nord", id="nina", email="nina@nord.test")
    for id in ("nina", "ana"):
        person = services.PersonWish(id=id, email="mine@acme.test")
        wish = services.MemberWish(workspace="acme", person=person, own_people_only=True)
        with refused(Conflict, "taken outside this workspace", "id"):
            services.grant([wish], ACTOR, at(1))


@pytest.mark.parametrize(
    ("id", "localpart"),
    [("mira", "mira"), ("support-desk", "u.support-desk"), ("roomdesk_admin", "u.roomdesk_admin"), ("a.b=c", "a.b=c")],
)
def test_nobody_gets_a_matrix_name_of_the_desks_own(id: str, localpart: str) -> None:
    member(id=id)
    assert Person.objects.get(slug=id).localpart == localpart


def test_two_people_never_share_a_matrix_name() -> None:
    member(id="support")
    member(id="u.support")
    assert sorted(Person.objects.filter(slug__endswith="support").values_list("localpart", flat=True)) == [
        "u.support",
        "u.u.support",
    ]


def test_somebody_renamed_there_and_back_gets_the_first_name_again() -> None:
    member(at(1), id="olga", name="Olga B")
    member(at(2), id="olga", name="Olga")
    orders = OutboxRow.objects.filter(destination="matrix:user:olga").order_by("pk")
    assert [json.loads(order.payload)["display_name"] for order in orders] == ["Olga", "Olga B", "Olga"]


def test_a_password_is_kept_hashed_and_its_setting_audited() -> None:
    services.do_set_password(id="olga", password="correct horse", actor=ACTOR, now=at(1))
    olga = Person.objects.get(slug="olga")
    assert olga.check_password("correct horse")
    assert world.entries("vendor")[-1] == ("person.password_set", "person:olga")
