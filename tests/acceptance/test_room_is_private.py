"""R01, R02, R05: the room's state read back by others, and every forbidden thing tried; refused by the homeserver itself."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from roomdesk.rules.room_plan import THERE
from tests.harness import http
from tests.harness.live import Live, eventually
from tests.harness.matrix import Client
from tests.harness.scene import Scene, workspace

V3 = "/_matrix/client/v3"


@pytest.fixture(scope="module")
def nord(live: Live) -> Scene:
    return workspace(live, "nord")


@pytest.fixture(scope="module")
def olga(nord: Scene) -> Client:
    return nord.client(nord.owner)


@pytest.fixture(scope="module")
def ivan(nord: Scene) -> Client:
    return nord.client(nord.engineer)


@pytest.fixture(scope="module")
def outsider(live: Live) -> Client:
    """The owner of another workspace of the same product."""
    other = workspace(live, "elsewhere")
    # Its engineer is one of nord's product, too, and comes into nord's room in the desk's own time.
    eventually(lambda: live.json("rooms", "plan", "--workspace", "nord")["items"][0]["actions"] == [], "nord at rest")
    return other.client(other.owner)


def state(client: Client, room: str) -> dict[str, Any]:
    events = client.call("GET", f"{V3}/rooms/{room}/state").json()
    return {event["type"]: event["content"] for event in events if event["type"] != "m.room.member"}


def refused(answer: httpx.Response, status: int = 403, errcode: str = "M_FORBIDDEN") -> None:
    assert (answer.status_code, answer.json()["errcode"]) == (status, errcode)


@pytest.mark.requirement("R01", "R05")
@pytest.mark.parametrize("reader", ["olga", "ivan"])
def test_the_room_is_right_from_its_first_event(nord: Scene, reader: str, request: pytest.FixtureRequest) -> None:
    found = state(request.getfixturevalue(reader), nord.room)
    assert found["m.room.create"]["m.federate"] is False
    assert found["m.room.create"]["room_version"] == "12"
    assert found["m.room.join_rules"] == {"join_rule": "invite"}
    assert found["m.room.guest_access"] == {"guest_access": "forbidden"}
    assert found["m.room.history_visibility"] == {"history_visibility": "shared"}
    assert found["m.room.canonical_alias"]["alias"].startswith("#support-nord:")
    assert "m.room.encryption" not in found
    levels = found["m.room.power_levels"]
    # Engineers of the product, whom other tests of this installation put too; nobody else has any power.
    assert levels["users"][ivan_id(nord)] == 50
    assert all(user.startswith("@ivan-") and power == 50 for user, power in levels["users"].items())
    assert (levels["invite"], levels["kick"], levels["ban"], levels["state_default"]) == (100, 100, 100, 100)
    assert levels["events"]["m.room.encryption"] == levels["events"]["m.room.encrypted"] == 101


def ivan_id(scene: Scene) -> str:
    return f"@{scene.engineer}:{scene.live.ready['server_name']}"


@pytest.mark.requirement("R05")
def test_nobody_can_switch_on_encryption_or_write_past_the_record(nord: Scene, olga: Client, ivan: Client) -> None:
    for client in (olga, ivan):
        encryption = f"{V3}/rooms/{nord.room}/state/m.room.encryption"
        refused(client.call("PUT", encryption, json={"algorithm": "m.megolm.v1.aes-sha2"}))
        unreadable = {"algorithm": "m.megolm.v1.aes-sha2", "ciphertext": "x", "session_id": "s", "sender_key": "k"}
        refused(client.call("PUT", f"{V3}/rooms/{nord.room}/send/m.room.encrypted/t1", json=unreadable))
    refused(olga.call("GET", f"{V3}/rooms/{nord.room}/state/m.room.encryption"), 404, "M_NOT_FOUND")


@pytest.mark.requirement("R05")
def test_customers_and_staff_cannot_bring_anybody_in_or_throw_anybody_out(
    nord: Scene, olga: Client, ivan: Client, outsider: Client
) -> None:
    before = eventually(lambda: seated(nord), "everybody in their place")
    for client in (olga, ivan):
        refused(client.call("POST", f"{V3}/rooms/{nord.room}/invite", json={"user_id": outsider.user_id}))
        for verb in ("kick", "ban"):
            bot = f"@support:{nord.live.ready['server_name']}"
            refused(client.call("POST", f"{V3}/rooms/{nord.room}/{verb}", json={"user_id": bot}))
        levels = f"{V3}/rooms/{nord.room}/state/m.room.power_levels"
        refused(client.call("PUT", levels, json={"users": {client.user_id: 100}}))
        refused(client.call("PUT", f"{V3}/rooms/{nord.room}/state/m.room.join_rules", json={"join_rule": "public"}))
        refused(client.call("POST", f"{V3}/rooms/{nord.room}/upgrade", json={"new_version": "11"}))
    assert nord.memberships() == before


def seated(scene: Scene) -> dict[str, str] | None:
    """The memberships once nobody is on the way: engineers whom other files have put come in the desk's own time."""
    (planned,) = scene.live.json("rooms", "plan", "--workspace", scene.slug)["items"]
    found = scene.memberships()
    return found if not planned["actions"] and set(found.values()) <= {"join", "leave"} else None


@pytest.mark.requirement("R05")
def test_another_workspaces_owner_finds_and_reads_nothing(nord: Scene, olga: Client, outsider: Client) -> None:
    said = olga.say(nord.room, "The door code of our office is 4711.")
    room = nord.room
    refused(outsider.call("POST", f"{V3}/join/{room}", json={}))
    refused(outsider.call("POST", f"{V3}/knock/{room}", json={}))
    for path in ("state", "members", "messages?dir=b", "joined_members", "state/m.room.name", "aliases"):
        refused(outsider.call("GET", f"{V3}/rooms/{room}/{path}"))
    assert outsider.call("GET", f"{V3}/rooms/{room}/event/{said}").status_code in (403, 404)
    assert outsider.call("GET", f"{V3}/rooms/{room}/context/{said}").status_code in (403, 404)
    refused(outsider.call("PUT", f"{V3}/rooms/{room}/send/m.room.message/t9", json={"msgtype": "m.text", "body": "hi"}))

    directory = outsider.call("POST", f"{V3}/publicRooms", json={"filter": {"generic_search_term": "nord"}})
    assert directory.status_code != 200 or directory.json()["chunk"] == []
    people = outsider.call("POST", f"{V3}/user_directory/search", json={"search_term": "olga"})
    assert people.status_code != 200 or people.json()["results"] == []
    search = {"search_categories": {"room_events": {"search_term": "4711"}}}
    found = outsider.call("POST", f"{V3}/search", json=search)
    assert found.status_code != 200 or found.json()["search_categories"]["room_events"]["count"] == 0
    refused(outsider.call("GET", f"{V3}/profile/{olga.user_id}"))
    assert room not in str(outsider.sync())


@pytest.mark.requirement("R05")
def test_a_guessed_alias_says_only_that_it_exists(nord: Scene, outsider: Client) -> None:
    """What a plain alias reveals is a decision (D46): its room's id, and no way in."""
    server = nord.live.ready["server_name"]
    answer = outsider.call("GET", f"{V3}/directory/room/%23support-nord%3A{server}")
    assert answer.json()["room_id"] == nord.room
    refused(outsider.call("POST", f"{V3}/join/%23support-nord%3A{server}", json={}))
    refused(outsider.call("DELETE", f"{V3}/directory/room/%23support-nord%3A{server}"))
    mine = {"room_id": nord.room}
    refused(outsider.call("PUT", f"{V3}/directory/room/%23support-mine%3A{server}", json=mine))


@pytest.mark.requirement("R05")
def test_guests_strangers_and_passwords_do_not_get_in(nord: Scene) -> None:
    base = nord.live.ready["matrix_url"].rstrip("/")
    for body, query in (({}, "?kind=guest"), ({"username": "mallory", "password": "x" * 12}, "")):
        answer = http.request("POST", f"{base}{V3}/register{query}", json=body)
        assert answer.status_code in (401, 403), answer.text
    login = {"type": "m.login.password", "identifier": {"type": "m.id.user", "user": nord.owner}, "password": "x"}
    answer = http.request("POST", f"{base}{V3}/login", json=login)
    assert (answer.status_code, answer.json()["errcode"]) in ((400, "M_UNKNOWN"), (403, "M_FORBIDDEN"))
    assert http.request("GET", f"{base}{V3}/rooms/{nord.room}/state").status_code == 401


@pytest.mark.requirement("R02")
@pytest.mark.part_of("R03")
def test_people_come_and_go_with_their_role(nord: Scene) -> None:
    asen = nord.member("admin", "Asen")
    nord.await_in_room(asen)
    mira = nord.member("member", "Mira")
    nord.member("owner", "Olga")  # something after Mira in the same lane: if she were admitted, she would be in by now
    assert nord.memberships().get(mira) is None

    nord.member("member", "Mira", support_room_access=True)
    nord.await_in_room(mira)
    client = nord.client(mira)
    nord.member("member", "Mira", support_room_access=False)
    eventually(lambda: nord.memberships().get(mira) not in THERE, "Mira out of the room")
    history = f"{V3}/rooms/{nord.room}/messages?dir=b"
    eventually(lambda: client.call("GET", history).status_code == 403, "no history any more")
    refused(client.call("GET", history))

    answer = nord.live.rest("DELETE", f"workspaces/nord/members/{asen}")
    assert answer.status_code in (200, 204)
    eventually(lambda: nord.memberships().get(asen) not in THERE, "Asen out of the room")


@pytest.mark.requirement("R02")
def test_a_new_owner_takes_over_and_the_former_stays_as_admin(nord: Scene) -> None:
    nina = nord.member("owner", "Nina")
    nord.await_in_room(nina, nord.owner)
    people = nord.live.rest("GET", "workspaces/nord/members").json()["items"]
    roles = {p["id"]: p["role"] for p in people}
    assert (roles[nina], roles[nord.owner]) == ("owner", "admin")
    answer = nord.live.rest("DELETE", f"workspaces/nord/members/{nina}")
    assert answer.status_code == 409
    assert nord.live.rest("GET", "workspaces/nord/members").json()["items"] == people
