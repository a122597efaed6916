"""The control room on a running installation: staff see each case in their Matrix client and write notes there; the customer learns nothing of it (D9)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.harness.live import Live, eventually
from tests.harness.matrix import Client
from tests.harness.scene import Scene, workspace

V3 = "/_matrix/client/v3"


def room_named(client: Client, words: str) -> str | None:
    """The joined room with these words in its name."""
    for room in client.call("GET", f"{V3}/joined_rooms").json()["joined_rooms"]:
        name = client.call("GET", f"{V3}/rooms/{room}/state/m.room.name").json().get("name", "")
        if words in name:
            return str(room)
    return None


def about(client: Client, room: str, root: str) -> list[dict[str, Any]]:
    """What was delivered about the card: edits, and what stands in its thread."""
    return [
        event["content"]
        for event in client.texts(room)
        if event["content"].get("m.relates_to", {}).get("event_id") == root
    ]


def newest_card(client: Client, room: str, root: str) -> str:
    edits = [content["m.new_content"]["body"] for content in about(client, room, root) if "m.new_content" in content]
    return str(edits[-1]) if edits else ""


@pytest.fixture(scope="module")
def scene(live: Live) -> Scene:
    return workspace(live, "controlled")


@pytest.mark.part_of("R22", "R26", "R28")
def test_staff_follow_a_case_in_the_control_room_and_the_customer_learns_nothing_of_it(scene: Scene) -> None:
    olga, ivan = scene.client(scene.owner), scene.client(scene.engineer)
    olga.say(scene.room, "The export stops at half.")
    case = scene.case()
    control = eventually(lambda: room_named(ivan, "control room"), "the control room")
    card = eventually(
        lambda: next((e for e in ivan.notices(control) if e["content"]["body"].startswith(case["ref"])), None),
        "the case's card",
    )
    assert card["content"]["body"].splitlines()[0] == f"{case['ref']} · Controlled · Pro · Normal · New"
    root = card["event_id"]

    note = ivan.say(control, "Their disk was full.", thread=root)
    noted = eventually(
        lambda: [m for m in scene.live.rest("GET", f"cases/{case['ref']}").json()["messages"] if m["kind"] == "note"],
        "the note on record",
    )
    assert [(m["event_id"], m["text"], m["author"]) for m in noted] == [(note, "Their disk was full.", scene.engineer)]
    assert scene.case()["answered_at"] is None, "a note answers nobody"

    ivan.say(scene.room, "We have a look.", thread=case_root(olga, scene))
    eventually(lambda: "Acknowledged" in newest_card(ivan, control, root), "the card of an answered case")
    change = {"severity": "critical", "reason": "All are hit."}
    assert scene.live.rest("PATCH", f"cases/{case['ref']}", json=change).status_code == 200
    told = eventually(lambda: [c["body"] for c in about(ivan, control, root) if "Severity" in c["body"]], "the change")
    assert told[0].startswith("Severity: Normal → Critical")

    olga.sync()
    delivered = repr(olga.delivered)
    assert "disk" not in delivered and control not in delivered and "Severity" not in delivered
    assert {event["room_id"] for event in olga.delivered} == {scene.room}
    refused = {
        "join": olga.call("POST", f"{V3}/join/{control}", json={}),
        "read": olga.call("GET", f"{V3}/rooms/{control}/messages", params={"dir": "b"}),
        "event": olga.call("GET", f"{V3}/rooms/{control}/event/{root}"),
        "write": olga.call(
            "PUT", f"{V3}/rooms/{control}/send/m.room.message/t1", json={"msgtype": "m.text", "body": "x"}
        ),
        "children": olga.call("GET", f"/_matrix/client/v1/rooms/{control}/hierarchy"),
    }
    assert {name: answer.status_code for name, answer in refused.items()} == {
        "join": 403,
        "read": 403,
        "event": 404,
        "write": 403,
        "children": 403,
    }


def case_root(client: Client, scene: Scene) -> str:
    """The customer's message under which the case is spoken of."""
    return next(str(e["event_id"]) for e in client.texts(scene.room) if e["content"]["body"].startswith("The export"))


def hierarchy(client: Client, space: str) -> Iterator[dict[str, Any]]:
    """All rooms of the space: the homeserver gives 50 at once, and every file of this run has some."""
    params: dict[str, str] = {}
    while True:
        answer = client.call("GET", f"/_matrix/client/v1/rooms/{space}/hierarchy", params=params).json()
        yield from answer["rooms"]
        if "next_batch" not in answer:
            return
        params["from"] = answer["next_batch"]


@pytest.mark.part_of("R05", "R28")
def test_the_staff_space_shows_staff_all_rooms_by_product(scene: Scene) -> None:
    ivan = scene.client(scene.engineer)
    space = eventually(lambda: room_named(ivan, "Support desk"), "the Staff Space")

    def shown() -> dict[str, str]:
        return {room["room_id"]: room.get("name", "") for room in hierarchy(ivan, str(space))}

    eventually(lambda: scene.room in shown(), "the workspace's room in its product's space")
    eventually(lambda: any("control room" in name for name in shown().values()), "the control room in the space")
    olga = scene.client(scene.owner)
    assert olga.call("GET", f"/_matrix/client/v1/rooms/{space}/hierarchy").status_code == 403
    state = olga.call("GET", f"{V3}/rooms/{scene.room}/state").json()
    assert not [event["type"] for event in state if event["type"].startswith("m.space")]
