"""Erasure by law on a running installation: what a person said is gone from the desk and from the room, and the chain proves as much as before (R34)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.harness.live import Live, eventually
from tests.harness.scene import workspace

WORD = "xylophone"


@pytest.mark.part_of("R08", "R34")
def test_what_the_owner_said_is_erased_from_desk_and_room_and_the_chain_stays_whole(live: Live) -> None:
    scene = workspace(live, "erasing")
    olga, ivan = scene.client(scene.owner), scene.client(scene.engineer)
    said = olga.say(scene.room, f"The {WORD} is out of tune since this morning.")
    ref = scene.case()["ref"]
    answer = ivan.say(scene.room, "We are looking into it.", thread=said)
    eventually(lambda: found(live), "her words in the search")
    before = chain(live)

    told = erase(live, scene.owner, "--dry-run")
    assert told["dry_run"] and told["messages"] >= 1 and told["cases"] == 1
    assert found(live) and WORD in event(ivan, scene.room, said)["content"]["body"]
    done = erase(live, scene.owner)
    assert {**done, "dry_run": True} == told

    assert not found(live) and WORD not in json.dumps(live.rest("GET", f"cases/{ref}").json())
    eventually(lambda: event(ivan, scene.room, said)["content"] == {}, "her message taken out of the room")
    assert event(ivan, scene.room, answer)["content"]["body"] == "We are looking into it."
    verdict = live.json("audit", "verify", "--scope", "workspace:erasing")["items"][0]
    assert (verdict["ok"], verdict["erased"]) == (True, done["entries"])
    after = chain(live)
    assert [one["hash"] for one in after[: len(before)]] == [one["hash"] for one in before]
    assert not erase(live, scene.owner)["messages"]


def erase(live: Live, person: str, *more: str) -> dict[str, Any]:
    """Once nothing of the workspace waits to be recorded: until then it is refused."""
    words = [
        "audit",
        "erase",
        "workspace:erasing",
        "--person",
        person,
        "--reason",
        "request 7, Art. 17",
        "--json",
        *more,
    ]
    done = eventually(lambda: ran if (ran := live.run(*words, check=False)).returncode == 0 else None, "the erasure")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def found(live: Live) -> list[Any]:
    items: list[Any] = live.rest("GET", f"record?q={WORD}&workspace=erasing").json()["items"]
    return items


def chain(live: Live) -> list[dict[str, Any]]:
    return [json.loads(line) for line in live.run("audit", "export", "workspace:erasing").stdout.splitlines()]


def event(client: Any, room: str, event_id: str) -> dict[str, Any]:
    answer: dict[str, Any] = client.call("GET", f"/_matrix/client/v3/rooms/{room}/event/{event_id}").json()
    return answer
