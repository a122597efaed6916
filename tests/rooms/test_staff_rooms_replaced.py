"""The staff's own rooms give way to others like customers' rooms do, and a customer's new room stands in the space at once (D9, decision 0013)."""

from __future__ import annotations

import pytest

from roomdesk.directory import services
from roomdesk.queues.models import OutboxRow
from roomdesk.rooms import planning, taking
from roomdesk.rooms.models import FormerRoom, Room
from roomdesk.rules.room_plan import MOST_REMOVALS
from roomdesk.runtime import clock
from tests.cases_api.place import command, told
from tests.rooms.control import Control
from tests.rooms.place import ACTOR, PRODUCT, Place, purge_room
from tests.rooms.talking import hear
from tests.rooms.test_staff_rooms import CONTROL, PRODUCT_SPACE, SPACE, House, call, children, inside, room, state

pytestmark = pytest.mark.part_of("R05", "R06", "R28")


def people(place: Place) -> set[str]:
    return {place.id("ivan"), "support", "support_keeper"}


def is_right(place: Place) -> bool:
    items = planning.staff_plans(clock.now(), matrix=place.matrix)
    return {(item["staff_room"], str(item["actions"])) for item in items} == {
        (name, "[]") for name in ("space", f"space-{PRODUCT}", f"control-{PRODUCT}")
    }


def test_a_deleted_control_room_is_made_again_with_a_thread_for_each_open_case(there: Place) -> None:
    control = Control(there)
    control.settle()
    case = control.open("The printer burns.")
    old = control.room
    purge_room(there.matrix, old)
    there.sweep()
    control.settle()
    assert control.room not in ("", old) and inside(there, CONTROL) == people(there)
    assert children(there, PRODUCT_SPACE) == {control.room, there.room}, "the room that is gone is named no more"
    assert case.ref in control.card(case) and is_right(there)
    (former,) = FormerRoom.objects.all()
    assert (former.address, former.why) == (old, "deleted")
    rows = OutboxRow.objects.count()
    there.sweep()
    control.settle()
    assert OutboxRow.objects.count() == rows and len(control.roots(case)) == 1


def test_a_deleted_space_is_made_again_and_names_its_rooms(there: Place) -> None:
    for house in (SPACE, PRODUCT_SPACE):
        purge_room(there.matrix, room(house))
    there.sweep()
    assert children(there, SPACE) == {room(PRODUCT_SPACE)}
    assert children(there, PRODUCT_SPACE) == {room(CONTROL), there.room}
    assert state(there, SPACE)["m.room.create", ""]["type"] == "m.space" and is_right(there)


@pytest.mark.parametrize("house", [SPACE, PRODUCT_SPACE, CONTROL], ids=" ".join)
def test_an_upgraded_room_is_followed(place: Place, house: House) -> None:
    old = room(house)
    successor = call(place, house, "POST", "upgrade", new_version="12")["replacement_room"]
    hear(place, old)
    assert room(house) == successor and inside(place, house) == people(place) and is_right(place)
    former = place.matrix.state(old, place.matrix.bot)
    left = {e["state_key"] for e in former if e["type"] == "m.room.member" and e["content"]["membership"] == "join"}
    assert left == {place.matrix.bot, place.matrix.keeper}


def test_a_room_to_talk_in_is_not_followed_as_a_space(place: Place) -> None:
    """Nor is another room of the desk: a tombstone proves nothing about the room that it names."""
    old = room(SPACE)
    call(place, SPACE, "PUT", "state", "m.room.tombstone", body="Moved", replacement_room=room(CONTROL))
    hear(place, old)
    assert room(SPACE) == old
    planned = next(item for item in planning.staff_plans(clock.now(), matrix=place.matrix))
    assert "no room of the type m.space but one to talk in" in planned["problem"]


def test_a_room_that_the_desk_has_lost_is_made_anew_by_an_operators_word(place: Place) -> None:
    control = Control(place)
    control.settle()
    case = control.open("The printer burns.")
    old, chosen = control.room, ("rooms", "remake", "--staff-room", f"control-{PRODUCT}")
    assert command(*chosen).exit_code == 1, "it works"
    assert command("rooms", "remake").exit_code == 2 and command("rooms", "remake", "--staff-room", "x").exit_code == 1
    for user in (place.matrix.bot, place.matrix.keeper):
        call(place, CONTROL, "POST", "leave", user=user)
    for _ in range(2):
        place.sweep()
    assert control.room == old
    assert told(*chosen)["staff_room"] == f"control-{PRODUCT}"
    control.settle()
    assert control.room not in ("", old) and case.ref in control.card(case)
    assert children(place, PRODUCT_SPACE) == {control.room, place.room}
    assert not OutboxRow.objects.filter(kind="send", state=OutboxRow.State.FAILED).exists()


def test_one_that_could_not_be_made_is_asked_for_again(place: Place) -> None:
    Room.objects.filter(kind="control").update(room_id="", state=Room.State.FAILED, problem="No.")
    planned = {item["staff_room"]: item["actions"] for item in told("rooms", "plan")["items"] if not item["workspace"]}
    assert planned[f"control-{PRODUCT}"] == [{"action": "make_room"}]
    told("rooms", "reconcile")
    place.settle()
    assert room(CONTROL) and inside(place, CONTROL) == people(place) and is_right(place)


def test_the_space_names_a_customers_new_room_and_not_the_former_one(place: Place) -> None:
    old = place.room
    for user in (place.matrix.bot, place.matrix.keeper):
        place.call("POST", "leave", user=user)
    taking.do_remake(place.workspace, ACTOR, clock.now(), matrix=place.matrix)
    place.settle()
    assert place.room != old and children(place, PRODUCT_SPACE) == {place.room, room(CONTROL)}


def test_a_leaver_is_out_of_the_staffs_rooms_before_anybody_else(place: Place) -> None:
    """The bound of a pass holds back strangers whom nobody has removed by name, not the leaver."""
    for number in range(MOST_REMOVALS + 2):
        call(place, CONTROL, "POST", "invite", user_id=place.user(f"a{number}"))
    hear(place, room(CONTROL))
    services.do_put_staff(id=place.id("nina"), roles=["lead"], product=PRODUCT, actor=ACTOR, now=clock.now())
    place.settle()
    services.do_remove_staff(id=place.id("ivan"), actor=ACTOR, now=clock.now())
    place.settle()
    events = place.matrix.state(room(CONTROL), place.user("nina"))
    members = {e["state_key"]: e["content"]["membership"] for e in events if e["type"] == "m.room.member"}
    assert members[place.user("ivan")] == "leave" and "invite" in members.values()
