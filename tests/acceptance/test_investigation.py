"""A case is investigated, communicated, escalated and resolved on a running installation, from Matrix clients alone (R26)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.acceptance.test_control_room import room_named
from tests.harness.live import Live, eventually
from tests.harness.matrix import Client
from tests.harness.scene import PRODUCT, Scene, workspace


@pytest.fixture(scope="module")
def scene(live: Live) -> Scene:
    found = workspace(live, "clinic")
    for name, field in (("dora", "database"), ("nina", "networking")):
        body = {"name": name.title(), "roles": ["specialist"], "field": field, "product": PRODUCT}
        assert live.rest("PUT", f"staff/{name}-clinic", json=body).status_code == 201
    return found


def answered(client: Client, room: str, event: str) -> list[str]:
    """What the desk said under an event: words, or a sign."""
    client.sync()
    found = [e["content"] for e in client.delivered if e["room_id"] == room and e["sender"].startswith("@support:")]
    signs = [
        c["m.relates_to"]["key"]
        for c in found
        if c.get("m.relates_to", {}).get("rel_type") == "m.annotation" and c["m.relates_to"]["event_id"] == event
    ]
    replies = [c for c in found if c.get("m.relates_to", {}).get("m.in_reply_to", {}).get("event_id") == event]
    return signs + [str(c["body"]) for c in replies if not c["m.relates_to"].get("is_falling_back")]


@pytest.mark.requirement("R26")
@pytest.mark.part_of("R28")
def test_a_case_is_investigated_escalated_and_resolved(scene: Scene) -> None:
    olga, ivan = scene.client(scene.owner), scene.client(scene.engineer)
    said = olga.say(scene.room, "Saving a quotation shows error 500 for me.")
    ref = scene.case()["ref"]
    control = eventually(lambda: room_named(ivan, "control room"), "the control room")
    root = eventually(
        lambda: next((e["event_id"] for e in ivan.notices(control) if e["content"]["body"].startswith(ref)), None),
        "the case's card",
    )

    def order(text: str) -> list[str]:
        event = ivan.say(control, text, thread=root)
        return eventually(lambda: answered(ivan, control, event), f"the answer to {text}")

    def story() -> dict[str, Any]:
        found: dict[str, Any] = scene.live.rest("GET", f"cases/{ref}").json()
        return found

    def spoke() -> set[str]:
        return {m["author"] for m in story()["messages"] if m["author_kind"] == "staff" and m["kind"] == "message"}

    assert order("!desk ack") == ["✅"]
    ivan.say(control, "Their canary was slow last week, too.", thread=root)
    assert order("!desk investigate") == ["✅"]
    ivan.say(scene.room, "We are looking at it.", thread=said)

    assert order("!desk escalate database The queries are slow") == ["✅"]
    scene.await_in_room("dora-clinic")
    assert scene.memberships().get("nina-clinic") is None, "nobody needs her"
    dora = scene.client("dora-clinic")
    assert [e["event_id"] for e in dora.texts(scene.room) if e["event_id"] == said] == [said]
    dora.say(scene.room, "An index was missing; it is being made.", thread=said)

    # Rooms are worked off side by side: what was said in the workspace's may wait while a command is carried out.
    eventually(lambda: spoke() == {scene.engineer, "dora-clinic"}, "both answers on record")
    assert order("!desk resolve fix: an index was made")[0].startswith("A resolution needs both")
    assert story()["state"] == "investigating"
    assert order("!desk resolve fix: an index was made; cause: it was forgotten in an upgrade") == ["✅"]
    eventually(lambda: "dora-clinic" not in scene.memberships(), "the specialist out of the room", seconds=60)

    done = story()
    assert (done["assignee"], done["escalations"]) == (scene.engineer, [])
    (cycle,) = done["cycles"]
    assert (cycle["fix"], cycle["root_cause"]) == ("an index was made", "it was forgotten in an upgrade")
    moves = [(c["before"], c["after"], c["by"]) for c in done["changes"] if c["what"] in ("state", "escalation")]
    assert [(before, after) for before, after, _ in moves] == [
        (None, "new"),
        ("new", "acknowledged"),
        ("acknowledged", "investigating"),
        (None, "database"),
        ("investigating", "resolved"),
        ("database", None),
    ]
    assert {by for _, _, by in moves[1:]} == {scene.engineer}
    notes = [m["text"] for m in done["messages"] if m["kind"] == "note"]
    assert notes == ["Their canary was slow last week, too."]
    assert spoke() == {scene.engineer, "dora-clinic"}
    question = eventually(
        lambda: [e for e in olga.notices(scene.room) if "Were you helped?" in e["content"]["body"]], "the question"
    )
    delivered = repr(olga.delivered)
    assert "canary" not in delivered and "!desk" not in delivered and "forgotten" not in delivered

    relation = {"rel_type": "m.annotation", "event_id": question[0]["event_id"], "key": "👍"}
    olga.send(scene.room, "m.reaction", {"m.relates_to": relation})
    eventually(lambda: story()["cycles"][0]["satisfaction"] == "good", "the customer's word on the case")
