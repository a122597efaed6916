"""Clocks through a case's life on a whole installation (R20, R21), and cases that are parted and joined (R29)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from tests.harness.live import Live, eventually
from tests.harness.scene import Scene, workspace


def change(scene: Scene, ref: str, **wanted: Any) -> dict[str, Any]:
    answer = scene.live.rest("PATCH", f"cases/{ref}", json={"author": scene.engineer, **wanted})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def say(scene: Scene, ref: str, author: str, text: str) -> None:
    answer = scene.live.rest("POST", f"cases/{ref}/messages", json={"author": author, "text": text})
    assert answer.status_code == 201, answer.text


def clocks(scene: Scene, ref: str) -> dict[str, dict[str, Any]]:
    """The newest clock of each kind, explained."""
    return {clock["clock"]: clock for clock in scene.live.rest("GET", f"cases/{ref}/sla").json()["clocks"]}


def standing(scene: Scene, ref: str) -> dict[str, str]:
    return {kind: clock["state"] for kind, clock in clocks(scene, ref).items()}


def opened(scene: Scene, text: str, **more: str) -> str:
    answer = scene.live.rest(
        "POST", "cases", json={"workspace": scene.slug, "author": scene.owner, "text": text, **more}
    )
    assert answer.status_code == 201, answer.text
    return str(answer.json()["ref"])


@pytest.mark.requirement("R20")
@pytest.mark.part_of("R26", "R27")
def test_response_resolution_and_updates_each_have_their_target(live: Live) -> None:
    scene = workspace(live, "omnia", tier="enterprise", product="power-omni")
    ref = opened(scene, "Nobody can send messages.", severity="critical")
    assert standing(scene, ref) == {"first_response": "running", "resolution": "running"}
    assert clocks(scene, ref)["resolution"]["target"]["words"] == "8 hours"

    say(scene, ref, scene.engineer, "We are looking.")
    assert standing(scene, ref) == {"first_response": "met", "resolution": "running", "update": "running"}
    first = clocks(scene, ref)["update"]
    say(scene, ref, scene.engineer, "It is the queue; half of it is through.")
    second = clocks(scene, ref)["update"]
    assert first["started_at"] <= second["started_at"] and second["state"] == "running"
    updates = [clock for clock in live.rest("GET", f"cases/{ref}/sla").json()["clocks"] if clock["clock"] == "update"]
    assert [clock["state"] for clock in updates] == ["met", "running"], "each answer ends one and begins the next"

    change(scene, ref, state="waiting_customer")
    assert standing(scene, ref) == {"first_response": "met", "resolution": "paused", "update": "paused"}
    assert clocks(scene, ref)["resolution"]["due_at"] is None, "while it waits nothing is due"
    say(scene, ref, scene.owner, "Yes, still.")
    assert standing(scene, ref) == {"first_response": "met", "resolution": "running", "update": "running"}

    answer = live.rest("PATCH", f"cases/{ref}", json={"author": scene.engineer, "state": "resolved", "fix": "Restart"})
    assert answer.status_code == 422 and "root" in answer.json()["detail"]
    assert standing(scene, ref)["resolution"] == "running", "a refusal changes nothing"
    change(scene, ref, state="resolved", fix="The queue was restarted.", root_cause="A full disk.")
    assert standing(scene, ref) == {"first_response": "met", "resolution": "met", "update": "met"}


@pytest.mark.requirement("R21")
def test_every_due_time_is_explained_with_all_that_led_to_it(live: Live) -> None:
    scene = workspace(live, "whylab", tier="enterprise", product="power-omni")
    ref = opened(scene, "The report is wrong.", severity="normal")
    say(scene, ref, scene.engineer, "Which one?")
    change(scene, ref, state="waiting_customer", reason="Which report is it?")
    say(scene, ref, scene.owner, "All of them, and orders too.")
    change(scene, ref, severity="high", reason="Orders are wrong as well.")

    told = clocks(scene, ref)["resolution"]
    assert (told["policy"]["product"], told["calendar"]["timezone"]) == ("power-omni", "America/Sao_Paulo")
    assert told["target"]["words"] == "2 business days" and told["severity"] == "high"
    assert told["segments"], "the windows that were counted"
    (pause,) = told["pauses"]
    assert told["started_at"] < pause["from"] < pause["to"]
    changes = {(item["what"], item["before"], item["after"]) for item in told["changes"]}
    assert ("severity", "normal", "high") in changes
    words = live.run("sla", "explain", ref).stdout
    # How much of the target is used has gone on meanwhile, in office hours.
    said = [line.partition("; ")[0] if line.startswith("It is running") else line for line in told["lines"]]
    assert [line for line in said if line not in words] == []
    for needed in ("version", "business", "normal → high", "Orders are wrong as well.", "Which report is it?"):
        assert needed in words, needed
    due = datetime.fromisoformat(told["due_at"])
    assert f"{due:%H:%M}" in words or f"{due:%Y-%m-%d}" in words


@pytest.mark.requirement("R29")
def test_cases_are_parted_and_joined_and_their_clocks_stay_right(live: Live) -> None:
    scene = workspace(live, "joinery", tier="enterprise")
    olga, ivan = scene.client(scene.owner), scene.client(scene.engineer)
    olga.say(scene.room, "The invoices have no logo.")
    first = scene.case()
    eventually(lambda: olga.notices(scene.room), "the desk's notice")
    olga.say(scene.room, "And another thing: nobody gets the daily mail.")
    both = eventually(lambda: spoken(scene, first["ref"], 2), "both messages in one case")

    answer = live.rest(
        "POST",
        f"cases/{first['ref']}/split",
        json={"author": scene.engineer, "messages": [both[1]["id"]], "reason": "Two matters."},
    )
    assert answer.status_code == 201, answer.text
    second = answer.json()["ref"]
    assert [m["id"] for m in spoken(scene, second, 1)] == [both[1]["id"]]
    started = {ref: clocks(scene, ref)["first_response"]["started_at"] for ref in (first["ref"], second)}
    assert started == {first["ref"]: both[0]["at"], second: both[1]["at"]}, "each from its own first message"

    ivan.say(scene.room, "The logo is back.", thread=both[0]["event_id"])
    eventually(lambda: standing(scene, first["ref"])["first_response"] == "met", "the first answered")
    assert standing(scene, second)["first_response"] == "running", "the other is not"

    merged = live.rest("POST", f"cases/{second}/merge", json={"author": scene.engineer, "into": first["ref"]})
    assert merged.status_code == 200, merged.text
    assert set(standing(scene, second).values()) == {"cancelled"}, "a merged case never alarms"
    undone = live.rest("POST", f"cases/{second}/unmerge", json={"author": scene.engineer})
    assert undone.status_code == 200, undone.text
    assert standing(scene, second)["first_response"] == "running"
    assert clocks(scene, second)["first_response"]["started_at"] == started[second]

    olga.say(scene.room, "The mail is missing since Monday.", thread=both[0]["event_id"])
    stray = eventually(lambda: spoken(scene, first["ref"], 2), "a message in the wrong case")[1]
    moved = live.rest(
        "POST",
        f"cases/{first['ref']}/move",
        json={"author": scene.engineer, "messages": [stray["id"]], "to": second},
    )
    assert moved.status_code == 200, moved.text
    assert [m["id"] for m in spoken(scene, second, 2)] == [both[1]["id"], stray["id"]]
    assert clocks(scene, second)["first_response"]["started_at"] == started[second]


def spoken(scene: Scene, ref: str, count: int) -> list[dict[str, Any]]:
    """A case's messages by customers, once there are `count`."""
    story = scene.live.rest("GET", f"cases/{ref}").json()
    found = [message for message in story["messages"] if message["author_kind"] == "customer"]
    return found if len(found) == count else []


@pytest.mark.requirement("R23")
def test_the_queue_has_one_order_that_is_visible_and_explained(live: Live) -> None:
    product = "power-omni"
    plain = [workspace(live, f"plain-{n}", tier="basic", product=product) for n in (1, 2)]
    paying = workspace(live, "paying", tier="enterprise", product=product)
    first, second = (opened(scene, "How do I export?") for scene in plain)
    later = opened(paying, "Reports are slow.", severity="normal")
    sooner = opened(paying, "Nobody can log in.", severity="high")
    urgent = opened(paying, "P0 Everything is down.")

    def queue() -> list[dict[str, Any]]:
        items = live.rest("GET", "queue", params={"product": product}).json()["items"]
        mine = {first, second, later, sooner, urgent}
        return [{**item, "ref": item["case"]["ref"]} for item in items if item["case"]["ref"] in mine]

    rows = queue()
    assert [row["ref"] for row in rows] == [urgent, sooner, later, first, second]
    assert [row["position"] for row in rows] == sorted(row["position"] for row in rows)
    reasons = {row["ref"]: row["why"] for row in rows}
    assert "P0" in str(reasons[urgent]) and "arrival" in str(reasons[first]) and "due" in str(reasons[sooner])
    shown = live.run("case", "queue", "--product", product).stdout
    assert shown.index(urgent) < shown.index(sooner) < shown.index(later) < shown.index(first) < shown.index(second)

    say(paying, sooner, paying.engineer, "What do you see?")
    change(paying, sooner, state="waiting_customer")
    assert [row["ref"] for row in queue()] == [urgent, later, first, second, sooner], "what waits for us comes first"
