"""R06, R05: whatever is done to a room by hand is found, told and repaired in a running installation; a deleted room takes nothing along."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from roomdesk.runtime.instance import resolve
from roomdesk.runtime.settings import load
from tests.acceptance.hands import V3, Hands, done
from tests.harness.live import Live, eventually
from tests.harness.scene import Scene, workspace

REDACTED = "My password is persimmon."


def settings_of(scene: Scene) -> dict[tuple[str, str], Any]:
    """The room as its owner reads it, without what says nothing; who was let in again is in anew."""
    events = scene.client(scene.owner).call("GET", f"{V3}/rooms/{scene.room}/state").json()
    said = {(event["type"], event["state_key"]): event["content"] for event in events if event["content"]}
    return {key: content for key, content in said.items() if key[0] != "m.room.member"}


def planned(scene: Scene) -> dict[str, Any]:
    (item,) = scene.live.json("rooms", "reconcile", "--dry-run", "--workspace", scene.slug)["items"]
    return dict(item)


def undisturbed(live: Live, scene: Scene) -> bool:
    """The room is made and nothing is on its way there, which would heal what is broken before anybody was told of it.

    The slow sweep comes to a new room in a quarter of an hour.
    """
    sql = """
        SELECT r.ready_at IS NOT NULL
           AND NOT EXISTS (SELECT 1 FROM queues_inboxevent e WHERE e.lane_id = w.lane_id AND e.state = 'pending')
           AND NOT EXISTS (
               SELECT 1 FROM queues_outboxrow o
               WHERE o.destination = 'matrix:room:' || w.slug AND o.state IN ('queued', 'sending', 'retry')
           )
        FROM rooms_room r JOIN directory_workspace w ON w.id = r.workspace_id WHERE w.slug = %s
    """
    address = resolve(load(live.environ)).database_url
    assert address
    with psycopg.connect(address) as connection:
        return connection.execute(sql, [scene.slug]).fetchall() == [(True,)]


def damage(scene: Scene, hands: Hands, stranger: str) -> None:
    """A member kicked by hand, power given, a stranger brought in, name and alias taken away, the room opened."""
    room, server = f"/rooms/{scene.room}", scene.live.ready["server_name"]
    asen = f"@asen-{scene.slug}:{server}"
    done(hands.as_admin("POST", f"{room}/make_room_admin", user_id=f"@{scene.owner}:{server}"))
    done(hands.as_bot("POST", f"{room}/invite", user_id=f"@{stranger}:{server}"))
    scene.client(stranger).join(scene.room)
    done(hands.as_bot("POST", f"{room}/kick", user_id=asen))
    done(hands.as_bot("PUT", f"{room}/state/m.room.name", name="Pwned"))
    done(hands.as_bot("PUT", f"{room}/state/m.room.join_rules", join_rule="public"))
    done(hands.as_bot("DELETE", hands.alias_of(scene.slug)))


@pytest.mark.requirement("R06")
def test_every_kind_of_damage_is_told_by_a_dry_run_and_healed_in_one_pass(live: Live) -> None:
    scene, other, hands = workspace(live, "healing"), workspace(live, "onlooker"), Hands(live)
    scene.await_in_room(scene.member("admin", "Asen"))
    eventually(
        lambda: not planned(scene)["actions"] and undisturbed(live, scene), "a room that is right and left alone"
    )
    before, server = settings_of(scene), live.ready["server_name"]
    damage(scene, hands, other.owner)

    told = planned(scene)
    assert told["problem"] is None
    assert {(a["action"], a.get("user_id") or a.get("type") or a.get("alias")) for a in told["actions"]} == {
        ("point_alias", f"#support-healing:{server}"),
        ("set_power", None),
        ("set_state", "m.room.name"),
        ("set_state", "m.room.join_rules"),
        ("remove", f"@{other.owner}:{server}"),
        ("admit", f"@asen-healing:{server}"),
    }
    words = live.run("rooms", "plan", "--workspace", scene.slug).stdout
    assert f"healing: remove @{other.owner}:{server}" in words and "healing: set m.room.name" in words
    assert (
        settings_of(scene) != before and "repaired" not in live.run("rooms", "drift", "--workspace", "healing").stdout
    )

    live.run("rooms", "reconcile", "--workspace", scene.slug)
    (drift,) = eventually(lambda: repaired(live, scene), "a drift that was repaired")
    assert drift["found"]["actions"] == told["actions"] and drift["left"] is None
    assert settings_of(scene) == before
    scene.await_in_room("asen-healing", scene.owner, scene.engineer)
    assert scene.memberships().get(other.owner) not in ("join", "invite")
    assert done(hands.as_bot("GET", hands.alias_of(scene.slug)))["room_id"] == scene.room

    assert planned(scene)["actions"] == [], "a second pass plans nothing"

    # Nobody but the desk itself can take its bot out; that is pushed, and mended at once.
    done(hands.as_bot("POST", f"/rooms/{scene.room}/leave"))
    eventually(
        lambda: inside(scene, f"@support:{server}") and not planned(scene)["actions"], "the bot back in its room"
    )
    assert settings_of(scene) == before
    chain = live.run("audit", "export", "workspace:healing").stdout
    for action in (
        "room.reconcile",
        "room.drift_found",
        "room.removing",
        "room.setting",
        "room.drift_repaired",
        "room.seating",
    ):
        assert f'"{action}"' in chain, action
    assert live.json("audit", "verify", "--scope", "workspace:healing")["ok"] is True


def inside(scene: Scene, user: str) -> bool:
    where = f"{V3}/rooms/{scene.room}/state/m.room.member/{user}"
    return bool(scene.client(scene.owner).call("GET", where).json()["membership"] == "join")


def repaired(live: Live, scene: Scene) -> list[dict[str, Any]]:
    items = live.json("rooms", "drift", "--workspace", scene.slug)["items"]
    return [item for item in items if item["repaired_at"]]


def settled(live: Live) -> bool:
    drifts = live.json("rooms", "drift", "--workspace", "drifting")["items"]
    plans = live.json("rooms", "plan", "--workspace", "drifting")["items"]
    return all(item["repaired_at"] for item in drifts) and [item["actions"] for item in plans] == [[]]


@pytest.fixture
def drifting() -> Iterator[Scene]:
    """An installation of its own: it looks at its rooms every second, which others need not bear."""
    live = Live(ROOMDESK_ROOM_SWEEP_SECONDS="1").start()
    try:
        yield workspace(live, "drifting")
    finally:
        live.stop()
        live.remove()


@pytest.mark.requirement("R05", "R06")
def test_a_sweep_heals_by_itself_and_a_deleted_room_takes_nothing_along(drifting: Scene, tmp_path: Path) -> None:
    live, hands, old = drifting.live, Hands(drifting.live), drifting.room
    olga, ivan = drifting.client(drifting.owner), drifting.client(drifting.engineer)
    user = f"@{drifting.owner}:{live.ready['server_name']}"
    said = olga.say(old, "The tangerines are missing.")
    for client, secret in ((olga, olga.say(old, REDACTED)), (ivan, olga.say(old, "Another secret."))):
        answer = client.call("PUT", f"{V3}/rooms/{old}/redact/{secret}/t{secret[1:5]}", json={"reason": "a slip"})
        done(answer)
    eventually(
        lambda: len(exported(live)) >= 6 and len(sealed(exported(live))) >= 2 and found(live) == [said],
        "everything on record",
    )
    before = exported(live)
    assert sealed(before) == [None, None], "sealed, not gone"
    assert REDACTED not in str(before)

    done(hands.as_bot("POST", f"/rooms/{old}/kick", user_id=user))
    eventually(lambda: repaired(live, drifting), "a drift that was repaired")
    state = olga.call("GET", f"{V3}/rooms/{old}/state/m.room.member/{user}")
    assert state.json()["membership"] == "join"

    # The wall refuses that a room is deleted; with the wall away nothing but the room is lost.
    refused = hands.as_admin("DELETE", f"/rooms/{old}", purge=True)
    assert (refused.status_code, live.room("drifting")) == (403, old)
    hands.take_the_wall_away()
    # It fails (500) while the homeserver still writes something of the room.
    eventually(lambda: hands.as_admin("DELETE", f"/rooms/{old}", purge=True).status_code == 200, "the end of the room")
    eventually(lambda: live.room("drifting") != old, "another room", 60)
    drifting.await_in_room(drifting.owner, drifting.engineer)
    assert found(live) == [said] and exported(live)[: len(before)] == before
    verified = eventually(lambda: complete(live), "a complete record", 60)
    assert [(item["room_id"], item["state"]) for item in verified if item["former"]] == [(old, "gone")]
    # The desk may still have been writing into the old room when `before` was read.
    assert len(before) <= verified[0]["purged"] <= len([line for line in exported(live) if line["room"] == old])
    # A sweep a second: one that met the new room half made may have found something that the next one repairs.
    eventually(lambda: settled(live), "a room without drift", 60)


def sealed(lines: list[dict[str, Any]]) -> list[str | None]:
    """The texts of what was redacted."""
    return [line["text"] for line in lines if line["sealed"]]


def found(live: Live) -> list[str]:
    return [hit["event_id"] for hit in live.rest("GET", "search?q=tangerines").json()["items"]]


def exported(live: Live) -> list[dict[str, Any]]:
    """The record of the workspace as its lines stream out; the last one says that they are all."""
    answer = live.rest("GET", "record/export?workspace=drifting")
    assert answer.status_code == 200, answer.text
    *lines, end = [json.loads(line) for line in answer.text.splitlines()]
    assert end == {"end": True, "entries": len(lines)}
    return lines


def complete(live: Live) -> list[dict[str, Any]] | None:
    """The verdicts once the record is complete."""
    asked = live.run("record", "verify", "--workspace", "drifting", "--json", check=False)
    return list(json.loads(asked.stdout)["items"]) if asked.returncode == 0 else None
