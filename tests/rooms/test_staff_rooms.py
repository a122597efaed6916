"""The staff's own rooms on the real homeserver: who is in them, who is refused, and every damage healed by the same sweep (D9)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from roomdesk.channels.matrix.errors import MatrixError
from roomdesk.channels.matrix.names import path
from roomdesk.directory import services
from roomdesk.queues.models import OutboxRow
from roomdesk.rooms.models import Drift, Room
from roomdesk.runtime import clock
from tests.cases_api.place import told
from tests.rooms.place import ACTOR, PRODUCT, Place

pytestmark = pytest.mark.part_of("R05", "R28")
Json = dict[str, Any]
SPACE, PRODUCT_SPACE, CONTROL = ("space", ""), ("space", PRODUCT), ("control", PRODUCT)
HOUSES = (SPACE, PRODUCT_SPACE, CONTROL)
House = tuple[str, str]


def room(house: House) -> str:
    return Room.objects.get(kind=house[0], product=house[1]).room_id


def state(place: Place, house: House) -> dict[tuple[str, str], Json]:
    """The room as Ivan, who is staff, reads it."""
    events = place.matrix.state(room(house), place.user("ivan"))
    return {(e["type"], e["state_key"]): e["content"] for e in events if e["content"]}


def inside(place: Place, house: House) -> set[str]:
    members = {key: c["membership"] for (kind, key), c in state(place, house).items() if kind == "m.room.member"}
    return {user[1:].partition(":")[0] for user, how in members.items() if how in ("join", "invite")}


def children(place: Place, house: House) -> set[str]:
    return {key for kind, key in state(place, house) if kind == "m.space.child"}


def call(place: Place, house: House, method: str, *parts: str, user: str | None = None, **body: Any) -> Json:
    return place.matrix.call(method, path("rooms", room(house), *parts), None if method == "GET" else body, user=user)


def hire(place: Place, name: str, product: str, role: str = "engineer") -> None:
    services.do_put_staff(id=place.id(name), roles=[role], product=product, actor=ACTOR, now=clock.now())
    place.settle()


def test_staff_are_in_the_space_its_rooms_stand_in_it_and_nobody_else_is_there(same_place: Place) -> None:
    place = same_place
    ours = {place.id("ivan"), "support", "support_keeper"}
    assert {house: inside(place, house) for house in HOUSES} == dict.fromkeys(HOUSES, ours)
    assert children(place, SPACE) == {room(PRODUCT_SPACE)}
    assert children(place, PRODUCT_SPACE) == {room(CONTROL), place.room}
    # What a client shows to Ivan when he opens the Staff Space.
    tree = place.matrix.call(
        "GET", path("rooms", room(SPACE), "hierarchy", base="/_matrix/client/v1"), user=place.user("ivan")
    )
    shown = {found["room_id"]: found.get("name") for found in tree["rooms"]}
    assert set(shown) == {*map(room, HOUSES), place.room}
    assert "control room" in shown[room(CONTROL)]


def test_staff_rooms_are_as_private_as_a_room_can_be(same_place: Place) -> None:
    for house in HOUSES:
        found = state(same_place, house)
        assert found["m.room.join_rules", ""] == {"join_rule": "invite"}
        assert found["m.room.guest_access", ""] == {"guest_access": "forbidden"}
        assert found["m.room.create", ""]["m.federate"] is False
        assert found["m.room.create", ""].get("type") == ("m.space" if house[0] == "space" else None)
        levels = found["m.room.power_levels", ""]
        assert (levels["users"], levels["invite"], levels["events"]["m.room.encryption"]) == ({}, 100, 101)
        assert levels["events_default"] == (100 if house[0] == "space" else 0)
        assert ("m.room.encryption", "") not in found and ("m.room.canonical_alias", "") not in found


REFUSED: dict[str, Callable[[Place, House, str], object]] = {
    "join": lambda place, house, user: place.matrix.call("POST", path("join", room(house)), {}, user=user),
    "knock": lambda place, house, user: place.matrix.call("POST", path("knock", room(house)), {}, user=user),
    "read": lambda place, house, user: call(place, house, "GET", "messages?dir=b", user=user),
    "state": lambda place, house, user: call(place, house, "GET", "state", user=user),
    "members": lambda place, house, user: call(place, house, "GET", "members", user=user),
    "children": lambda place, house, user: place.matrix.call(
        "GET", path("rooms", room(house), "hierarchy", base="/_matrix/client/v1"), user=user
    ),
    "summary": lambda place, house, user: place.matrix.call(
        "GET", path("room_summary", room(house), base="/_matrix/client/v1"), user=user
    ),
    "write": lambda place, house, user: call(
        place, house, "PUT", "send", "m.room.message", "t1", user=user, msgtype="m.text", body="Hello"
    ),
    "take out": lambda place, house, user: call(place, house, "PUT", "state", "m.space.child", place.room, user=user),
}


@pytest.mark.parametrize("attempt", REFUSED)
def test_a_customer_is_refused_by_the_homeserver(same_place: Place, attempt: str) -> None:
    place = same_place
    before = [state(place, house) for house in HOUSES]
    for house in HOUSES:
        with pytest.raises(MatrixError) as refused:
            REFUSED[attempt](place, house, place.user("olga"))
        assert refused.value.permanent
    assert [state(place, house) for house in HOUSES] == before


def test_a_customers_room_says_nothing_of_the_space(same_place: Place) -> None:
    place = same_place
    assert not [kind for kind, _ in place.state("olga") if kind.startswith("m.space")]
    delivered = json.dumps(place.matrix.state(place.room, place.user("olga")))
    assert not [house for house in HOUSES if room(house) in delivered]


def intruded(place: Place, house: House) -> None:
    call(place, house, "POST", "invite", user_id=place.user("olga"))
    call(place, house, "POST", "join", user=place.user("olga"))


def thrown_out(place: Place, house: House) -> None:
    call(place, house, "POST", "kick", user_id=place.user("ivan"))


def renamed(place: Place, house: House) -> None:
    call(place, house, "PUT", "state", "m.room.name", name="Pwned")


def opened_up(place: Place, house: House) -> None:
    admin = path("rooms", room(house), "make_room_admin", base="/_synapse/admin/v1")
    place.matrix.admin("POST", admin, {"user_id": place.user("ivan")})
    call(place, house, "PUT", "state", "m.room.join_rules", join_rule="public")


def bot_gone(place: Place, house: House) -> None:
    call(place, house, "POST", "leave")


def childless(place: Place, house: House) -> None:
    for child in children(place, house):
        call(place, house, "PUT", "state", "m.space.child", child)
    call(place, house, "PUT", "state", "m.space.child", "!elsewhere", via=["elsewhere.example"])


def told_of(place: Place, house: House) -> None:
    """Somebody with the desk's power let a room say in which space it stands."""
    call(place, house, "PUT", "state", "m.space.parent", room(SPACE), via=[place.matrix.server])


DAMAGES = {
    SPACE: (intruded, renamed, childless),
    PRODUCT_SPACE: (childless, thrown_out, bot_gone),
    CONTROL: (intruded, opened_up, told_of),
}


@pytest.mark.parametrize("house", DAMAGES, ids=" ".join)
def test_one_sweep_heals_and_tells_and_a_second_finds_nothing(same_place: Place, house: House) -> None:
    place = same_place
    before, known = state(place, house), Drift.objects.count()
    for damage in DAMAGES[house]:
        damage(place, house)
    place.sweep()
    healed = state(place, house)
    assert settings_of(healed) == settings_of(before)
    assert inside(place, house) == {place.id("ivan"), "support", "support_keeper"}

    (drift,) = Drift.objects.order_by("-pk")[: Drift.objects.count() - known]
    assert drift.room.room_id == room(house) and drift.because == "sweep"
    assert drift.repaired_at is not None and not drift.left
    item = told("rooms", "drift")["items"][0]
    assert (item["workspace"], item["staff_room"]) == (None, "-".join(filter(None, house)))

    rows = OutboxRow.objects.count()
    place.sweep()
    assert OutboxRow.objects.count() == rows, "a second sweep asks for nothing"


def settings_of(found: dict[tuple[str, str], Json]) -> dict[tuple[str, str], Json]:
    return {key: content for key, content in found.items() if key[0] != "m.room.member"}


def test_a_removed_link_in_a_customers_room_is_mended_too(same_place: Place) -> None:
    """A parent named in a customer's room would tell its people a room of the vendor's."""
    place = same_place
    place.call("PUT", "state", "m.space.parent", room(SPACE), via=[place.matrix.server])
    place.sweep()
    assert not [kind for (kind, _), content in place.state("olga").items() if kind == "m.space.parent" and content]


def test_staff_come_and_go_by_product_and_commands_show_it(place: Place) -> None:
    hire(place, "nina", "bos", role="lead")
    assert inside(place, SPACE) == {place.id("ivan"), place.id("nina"), "support", "support_keeper"}
    assert place.id("nina") not in inside(place, CONTROL) | inside(place, PRODUCT_SPACE)
    with pytest.raises(MatrixError):
        call(place, CONTROL, "GET", "state", user=place.user("nina"))
    other = Room.objects.get(kind="control", product="bos").room_id
    assert place.matrix.state(other, place.user("nina"))

    hire(place, "ana", "", role="account_manager")
    assert all(place.id("ana") in inside(place, house) for house in HOUSES)
    assert Room.objects.filter(workspace=None, state="ready").count() == 7, (
        "two for each of three products, and the Space"
    )

    services.do_remove_staff(id=place.id("nina"), actor=ACTOR, now=clock.now())
    place.settle()
    assert place.id("nina") not in inside(place, SPACE)
    planned = [item for item in told("rooms", "plan")["items"] if item["workspace"] is None]
    assert [item["staff_room"] for item in planned][:1] == ["space"] and len(planned) == 7
    assert [item["actions"] for item in planned] == [[]] * 7

    call(place, CONTROL, "POST", "invite", user_id=place.user("nina"))
    assert "control-" + PRODUCT in told("rooms", "reconcile")["items"]
    place.settle()
    assert place.id("nina") not in inside(place, CONTROL)


def test_an_installation_that_is_older_than_its_staffs_rooms_gets_them(place: Place) -> None:
    """As after an upgrade: nobody tells of the staff, and the sweep misses the rooms."""
    Room.objects.filter(workspace=None).update(room_id="")
    Drift.objects.filter(room__workspace=None).delete()
    OutboxRow.objects.filter(once__startswith="create_room:staff").delete()
    Room.objects.filter(workspace=None).delete()
    place.sweep()
    assert inside(place, CONTROL) == {place.id("ivan"), "support", "support_keeper"}
    assert place.room in children(place, PRODUCT_SPACE)
