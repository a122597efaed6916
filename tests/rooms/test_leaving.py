"""Who leaves is out of every room at once, and out of the account where that is the desk's to lock; the report says so."""

from __future__ import annotations

import httpx
import pytest

from roomdesk.bootstrap import settings
from roomdesk.channels.matrix import membership
from roomdesk.directory import services
from roomdesk.directory.errors import Conflict
from roomdesk.directory.models import Person
from roomdesk.queues.models import OutboxRow
from roomdesk.rooms import leaving, queries
from roomdesk.rooms.homes import home_of
from roomdesk.rooms.models import Room
from roomdesk.runtime import clock
from tests.rooms.place import ACTOR, PRODUCT, Json, Place
from tests.rooms.talking import hear

pytestmark = pytest.mark.part_of("R03", "R04", "R05")


def another(place: Place) -> Place:
    """A second workspace of the product; Asen is a member of it too, with access."""
    other = Place(place.matrix)
    other.put(product=PRODUCT, tier="pro", locale="en", display_name="Beta")
    asen = {"id": place.id("asen"), "role": "member", "support_room_access": True}
    services.do_put_member(workspace=other.slug, **asen, actor=ACTOR, now=clock.now())
    other.settle()
    return other


def token(place: Place, name: str) -> str:
    return str(place.matrix.log_in(place.id(name), f"D{name}")["access_token"])


def works(place: Place, given: str) -> int:
    """The status that whoever holds the token is answered with."""
    where = f"{str(settings.matrix_url).rstrip('/')}/_matrix/client/v3/joined_rooms"
    headers = {"Authorization": f"Bearer {given}"}
    return httpx.get(where, headers=headers, timeout=60, trust_env=False).status_code


def told(place: Place, name: str, before: list[Room]) -> Json:
    person = Person.objects.get(slug=place.id(name))
    return leaving.report(person, before, clock.now(), matrix=place.matrix)


def inside(place: Place, name: str) -> set[str]:
    """Rooms that the person is in, by the homeserver's own word."""
    return set(membership.rooms_of(place.matrix, place.user(name)))


def of_staff() -> list[Json]:
    """The staff's own rooms, as a report names them."""
    return [
        {"workspace": None, "staff_room": home_of(room).slug, "room_id": room.room_id}
        for room in queries.staff_rooms()
        if room.product in ("", PRODUCT)
    ]


def test_a_leaver_of_the_staff_is_out_of_every_room_and_of_the_account(place: Place) -> None:
    other, ivan = another(place), Person.objects.get(slug=place.id("ivan"))
    before, session = leaving.known_rooms(ivan), token(place, "ivan")
    rooms_of_ivan = {place.room, other.room, *(room["room_id"] for room in of_staff())}
    assert len(rooms_of_ivan) == 5
    assert works(place, session) == 200 and inside(place, "ivan") == rooms_of_ivan

    services.do_remove_staff(id=ivan.slug, actor=ACTOR, now=clock.now())
    waiting = told(place, "ivan", before)
    assert not waiting["complete"] and {item["result"] for item in waiting["rooms"]} == {"not_done"}
    place.settle()
    assert inside(place, "ivan") == set() and works(place, session) == 401
    result = {"result": "left", "problem": None}
    rooms = [{"workspace": one.slug, "room_id": one.room, **result} for one in (place, other)]
    assert told(place, "ivan", before) == {
        "rooms": sorted(rooms, key=lambda room: str(room["workspace"]))
        + sorted(({**room, **result} for room in of_staff()), key=lambda room: str(room["staff_room"])),
        "elsewhere": [],
        "account": "locked",
        "problem": None,
        "complete": True,
    }
    assert place.state()["m.room.power_levels", ""]["users"] == {}

    # Who comes back gets the account, not the sessions that it had.
    for one in rooms_of_ivan:
        hear(place, one)
    services.do_put_staff(id=ivan.slug, roles=["engineer"], product=PRODUCT, actor=ACTOR, now=clock.now())
    place.settle()
    assert inside(place, "ivan") == rooms_of_ivan
    assert works(place, session) == 401 and works(place, token(place, "ivan")) == 200


def test_a_members_account_is_locked_with_the_last_role_only(place: Place) -> None:
    other, asen = another(place), Person.objects.get(slug=place.id("asen"))
    before, session = leaving.known_rooms(asen), token(place, "asen")
    services.do_remove_member(workspace=place.slug, id=asen.slug, actor=ACTOR, now=clock.now())
    place.settle()
    assert inside(place, "asen") == {other.room} and works(place, session) == 200
    found = told(place, "asen", before)
    assert {item["workspace"]: item["result"] for item in found["rooms"]} == {place.slug: "left", other.slug: "belongs"}
    assert (found["account"], found["complete"]) == ("kept", True)

    services.do_remove_member(workspace=other.slug, id=asen.slug, actor=ACTOR, now=clock.now())
    place.settle()
    assert inside(place, "asen") == set() and works(place, session) == 401
    assert told(place, "asen", before)["account"] == "locked"
    locked = OutboxRow.objects.filter(kind="lock")
    assert [row.state for row in locked] == ["sent"]

    rows = OutboxRow.objects.count()
    with pytest.raises(Conflict, match="only owner"):
        services.do_remove_member(workspace=place.slug, id=place.id("olga"), actor=ACTOR, now=clock.now())
    place.settle()
    assert OutboxRow.objects.count() == rows
    assert works(place, token(place, "olga")) == 200 and inside(place, "olga") == {place.room}


def test_a_room_that_cannot_be_left_is_named_with_the_reason(place: Place) -> None:
    """Nobody of the desk is in the room any more: it has to be replaced, and the report says whose access is left."""
    place.call("POST", "leave")
    place.call("POST", "leave", user=place.matrix.keeper)
    before, session = leaving.known_rooms(Person.objects.get(slug=place.id("ivan"))), token(place, "ivan")
    services.do_remove_staff(id=place.id("ivan"), actor=ACTOR, now=clock.now())
    place.settle()
    found = told(place, "ivan", before)
    (room,) = [item for item in found["rooms"] if item["workspace"]]
    assert {item["result"] for item in found["rooms"] if not item["workspace"]} == {"left"}
    assert (room["result"], found["complete"]) == ("not_done", False)
    assert "M_FORBIDDEN" in room["problem"]
    assert works(place, session) == 401, "the locked account reads no further all the same"
