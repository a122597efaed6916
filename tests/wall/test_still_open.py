"""What no module, setting or power level closes; docs/synapse.md says so. When one of these fails, a door has been closed: say it there."""

from __future__ import annotations

from roomdesk.channels.matrix.names import path
from tests.wall.homes import Home

V3 = "/_matrix/client/v3"


def test_a_plain_alias_can_be_guessed(walled: Home) -> None:
    """It tells that the workspace exists, and its room's id (D46): with a token, and without one where no proxy wants it."""
    alias = f"{V3}/directory/room/%23support-nord:{walled.settings.matrix_server_name}"
    assert walled.client("oto").call("GET", alias).json()["room_id"] == walled.rooms["nord"]
    assert walled.anybody("GET", alias).json()["room_id"] == walled.rooms["nord"]
    missing = walled.client("oto").call("GET", alias.replace("nord", "none"))
    assert (missing.status_code, missing.json()["errcode"]) == (404, "M_NOT_FOUND")


def test_a_file_can_be_fetched_by_who_knows_its_address_until_it_is_deleted(walled: Home) -> None:
    content = b"The plan of the vault"
    address = walled.client("olga").call("POST", "/_matrix/media/v3/upload?filename=a.txt", content=content).json()
    server, name = address["content_uri"].removeprefix("mxc://").split("/")
    where = f"/_matrix/client/v1/media/download/{server}/{name}"
    assert walled.client("oto").call("GET", where).content == content
    assert walled.anybody("GET", where).json()["errcode"] == "M_MISSING_TOKEN"
    walled.matrix.admin("DELETE", path("media", server, name, base="/_synapse/admin/v1"))
    gone = walled.client("oto").call("GET", where)
    assert (gone.status_code, gone.json()["errcode"]) == (404, "M_NOT_FOUND")


def test_people_can_report_each_other_and_fill_fields_of_their_own_profile(walled: Home) -> None:
    """Both stay with the homeserver's administrator, and with those who share a room."""
    report = path("users", walled.id("olga"), "report")
    assert walled.client("oto").call("POST", report, json={"reason": "x"}).status_code == 200
    field = path("profile", walled.id("oto"), "m.tz")
    assert walled.client("oto").call("PUT", field, json={"m.tz": "Europe/Sofia"}).status_code == 200


def test_an_administrator_can_sign_in_as_the_desk(walled: Home) -> None:
    """Synapse asks no module then; only its administrators' tokens have to be kept."""
    where = path("users", walled.matrix.bot, "login", base="/_synapse/admin/v1")
    answer = walled.anybody("POST", where, token=walled.settings.admin_token, json={})
    assert answer.status_code == 200
    whoami = walled.anybody("GET", f"{V3}/account/whoami", token=answer.json()["access_token"])
    assert whoami.json()["user_id"] == walled.matrix.bot
