"""R08: whatever is said in the room stays, is found, leaves in an export, and history from elsewhere comes in."""

from __future__ import annotations

import hashlib
import json
import time
import uuid
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.acceptance.browsing import Signed, address
from tests.acceptance.hands import V3, Hands, done
from tests.harness.live import Live, eventually
from tests.harness.matrix import Client
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
    said["removal"] = removed(olga, room, said["secret"])
    said["lamp"] = olga.say(room, "The lamp is green.")
    new = {"m.new_content": {"msgtype": "m.text", "body": "My code is loquat."}}
    said["slip"] = olga.say(room, "* My code is loquat.", **new, **relation("m.replace", said["lamp"]))
    said["taken back"] = removed(olga, room, said["slip"])
    return said


def removed(client: Client, room: str, event: str) -> str:
    answer = client.call("PUT", f"{V3}/rooms/{room}/redact/{event}/{uuid.uuid4().hex}", json={"reason": "a slip"})
    return str(done(answer)["event_id"])


def hits(page: Page, q: str) -> list[str]:
    """What a search page finds, as it reads."""
    page.get_by_role("searchbox").fill(q)
    # The page before may have the same address: what it still shows is no answer.
    with page.expect_navigation():
        page.get_by_role("button", name="Search").click()
    return [text.strip() for text in page.locator("main ol p.text").all_inner_texts()]


@pytest.mark.requirement("R08")
def test_what_was_ever_said_is_found_by_its_people_and_by_staff_and_by_nobody_else(
    live: Live, signed_in: Signed, tmp_path: Path
) -> None:
    scene, beside = workspace(live, "lasting"), workspace(live, "beside")
    asen, boyan = scene.member("admin", "Asen"), scene.member("member", "Boyan")
    scene.await_in_room(asen)
    said, digest = said_in_the_room(scene), hashlib.sha256(CONTENT).hexdigest()
    beside.client(beside.owner).say(beside.room, "Our quince is not missing.")
    eventually(lambda: kept(live, "lasting") == digest, "the kept file")
    eventually(lambda: said["taken back"] in on_record(live, "lasting"), "the last of it on record")
    # The homeserver may forget; nothing that is asked from here on depends on it.
    purge(Hands(live), scene.room)

    theirs = signed_in(asen, "/portal/lasting/search")
    for q, texts in (
        ("lamp", ["The lamp is green."]),
        ("quince", ["The quince is missing."]),
        ("has:file", ["screen.png"]),
        ("from:staff", ["We look into it."]),
    ):
        eventually(lambda q=q, texts=texts: hits(theirs, q) == texts, q)
    for q in ("marmalade", "persimmon", "loquat"):
        eventually(lambda q=q: hits(theirs, q) == [], f"nothing of {q}")

    member = signed_in(boyan, "/portal/lasting/search?q=quince")
    expect(member.locator("main")).to_contain_text("Only people with access")
    assert "missing" not in member.content()
    stranger = signed_in(beside.owner, "/portal/beside/search")
    eventually(lambda: hits(stranger, "quince") == ["Our quince is not missing."], "their own")
    assert hits(stranger, "workspace:lasting quince") == []
    assert stranger.goto(f"{address(live)}/portal/lasting/search?q=quince").status == 404  # type: ignore[union-attr]

    staff = signed_in(scene.engineer, "/console/search")
    assert sorted(hits(staff, "quince")) == ["Our quince is not missing.", "The quince is missing."]
    assert hits(staff, "workspace:lasting quince") == ["The quince is missing."]
    folder = tmp_path / "lasting"
    live.json("record", "export", "--workspace", "lasting", "--to", str(folder))
    lines = {line["event_id"]: line for line in map(json.loads, (folder / "record.jsonl").read_text().splitlines())}
    assert set(said.values()) <= lines.keys() and (folder / "files" / digest).read_bytes() == CONTENT
    sealed = {name for name, event in said.items() if lines[event]["sealed"]}
    assert sealed == {"secret", "slip"}
    kinds = {name: lines[event]["kind"] for name, event in said.items()}
    assert kinds["edit"] == "edit" and kinds["reaction"] == "reaction" and kinds["removal"] == "redaction"


def purge(hands: Hands, room: str) -> None:
    """It fails where the homeserver still writes something of the room; asked again it goes on."""

    def purged() -> bool:
        upto = {"delete_local_events": True, "purge_up_to_ts": 1000 * int(time.time() + 3600)}
        asked = done(hands.as_admin("POST", f"/purge_history/{room}", **upto))["purge_id"]
        return eventually(lambda: ended(asked), "the end of the purge") == "complete"

    def ended(asked: str) -> str | None:
        status = str(done(hands.as_admin("GET", f"/purge_history_status/{asked}"))["status"])
        return None if status == "active" else status

    eventually(purged, "the purge", 120)


@pytest.mark.part_of("R08", "R09")
def test_everything_stays_is_found_and_leaves_in_an_export(live: Live, tmp_path: Path) -> None:
    scene = workspace(live, "keeping")
    said = said_in_the_room(scene)
    digest = hashlib.sha256(CONTENT).hexdigest()
    eventually(lambda: kept(live, "keeping") == digest, "the kept file")
    eventually(lambda: said["taken back"] in on_record(live, "keeping"), "the last of it on record")

    def found() -> list[str]:
        return [hit["event_id"] for hit in live.json("record", "search", "quince workspace:keeping")["items"]]

    eventually(lambda: found() == [said["first"]], "the edited message in the search")
    eventually(lambda: live.json("record", "search", "lamp workspace:keeping")["items"], "the last of it in the search")
    assert live.rest("GET", "search?q=persimmon+workspace:keeping").json()["items"] == []
    folder = tmp_path / "keeping"
    manifest = live.json("record", "export", "--workspace", "keeping", "--to", str(folder))
    lines = {line["event_id"]: line for line in map(json.loads, (folder / "record.jsonl").read_text().splitlines())}
    assert set(said.values()) <= lines.keys() and manifest["counts"]["entries"] == len(lines)
    assert lines[said["first"]]["edited_text"] == lines[said["edit"]]["text"] == "The quince is missing."
    assert lines[said["first"]]["text"] == "The marmalade is missing.", "every version"
    assert (lines[said["secret"]]["sealed"], lines[said["secret"]]["text"]) == (True, None)
    assert (folder / "files" / digest).read_bytes() == CONTENT
    # A file a month: the turn of one may lie between what was said and what was answered.
    assert any("The quince is missing." in page.read_text() for page in folder.glob("20*.html"))
    eventually(lambda: live.run("record", "verify", "--workspace", "keeping", check=False).returncode == 0, "complete")


def on_record(live: Live, slug: str) -> dict[str, Any]:
    """The workspace's entries by event."""
    lines = live.rest("GET", f"record/export?workspace={slug}").text.splitlines()
    return {line["event_id"]: line for line in map(json.loads, lines) if "event_id" in line}


def kept(live: Live, slug: str) -> str | None:
    files = [line["file"] for line in on_record(live, slug).values() if line["file"]]
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
    found = eventually(
        lambda: live.json("record", "search", "medlar workspace:moving")["items"], "the message in the search"
    )
    assert [(hit["event_id"], hit["case"], hit["author"]) for hit in found] == [(said[0], None, scene.owner)]
    assert live.json("record", "import-room", old, "--workspace", "moving")["total"] == 0
    assert (scene.cases(), len(olga.notices(scene.room))) == before, "no case, nobody told"
    refused = live.run("record", "import-room", old, "--workspace", "nowhere", check=False)
    assert refused.returncode == 1 and 'no workspace "nowhere"' in refused.stderr
