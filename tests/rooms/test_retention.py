"""What the homeserver forgets the desk does not: purged history, a deleted room, a removed file (R05, R08, R09)."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from roomdesk import bootstrap
from roomdesk.channels.matrix.names import path
from roomdesk.record import store
from roomdesk.record.models import File, Message
from roomdesk.runtime import clock
from roomdesk.worker import files
from roomdesk.worker.files import FileKeeper
from tests.cli.shell import done, run
from tests.harness.live import eventually
from tests.record.elsewhere import Elsewhere, filed
from tests.rooms.place import ADMIN, Json, Place, purge_room
from tests.rooms.talking import hear, say

pytestmark = pytest.mark.part_of("R05", "R08", "R09")
CONTENT = b"\x89PNG\r\n\x1a\nwhat the screen showed"


@pytest.fixture
def kept(there: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """Much was said, with a file; the desk's commands speak to the homeserver that lets its administrator do anything."""
    given = replace(bootstrap.settings, files=tmp_path / "kept")
    monkeypatch.setattr(bootstrap, "settings", given)
    monkeypatch.setattr(files, "settings", given)
    monkeypatch.setattr("roomdesk.channels.matrix.client.current", lambda: there.matrix)
    talk(Elsewhere(there, there.room))
    keeper = FileKeeper(lambda: there.matrix)
    while keeper.step() == 0:
        pass
    assert File.objects.get().state == "kept"
    return there


def talk(room: Elsewhere) -> None:
    said = room.say("olga", "The kumquats are missing.")
    room.edit("olga", said, "The figs are missing.")
    room.react("ivan", said, "👀")
    room.send("olga", {"msgtype": "m.image", "body": "screen.png", "url": upload(room.place)})
    room.redact("olga", room.say("olga", "My password is persimmon."))
    for _ in range(2):
        hear(room.place)
    # The homeserver never forgets the newest event of a room.
    say(room.place, "olga", "That is all.")
    hear(room.place)
    filed()


def upload(place: Place) -> str:
    session = place.matrix.log_in(place.id("olga"), "RETENTION")
    answer = httpx.post(
        f"{place.matrix._http.base_url}".rstrip("/") + "/_matrix/media/v3/upload",
        content=CONTENT,
        headers={"Authorization": f"Bearer {session['access_token']}", "Content-Type": "image/png"},
        trust_env=False,
        timeout=60,
    )
    return str(answer.raise_for_status().json()["content_uri"])


def everything(place: Place, folder: Path) -> dict[str, Any]:
    """What record, search, export and files give."""
    done("record", "export", "--workspace", place.slug, "--to", str(folder))
    (file,) = (folder / "files").iterdir()
    return {
        "record": list(Message.objects.filter(workspace=place.workspace).order_by("pk").values()),
        "found": done("record", "search", "figs", "--workspace", place.slug),
        "lines": (folder / "record.jsonl").read_text("utf-8"),
        "file": file.read_bytes(),
        "copy": store.place_of(File.objects.get().sha256).read_bytes(),
    }


def verified(place: Place) -> list[Json]:
    """A minute on: nothing is on its way."""
    with clock.frozen(clock.now() + timedelta(minutes=1)):
        result = run("record", "verify", "--workspace", place.slug, "--json")
    assert result.exit_code == 0, result.output
    return list(json.loads(result.stdout)["items"])


def purge(place: Place) -> None:
    """What a homeserver's retention does, by its admin API (Synapse, docs/admin_api/purge_history_api.md); done when this returns.

    It fails where the homeserver is still writing something of the room; asked again it goes on.
    """

    def ended(where: str) -> str | None:
        status = str(place.matrix.admin("GET", where)["status"])
        return None if status == "active" else status

    def purged() -> bool:
        upto = {"delete_local_events": True, "purge_up_to_ts": clock.to_ms(clock.now())}
        asked = place.matrix.admin("POST", path("purge_history", place.room, base=ADMIN), upto)
        where = path("purge_history_status", asked["purge_id"], base=ADMIN)
        return eventually(lambda: ended(where), "the end of the purge") == "complete"

    eventually(purged, "the purge", 120)


def readable(place: Place) -> list[str]:
    """The texts that the homeserver still has of the room."""
    params = {"dir": "f", "limit": "500"}
    page = place.matrix.call("GET", path("rooms", place.room, "messages"), params=params)["chunk"]
    return [event["content"]["body"] for event in page if "body" in event["content"]]


def test_purged_history_is_still_on_record_found_and_exported(kept: Place, tmp_path: Path) -> None:
    before = everything(kept, tmp_path / "before")
    (whole,) = verified(kept)
    assert whole["purged"] == 0 and whole["on_record"] >= 7
    purge(kept)
    assert readable(kept) == ["That is all."]
    assert everything(kept, tmp_path / "after") == before
    assert "The figs are missing." in before["lines"] and before["file"] == before["copy"] == CONTENT
    (found,) = verified(kept)
    assert found["state"] == "compared" and found["gaps"] == []
    assert found["purged"] == whole["on_record"] - found["on_record"] >= 6

    # Nothing of it comes back by another way: neither by reading the room again nor by a sweep.
    hear(kept)
    kept.sweep()
    assert everything(kept, tmp_path / "later")["record"] == before["record"]


def test_a_deleted_room_takes_nothing_along(kept: Place, tmp_path: Path) -> None:
    before, old = everything(kept, tmp_path / "before"), kept.room
    purge_room(kept.matrix, old)
    kept.matrix.admin(
        "DELETE", path("media", kept.matrix.server, File.objects.get().url.rpartition("/")[2], base=ADMIN)
    )
    (gone,) = verified(kept)
    assert (gone["state"], gone["room_id"], gone["purged"]) == (
        "gone",
        old,
        len([m for m in before["record"] if m["address"] == old]),
    )
    assert everything(kept, tmp_path / "after") == before

    kept.sweep()
    hear(kept)
    former, room = verified(kept)
    assert (former["room_id"], former["former"], former["state"]) == (old, True, "gone")
    assert (room["room_id"], room["former"], room["state"]) == (kept.room, False, "compared")
    assert former["purged"] == gone["purged"] and kept.room != old
    assert done("record", "search", "figs", "--workspace", kept.slug) == before["found"]
    later = everything(kept, tmp_path / "later")
    assert later["lines"].startswith(before["lines"]) and later["file"] == CONTENT
