"""Off-boarding in a running installation: the command tells when the person is out of every room and the account locked."""

from __future__ import annotations

import pytest

from tests.harness.live import Live, eventually
from tests.harness.scene import PRODUCT, workspace

V3 = "/_matrix/client/v3"
#: Where every engineer of the product is.
STAFFS = {"space", f"control-{PRODUCT}"}


def staff_rooms(live: Live, person: str) -> list[str]:
    """Which of the staff's own rooms the person is in, as the desk knows it."""
    rooms = live.json("person", "left", person)["rooms"]
    return [item["staff_room"] for item in rooms if "staff_room" in item]


@pytest.mark.part_of("R03", "R04")
def test_removing_somebody_tells_which_rooms_were_left(live: Live) -> None:
    scene = workspace(live, "leavers", engineer="ivan-leavers")
    mira = scene.member("admin", "Mira")
    scene.await_in_room(mira)
    mira_client, ivan_client = scene.client(mira), scene.client(scene.engineer)
    assert mira_client.call("GET", f"{V3}/joined_rooms").json() == {"joined_rooms": [scene.room]}

    # The staff's own rooms are entered after the workspaces', and the engineer has those of every file before this one.
    eventually(lambda: STAFFS.issubset(staff_rooms(live, scene.engineer)), "the engineer in the staff's rooms")
    gone = live.json("staff", "remove", scene.engineer, "--wait", "300")
    ours = {item["workspace"] or item["staff_room"]: item["result"] for item in gone["rooms"]}
    assert {"leavers", *STAFFS} <= ours.keys() and set(ours.values()) == {"left"}
    assert (gone["account"], gone["complete"], gone["elsewhere"]) == ("locked", True, [])
    assert ivan_client.call("GET", f"{V3}/joined_rooms").status_code == 401

    gone = live.json("member", "remove", "leavers", mira, "--wait", "300")
    item = {"workspace": "leavers", "room_id": scene.room, "result": "left", "problem": None}
    assert (gone["rooms"], gone["account"], gone["complete"]) == ([item], "locked", True)
    assert mira_client.call("GET", f"{V3}/rooms/{scene.room}/messages?dir=b").status_code == 401
    assert scene.memberships().get(mira) is None and scene.memberships().get(scene.owner) == "join"
    assert live.json("person", "left", mira)["rooms"] == []
    refused = live.run("member", "remove", "leavers", scene.owner, check=False)
    assert refused.returncode == 1 and "only owner" in refused.stderr
    assert scene.memberships().get(scene.owner) == "join"
