"""Off-boarding in a running installation: the command tells when the person is out of every room and the account locked."""

from __future__ import annotations

import pytest

from tests.harness.live import Live
from tests.harness.scene import PRODUCT, workspace

V3 = "/_matrix/client/v3"


@pytest.mark.part_of("R03", "R04")
def test_removing_somebody_tells_which_rooms_were_left(live: Live) -> None:
    scene = workspace(live, "leavers")
    mira = scene.member("admin", "Mira")
    scene.await_in_room(mira)
    mira_client, ivan_client = scene.client(mira), scene.client(scene.engineer)
    assert mira_client.call("GET", f"{V3}/joined_rooms").json() == {"joined_rooms": [scene.room]}

    gone = live.json("staff", "remove", scene.engineer)
    ours = {item["workspace"] or item["staff_room"]: item["result"] for item in gone["rooms"]}
    assert {"leavers", "space", f"control-{PRODUCT}"} <= ours.keys() and set(ours.values()) == {"left"}
    assert (gone["account"], gone["complete"], gone["elsewhere"]) == ("locked", True, [])
    assert ivan_client.call("GET", f"{V3}/joined_rooms").status_code == 401

    gone = live.json("member", "remove", "leavers", mira)
    item = {"workspace": "leavers", "room_id": scene.room, "result": "left", "problem": None}
    assert (gone["rooms"], gone["account"], gone["complete"]) == ([item], "locked", True)
    assert mira_client.call("GET", f"{V3}/rooms/{scene.room}/messages?dir=b").status_code == 401
    assert scene.memberships().get(mira) is None and scene.memberships().get(scene.owner) == "join"
    assert live.json("person", "left", mira)["rooms"] == []
    refused = live.run("member", "remove", "leavers", scene.owner, check=False)
    assert refused.returncode == 1 and "only owner" in refused.stderr
    assert scene.memberships().get(scene.owner) == "join"
