"""What the wall lets pass: the desk's work and a customer's day. And what it keeps from the desk itself and from administrators."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from roomdesk.channels.matrix import room_body, rooms
from roomdesk.channels.matrix.errors import Refused
from roomdesk.channels.matrix.names import path
from tests.harness.live import eventually
from tests.wall.homes import ADMIN, Home

V3 = "/_matrix/client/v3"
STATUS = "/_synapse/client/roomdesk/wall"


@pytest.mark.parametrize("who", ["olga", "ivan"])
def test_people_work_in_their_room_as_ever(walled: Home, who: str) -> None:
    room, client = walled.rooms["nord"], walled.client(who)
    said = client.say(room, "Good morning")
    relates: dict[str, Any] = {"rel_type": "m.annotation", "event_id": said, "key": "👍"}
    client.send(room, "m.reaction", {"m.relates_to": relates})
    edit = {"body": "Good evening", "msgtype": "m.text"}
    client.send(room, "m.room.message", {**edit, "m.new_content": edit, "m.relates_to": {"rel_type": "m.replace", "event_id": said}})  # fmt: skip
    client.say(room, "In a thread", thread=said)
    assert client.call("PUT", f"{V3}/rooms/{room}/redact/{said}/t1-{who}", json={}).status_code == 200
    assert client.call("PUT", f"{V3}/rooms/{room}/typing/{client.user_id}", json={"typing": False}).status_code == 200
    assert client.call("POST", f"{V3}/rooms/{room}/receipt/m.read/{said}", json={}).status_code == 200
    assert client.call("GET", f"{V3}/rooms/{room}/messages?dir=b").status_code == 200
    assert client.call("GET", f"{V3}/rooms/{room}/context/{walled.said}").status_code == 200


def test_staff_may_pin_and_customers_may_go(walled: Home) -> None:
    room = walled.room("leaving", "olga", staff=("ivan",))
    pinned = f"{V3}/rooms/{room}/state/m.room.pinned_events"
    assert walled.client("ivan").call("PUT", pinned, json={"pinned": []}).status_code == 200
    assert walled.client("olga").call("POST", f"{V3}/rooms/{room}/leave", json={}).status_code == 200


def test_name_that_the_desk_gives_reaches_the_room(walled: Home) -> None:
    room = walled.room("naming", "olga")
    walled.matrix.admin("PUT", path("users", walled.id("olga"), base=f"{ADMIN}/v2"), {"displayname": "Olga Petrova"})
    where = path("rooms", room, "state", "m.room.member", walled.id("olga"))
    # Synapse tells the rooms in its own time.
    eventually(lambda: walled.matrix.call("GET", where).get("displayname") == "Olga Petrova", "the new name")


def test_ones_own_devices_may_be_written_to(walled: Home) -> None:
    body = {"messages": {walled.id("olga"): {"*": {"x": 1}}}}
    answer = walled.client("olga").call("PUT", f"{V3}/sendToDevice/m.dummy/t9", json=body)
    assert answer.status_code == 200


def _admin(home: Home, method: str, where: str, body: dict[str, Any]) -> httpx.Response:
    return home.anybody(method, where, token=home.settings.admin_token, json=body)


def _encrypt(home: Home) -> httpx.Response:
    """As the bot, whose power in its rooms has no end (matrix-facts §2)."""
    where, megolm = (
        path("rooms", home.rooms["west"], "state", "m.room.encryption"),
        {"algorithm": "m.megolm.v1.aes-sha2"},
    )
    return home.anybody("PUT", where, token=home.settings.as_token, json=megolm)


def _deactivate(home: Home) -> httpx.Response:
    return _admin(home, "POST", path("deactivate", home.matrix.keeper, base=f"{ADMIN}/v1"), {"erase": False})


def _delete(home: Home) -> httpx.Response:
    return _admin(home, "DELETE", path("rooms", home.rooms["west"], base=f"{ADMIN}/v2"), {"purge": True})


@pytest.mark.parametrize("act", [_encrypt, _deactivate, _delete])
def test_what_would_end_a_room_is_refused_to_everybody(walled: Home, plain: Home, act: Any) -> None:
    before = walled.at_rest()
    answer = act(walled)
    assert (answer.status_code, answer.json()["errcode"]) == (403, "M_FORBIDDEN")
    assert walled.everything() == before
    assert act(plain).status_code == 200


def test_where_the_wall_is_missing_the_desk_itself_refuses_an_encrypted_room(plain: Home) -> None:
    body = room_body.room_body(name="Secret", topic="", server=plain.matrix.server, workspace_slug="secret")
    megolm = {"algorithm": "m.megolm.v1.aes-sha2"}
    body["initial_state"].append({"type": "m.room.encryption", "state_key": "", "content": megolm})
    body["power_level_content_override"]["events"]["m.room.encryption"] = 100
    with pytest.raises(Refused, match=r"made the room .* encrypted"):
        rooms.create_room(plain.matrix, "key", {"body": body, "alias": None}, is_repeat=False)


def test_administrators_of_the_desk_can_be_replaced(walled: Home) -> None:
    """As the supervisor does when it has lost a token."""
    name = walled.id("roomdesk_admin_0a1b")
    assert _admin(walled, "PUT", path("users", name, base=f"{ADMIN}/v2"), {"admin": True}).status_code == 201
    assert _admin(walled, "POST", path("deactivate", name, base=f"{ADMIN}/v1"), {"erase": False}).status_code == 200


def test_it_tells_the_desk_and_nobody_else_what_it_closes(walled: Home) -> None:
    doors = walled.anybody("GET", STATUS, token=walled.settings.as_token).json()["doors"]
    assert set(doors.values()) == {True}
    for token, refusal in ((walled.client("olga").token, (403, "M_FORBIDDEN")), (None, (401, "M_MISSING_TOKEN"))):
        answer = walled.anybody("GET", STATUS, token=token)
        assert (answer.status_code, answer.json()["errcode"]) == refusal


@pytest.mark.parametrize("where", ["rooms/{nord}/state", "rooms/{nord}/messages?dir=b", "profile/{olga}", "sync"])
def test_nobody_without_a_token_is_answered(walled: Home, where: str) -> None:
    answer = walled.anybody("GET", f"{V3}/{where.format(**walled.names('olga'))}")
    assert (answer.status_code, answer.json()["errcode"]) == (401, "M_MISSING_TOKEN")


def test_there_are_no_guests(walled: Home) -> None:
    before = walled.at_rest()
    answer = walled.anybody("POST", f"{V3}/register?kind=guest", json={})
    assert (answer.status_code, answer.json()["errcode"]) == (403, "M_UNKNOWN"), answer.text
    assert walled.everything() == before
