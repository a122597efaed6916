"""What somebody who was taken out can still read, in every way there is to read; and what they are told about others."""

from __future__ import annotations

import json
from typing import Any

import pytest

from roomdesk.channels.matrix.membership import kick
from tests.harness.matrix import Client
from tests.wall.homes import Home
from tests.wall.people import WORD

V3 = "/_matrix/client/v3"
SLIDING = "/_matrix/client/unstable/org.matrix.simplified_msc3575/sync"


def _syncs(home: Home, since: str | None) -> list[tuple[str, str, dict[str, Any]]]:
    nord, left = (
        home.rooms["nord"],
        {"filter": json.dumps({"room": {"include_leave": True, "timeline": {"limit": 100}}})},
    )
    whole = {"timeline_limit": 100, "required_state": [["*", "*"]]}
    search = {"search_categories": {"room_events": {"search_term": WORD}}}
    return [
        ("GET", f"{V3}/sync", {"params": left}),
        ("GET", f"{V3}/sync", {"params": {**left, "since": since, "timeout": 0}}),
        ("POST", SLIDING, {"json": {"lists": {"all": {"ranges": [[0, 20]], **whole}}}}),
        ("POST", SLIDING, {"json": {"lists": {}, "room_subscriptions": {nord: whole}}}),
        ("POST", f"{V3}/search", {"json": search}),
        ("GET", f"{V3}/notifications", {}),
    ]


def _seen(home: Home, client: Client) -> list[str]:
    """The requests that give the word back, of all that answer."""
    given = [(where, client.call(method, where, **more)) for method, where, more in _syncs(home, client._since)]
    assert {answer.status_code for _, answer in given} == {200}
    return [where.rpartition("/")[2] for where, answer in given if WORD in answer.text.replace(f'"{WORD}"', "")]


def test_who_is_out_is_given_nothing_of_it(walled: Home) -> None:
    assert _seen(walled, walled.client("mira")) == []
    walled.client("olga").sync()
    assert {"sync", "search"} <= set(_seen(walled, walled.client("olga"))), "the requests do find what one may read"


def test_without_the_module_old_notifications_tell_it(plain: Home) -> None:
    assert _seen(plain, plain.client("mira")) == ["notifications"]


@pytest.mark.parametrize("deprecated", ["events/{}"])
def test_a_single_event_is_hidden_in_the_old_way_too(walled: Home, plain: Home, deprecated: str) -> None:
    """This address gives no error code, only that there is nothing."""
    answer = walled.client("mira").call("GET", f"{V3}/{deprecated.format(walled.said)}")
    assert (answer.status_code, answer.json()) == (404, "Event not found.")
    assert WORD in plain.client("mira").call("GET", f"{V3}/{deprecated.format(plain.said)}").text


def test_who_is_let_in_again_reads_everything_again(walled: Home) -> None:
    room = walled.room("back", "mira")
    said = walled.client("mira").say(room, "Before.")
    kick(walled.matrix, room, walled.id("mira"), "")
    where = f"{V3}/rooms/{room}/event/{said}"
    assert walled.client("mira").call("GET", where).status_code == 404
    walled.admit(room, "mira")
    assert walled.client("mira").call("GET", where).json()["content"]["body"] == "Before."


def test_staff_who_are_out_are_out_like_anybody(walled: Home) -> None:
    room = walled.room("staffed", "olga", staff=("ivan",))
    said = walled.client("olga").say(room, "For those who are here.")
    kick(walled.matrix, room, walled.id("ivan"), "")
    for part in (f"event/{said}", f"context/{said}"):
        answer = walled.client("ivan").call("GET", f"{V3}/rooms/{room}/{part}")
        assert (answer.status_code, answer.json()["errcode"]) == (404, "M_NOT_FOUND")


def test_nobody_is_found(walled: Home) -> None:
    """Not even those with whom one shares a room: the directory is off, and the module hides it where it is on."""
    for who, term in (("oto", "olga"), ("olga", "ivan"), ("mira", "support")):
        found = walled.client(who).call("POST", f"{V3}/user_directory/search", json={"search_term": term})
        assert (found.status_code, found.json()["results"]) == (200, [])
        listed = walled.client(who).call("POST", f"{V3}/publicRooms", json={})
        assert (listed.status_code, listed.json()["chunk"]) == (200, [])


def test_keys_and_device_names_are_ones_own(walled: Home, plain: Home) -> None:
    def asked(home: Home, who: str) -> dict[str, Any]:
        body = {"device_keys": {home.id("olga"): []}}
        return dict(home.client(who).call("POST", f"{V3}/keys/query", json=body).json()["device_keys"])

    assert asked(walled, "oto") == {}
    assert list(asked(walled, "olga")[walled.id("olga")]) == ["TESTolga"]
    assert list(asked(plain, "oto")[plain.id("olga")]) == ["TESTolga"]
