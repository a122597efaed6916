"""A homeserver that serves other purposes too: accounts that are free, and customers who were there before the wall."""

from __future__ import annotations

import importlib
import re
import warnings
from typing import Any

import pytest

from tests.harness.live import eventually
from tests.wall.homes import Home, data_folder, homeserver, running

V3 = "/_matrix/client/v3"
ANNA, BORIS = "vendor.anna", "vendor.boris"


def _module(name: str) -> Any:
    """A part of the module, or of what Synapse gives its modules. Twisted warns of its own old names while it is imported."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return importlib.import_module(name)


def _free(config: dict[str, Any]) -> None:
    config["modules"][0]["config"]["free"] = [r"vendor\..+"]
    config["user_directory"] = {"enabled": True, "search_all_users": True}


def _refused(answer: Any) -> None:
    assert (answer.status_code, answer.json()["errcode"]) == (403, "M_FORBIDDEN"), answer.text


def test_the_free_are_free_and_customers_stay_apart() -> None:
    with homeserver(_free) as home:
        anna = home.client(ANNA)
        room = anna.call("POST", f"{V3}/createRoom", json={"preset": "public_chat"}).json()["room_id"]
        assert anna.call("POST", f"{V3}/rooms/{room}/invite", json={"user_id": home.id(BORIS)}).status_code == 200
        home.client(BORIS).join(room)
        check_customers_stay_out(home, room)
        check_the_desks_rooms_are_no_different(home)
        check_directory(home)


def check_customers_stay_out(home: Home, room: str) -> None:
    """Also where one of the free, or an administrator, would have them in."""
    before = (home.client("olga"), home.at_rest())[1]
    _refused(home.client(ANNA).call("POST", f"{V3}/rooms/{room}/invite", json={"user_id": home.id("olga")}))
    _refused(home.client("olga").call("POST", f"{V3}/rooms/{room}/join", json={}))
    where = f"/_synapse/admin/v1/join/{room}"
    _refused(home.anybody("POST", where, token=home.settings.admin_token, json={"user_id": home.id("olga")}))
    assert home.everything() == before


def check_the_desks_rooms_are_no_different(home: Home) -> None:
    """Being free opens none of them."""
    nord = home.room("nord", "olga", staff=(BORIS,))
    said = home.client("olga").say(nord, "Only for us.")
    before = home.at_rest()
    _refused(home.client(BORIS).call("POST", f"{V3}/rooms/{nord}/invite", json={"user_id": home.id(ANNA)}))
    _refused(home.client(ANNA).call("POST", f"{V3}/rooms/{nord}/join", json={}))
    assert home.client(ANNA).call("GET", f"{V3}/rooms/{nord}/event/{said}").status_code == 404
    assert home.client(BORIS).call("GET", f"{V3}/rooms/{nord}/event/{said}").status_code == 200
    assert home.everything() == before


def check_directory(home: Home) -> None:
    def found(who: str) -> list[str]:
        answer = home.client(who).call("POST", f"{V3}/user_directory/search", json={"search_term": BORIS})
        return [person["user_id"] for person in answer.json()["results"]]

    # Synapse brings the directory up to date in its own time.
    eventually(lambda: found(ANNA) == [home.id(BORIS)], "the directory")
    assert found("olga") == []


def test_customers_who_were_elsewhere_before_may_only_go() -> None:
    with data_folder() as settings:
        with running(settings, lambda config: config.pop("modules")) as home:
            room = home.client("oto").call("POST", f"{V3}/createRoom", json={}).json()["room_id"]
            said = home.client("oto").say(room, "Before the wall.")
        with running(settings, lambda config: None) as home:
            before, client = (home.client("oto"), home.at_rest())[1], home.client("oto")
            message = f"{V3}/rooms/{room}/send/m.room.message/t1"
            _refused(client.call("PUT", message, json={"msgtype": "m.text", "body": "x"}))
            _refused(client.call("PUT", f"{V3}/rooms/{room}/state/m.room.topic", json={"topic": "x"}))
            assert home.everything() == before
            assert client.call("GET", f"{V3}/rooms/{room}/event/{said}").status_code == 200
            assert client.call("POST", f"{V3}/rooms/{room}/leave", json={}).status_code == 200


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({}, 'needs "desk"'),
        ({"desk": []}, 'needs "desk"'),
        ({"desk": "support"}, '"desk" is a list'),
        ({"desk": ["support"], "free": ["("]}, '"free" holds what is no expression'),
        ({"desk": ["support"], "freee": []}, "not freee"),
    ],
)
def test_wrong_configuration_is_refused_before_anything_starts(config: dict[str, Any], words: str) -> None:
    error = _module("synapse.module_api.errors").ConfigError
    with pytest.raises(error, match=re.escape(words)):
        _module("roomdesk_synapse.wall").Wall.parse_config(config)


class Changed:
    """A handler of a Synapse to come: one name is gone, one takes something else first."""

    async def get_event(self, room_id: str) -> None: ...


@pytest.mark.parametrize("name", ["get_event", "get_gone"])
def test_door_that_synapse_has_changed_is_said_to_be_open(name: str, caplog: pytest.LogCaptureFixture) -> None:
    async def guard(handler: object) -> None: ...

    holder = Changed()
    assert _module("roomdesk_synapse.inside")._before(lambda: holder, name, ("user", "room_id"), guard) is False
    assert "that door stays open" in caplog.text
    assert not vars(holder), "the handler is left as it was"
