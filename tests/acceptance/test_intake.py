"""Requests in the room are filed by what they are, answered at once where that is all they need, and asked for what they lack (R11–R14, R24, R25)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.harness.live import Live, eventually
from tests.harness.matrix import Client
from tests.harness.scene import Scene, workspace

BROKEN = "Saving a quotation shows error 500 for me."
LEAK = "We think our data was leaked, somebody else sees our customers."
INVOICE = "Can you send us a printable copy of our last invoice?"
SEVEN = {
    "incident": BROKEN,
    "alert": 'The system shows a warning "Backup storage almost full", what does it mean?',
    "subscription": "Which tier are we on, and what would more seats cost?",
    "feature_request": "It would be great if the list could be exported to Excel.",
    "backup_restore": "Please restore our database from yesterday's backup into a copy.",
    "security": LEAK,
    "module": "We would like to talk about the new Rental module.",
}


def story(scene: Scene, ref: str) -> dict[str, Any]:
    found: dict[str, Any] = scene.live.rest("GET", f"cases/{ref}").json()
    return found


def case_of(scene: Scene, event_id: str) -> dict[str, Any]:
    """The story of the case that this message began."""

    def begun() -> dict[str, Any] | None:
        stories = (story(scene, case["ref"]) for case in scene.cases())
        return next((one for one in stories if one["messages"][0]["event_id"] == event_id), None)

    return eventually(begun, "the case of the message")


def under(client: Client, scene: Scene, root: str, words: str) -> dict[str, Any]:
    """What the desk says in the thread of a message, once it has these words."""

    def said() -> dict[str, Any] | None:
        notices = (event for event in client.notices(scene.room) if thread_of(event) == root)
        return next((event for event in notices if words in event["content"]["body"]), None)

    return eventually(said, f"“{words}” in the thread")


def thread_of(event: dict[str, Any]) -> str | None:
    relation = event["content"].get("m.relates_to", {})
    return relation.get("event_id") if relation.get("rel_type") == "m.thread" else None


def newest(client: Client, scene: Scene, asked: str) -> list[str]:
    """The lines of a message of the desk as it is shown now."""
    edits = [
        event["content"]["m.new_content"]["body"]
        for event in client.notices(scene.room)
        if event["content"].get("m.relates_to", {}).get("rel_type") == "m.replace"
        and event["content"]["m.relates_to"]["event_id"] == asked
    ]
    return str(edits[-1]).splitlines() if edits else []


@pytest.mark.requirement("R11")
def test_the_seven_kinds_are_recognised_filed_with_their_reasons_and_filed_anew_by_staff(live: Live) -> None:
    scene = workspace(live, "seven")
    people = [scene.member("admin", f"Asen{number}") for number in range(len(SEVEN))]
    scene.await_in_room(*people)
    said = {
        kind: scene.client(person).say(scene.room, text)
        for person, (kind, text) in zip(people, SEVEN.items(), strict=True)
    }
    filed = {kind: case_of(scene, event_id) for kind, event_id in said.items()}
    assert {kind: case["kind"] for kind, case in filed.items()} == {kind: kind for kind in SEVEN}
    assert len({case["ref"] for case in filed.values()}) == len(SEVEN)
    assert all(case["triage"]["why"][0]["words"] for case in filed.values())
    assert "triage: backup_restore" in live.run("case", "show", filed["backup_restore"]["ref"]).stdout

    ref = filed["module"]["ref"]
    change = {"author": scene.engineer, "kind": "question", "reason": "They only ask."}
    assert live.rest("PATCH", f"cases/{ref}", json=change).status_code == 200
    anew = story(scene, ref)
    assert (anew["kind"], anew["triage"]["kind"]) == ("question", "module")
    assert ("kind", "module", "question") in [(c["what"], c["before"], c["after"]) for c in anew["changes"]]


@pytest.mark.requirement("R13")
def test_an_invoice_and_a_contract_are_answered_at_once_and_that_did_not_help_makes_a_case(live: Live) -> None:
    scene = workspace(live, "papers")
    asen = scene.member("admin", "Asen")
    scene.await_in_room(asen)
    olga, admin = scene.client(scene.owner), scene.client(asen)
    asked = olga.say(scene.room, INVOICE)
    answer = under(olga, scene, asked, "Settings → Billing")
    contract = admin.say(scene.room, "We want to negotiate clause 4 of the DPA.")
    under(admin, scene, contract, "legal@plana.solutions")
    first, second = case_of(scene, asked), case_of(scene, contract)
    assert [(c["kind"], c["state"]) for c in (first, second)] == [
        ("billing_document", "deflected"),
        ("legal", "deflected"),
    ]
    assert not [n for n in olga.notices(scene.room) if "is recorded" in n["content"]["body"]], "nothing is promised"

    relation = {"rel_type": "m.annotation", "event_id": answer["event_id"], "key": "👎"}
    olga.send(scene.room, "m.reaction", {"m.relates_to": relation})
    admin.say(scene.room, "That did not help.")
    for case, root in ((first, asked), (second, contract)):
        eventually(lambda case=case: story(scene, case["ref"])["state"] == "new", "a case of it")  # type: ignore[misc]
        notice = under(olga, scene, root, "is recorded")
        assert case["ref"] in notice["content"]["body"]
        (clock,) = (c for c in story(scene, case["ref"])["clocks"] if c["kind"] == "first_response")
        assert (clock["state"], clock["started_at"]) == ("running", case["opened_at"])


@pytest.mark.requirement("R14")
def test_what_is_out_of_scope_is_explained_with_the_way_that_there_is(live: Live) -> None:
    scene = workspace(live, "scopes")
    people = [scene.member("admin", f"Asen{number}") for number in range(4)]
    scene.await_in_room(*people)
    asked = [
        (
            "Which account should I book fuel receipts to, and is the VAT deductible?",
            "use your accountant",
            "deflected",
        ),
        ("Could you train our new colleagues for free?", "live training is available as a paid service", "deflected"),
        ("Could you develop a custom Odoo module for our rental business?", "separate billable engagement", "new"),
        ("Our bank's PSD2 connection is broken and the payments fail to import.", "debug from our side", "new"),
    ]
    roots = [scene.client(person).say(scene.room, text) for person, (text, _, _) in zip(people, asked, strict=True)]
    for person, root, (_, words, state) in zip(people, roots, asked, strict=True):
        under(scene.client(person), scene, root, words)
        case = case_of(scene, root)
        assert case["state"] == state, words
        assert case["triage"]["answer"].startswith("out_of_scope:")


@pytest.mark.part_of("R12")
def test_a_security_concern_is_only_mentioned_and_read_by_few(live: Live) -> None:
    scene = workspace(live, "leaky")
    olga = scene.client(scene.owner)
    asked = olga.say(scene.room, LEAK)
    answer = under(olga, scene, asked, "security@plana.solutions")
    case = case_of(scene, asked)
    assert (case["kind"], case["restricted"], case["state"]) == ("security", True, "new")
    assert case["ref"] in answer["content"]["body"]
    ivan = scene.client(scene.engineer)
    told = eventually(
        lambda: [
            e["content"]["body"]
            for e in _all(ivan)
            if e["room_id"] != scene.room and case["ref"] in str(e["content"].get("body", ""))
        ],
        "the card of the case",
    )
    assert not [body for body in told if "leaked" in body], "staff outside the security role see a stub"


def _all(client: Client) -> list[dict[str, Any]]:
    client.sync()
    return [event for event in client.delivered if event["type"] == "m.room.message"]


@pytest.mark.requirement("R25")
@pytest.mark.part_of("R24")
def test_the_desk_asks_once_for_what_is_missing_ticks_it_off_in_place_and_keeps_it_structured(live: Live) -> None:
    scene = workspace(live, "asked")
    olga = scene.client(scene.owner)
    root = olga.say(scene.room, BROKEN)
    asked = under(olga, scene, root, "please add to")
    assert asked["content"]["msgtype"] == "m.notice"
    assert any(line.startswith("☐ What you tried") for line in asked["content"]["body"].splitlines())
    assert not any("Workspace" in line or "What happened" in line for line in asked["content"]["body"].splitlines())

    olga.say(scene.room, "I clicked Save in the Orders screen. It should be saved.", thread=root)
    eventually(
        lambda: any(line.startswith("☑ What you tried") for line in newest(olga, scene, asked["event_id"])),
        "what arrived ticked off in place",
    )
    olga.say(scene.room, "Urgency: it blocks us, we need it by noon.", thread=root)
    eventually(
        lambda: "has all we need" in " ".join(newest(olga, scene, asked["event_id"])[:1]), "the list that is complete"
    )
    body = {"msgtype": "m.image", "body": "error.png", "url": "mxc://" + olga.user_id.partition(":")[2] + "/none"}
    olga.send(scene.room, "m.room.message", {**body, "m.relates_to": {"rel_type": "m.thread", "event_id": root}})
    ref = case_of(scene, root)["ref"]
    eventually(lambda: story(scene, ref)["report"]["attachments"] == ["error.png"], "the attachment")
    report = story(scene, ref)["report"]
    assert report["steps"] == "I clicked Save in the Orders screen."
    assert "It should be saved." in report["expected"]
    assert "error 500" in report["actual"]
    assert "Orders screen" in report["where"] and "by noon" in report["urgency"]
    assert report["missing"] == []
    questions = [n for n in olga.notices(scene.room) if "please add to" in n["content"]["body"] and thread_of(n)]
    assert len(questions) == 1, "it asks once"
    assert "steps: I clicked Save" in live.run("case", "show", ref).stdout


@pytest.mark.part_of("R24")
def test_a_critical_case_is_asked_nothing_and_others_are_asked_in_their_language(live: Live) -> None:
    scene = workspace(live, "pita", locale="bg")
    asen = scene.member("admin", "Asen")
    scene.await_in_room(asen)
    olga, admin = scene.client(scene.owner), scene.client(asen)
    loud = olga.say(scene.room, "P0 нищо не работи")
    calm = admin.say(scene.room, "Не мога да запиша поръчка, излиза грешка 500.")
    asked = under(admin, scene, calm, "моля, добавете към")
    assert any(line.startswith("☐ Какво опитахте") for line in asked["content"]["body"].splitlines())
    assert case_of(scene, loud)["severity"] == "critical"
    assert not [n for n in olga.notices(scene.room) if thread_of(n) == loud]
