"""R08: whatever is said in the room stays, is found, leaves in an export, and history from elsewhere comes in."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.hands import V3, Hands, done
from tests.harness.live import Live, eventually
from tests.harness.scene import Scene, workspace

CONTENT = b"\x89PNG\r\n\x1a\nwhat the screen showed"


def relation(kind: str, event: str) -> dict[str, Any]:
    return {"m.relates_to": {"rel_type": kind, "event_id": event}}


def said_in_the_room(scene: Scene) -> dict[str, str]:
    """Message, edit, reaction, file, thread and removal; event ids by name."""
    olga, ivan, room = scene.client(scene.owner), scene.client(scene.engineer), scene.room
    said = {"first": olga.say(room, "The marmalade is missing.")}
    new = {"m.new_content": {"msgtype": "m.text", "body": "The quince is missing."}}
    said["edit"] = olga.say(room, "* The quince is missing.", **new, **relation("m.replace", said["first"]))
    reaction = relation("m.annotation", said["first"])["m.relates_to"] | {"key": "👀"}
    said["reaction"] = ivan.send(room, "m.reaction", {"m.relates_to": reaction})
    said["answer"] = ivan.say(room, "We look into it.", thread=said["first"])
    uploaded = olga.call("POST", "/_matrix/media/v3/upload", content=CONTENT, params={"filename": "screen.png"})
    picture = {"msgtype": "m.image", "body": "screen.png", "url": done(uploaded)["content_uri"]}
    said["file"] = olga.send(room, "m.room.message", picture)
    said["secret"] = olga.say(room, "My password is persimmon.")
    where = f"{V3}/rooms/{room}/redact/{said['secret']}/t1"
    said["removal"] = done(olga.call("PUT", where, json={"reason": "a slip"}))["event_id"]
    return said


@pytest.mark.part_of("R08", "R09")
def test_everything_stays_is_found_and_leaves_in_an_export(live: Live, tmp_path: Path) -> None:
    scene = workspace(live, "keeping")
    said = said_in_the_room(scene)
    digest = hashlib.sha256(CONTENT).hexdigest()
    eventually(lambda: kept(live) == digest, "the kept file", 30)

    hits = live.json("record", "search", "quince workspace:keeping")["items"]
    assert [hit["event_id"] for hit in hits] == [said["first"]]
    assert live.rest("GET", "search?q=persimmon+workspace:keeping").json()["items"] == []
    folder = tmp_path / "keeping"
    manifest = live.json("record", "export", "--workspace", "keeping", "--to", str(folder))
    lines = {line["event_id"]: line for line in map(json.loads, (folder / "record.jsonl").read_text().splitlines())}
    assert set(said.values()) <= lines.keys() and manifest["counts"]["entries"] == len(lines)
    assert lines[said["first"]]["edited_text"] == lines[said["edit"]]["text"] == "The quince is missing."
    assert lines[said["first"]]["text"] == "The marmalade is missing.", "every version"
    assert (lines[said["secret"]]["sealed"], lines[said["secret"]]["text"]) == (True, None)
    assert (folder / "files" / digest).read_bytes() == CONTENT
    assert "The quince is missing." in next(folder.glob("20*.html")).read_text()
    eventually(
        lambda: live.run("record", "verify", "--workspace", "keeping", check=False).returncode == 0, "complete", 40
    )


def kept(live: Live) -> str | None:
    lines = live.rest("GET", "record/export?workspace=keeping").text.splitlines()
    files = [line["file"] for line in map(json.loads, lines) if line.get("file")]
    return files[0]["sha256"] if files else None


@pytest.mark.part_of("R05", "R08")
def test_what_was_said_elsewhere_before_comes_on_record_and_decides_nothing(live: Live) -> None:
    scene, hands = workspace(live, "moving"), Hands(live)
    user = f"@{scene.owner}:{live.ready['server_name']}"
    olga = scene.client(scene.owner)
    old = str(done(hands.as_bot("POST", "/createRoom", preset="private_chat", invite=[user]))["room_id"])
    olga.join(old)
    said = [olga.say(old, text) for text in ("P0 the medlar is lost.", "It was found again.")]
    before = scene.cases(), len(olga.notices(scene.room))
    told = live.json("record", "import-room", old, "--workspace", "moving")
    assert (told["total"], told["recorded"]) == (2, {"message": 2})
    hits = eventually(
        lambda: live.json("record", "search", "medlar workspace:moving")["items"], "the message in the search"
    )
    assert [(hit["event_id"], hit["case"], hit["author"]) for hit in hits] == [(said[0], None, scene.owner)]
    assert live.json("record", "import-room", old, "--workspace", "moving")["total"] == 0
    assert (scene.cases(), len(olga.notices(scene.room))) == before, "no case, nobody told"
    refused = live.run("record", "import-room", old, "--workspace", "nowhere", check=False)
    assert refused.returncode == 1 and 'no workspace "nowhere"' in refused.stderr
