"""The main job by REST only and by command line only (R55); products without rooms (D1); languages; P0 found (R37)."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from tests.harness.live import Live, eventually
from tests.harness.scene import workspace


@pytest.mark.requirement("R55")
@pytest.mark.part_of("R18")
def test_by_rest_alone(live: Live) -> None:
    scene = workspace(live, "resty")
    body = {"workspace": "resty", "author": scene.owner, "text": "The VAT report is empty."}
    made = live.rest("POST", "cases", json=body, headers={"Idempotency-Key": "k1"})
    again = live.rest("POST", "cases", json=body, headers={"Idempotency-Key": "k1"})
    assert (made.status_code, made.json()["ref"]) == (201, again.json()["ref"])
    ref = made.json()["ref"]
    assert len(scene.cases()) == 1

    answer = live.rest("POST", f"cases/{ref}/messages", json={"author": scene.engineer, "text": "We are on it."})
    assert answer.status_code == 201
    eventually(lambda: live.rest("GET", f"cases/{ref}").json()["clocks"][0]["state"] == "met", "met")

    owner = scene.client(scene.owner)
    eventually(lambda: [n for n in owner.notices(scene.room) if "is recorded" in n["content"]["body"]], "the notice")
    texts = [e["content"]["body"] for e in owner.texts(scene.room)]
    assert texts.count("The VAT report is empty.") == texts.count("We are on it.") == 1
    assert len([n for n in owner.notices(scene.room) if "is recorded" in n["content"]["body"]]) == 1
    story = live.rest("GET", f"cases/{ref}").json()
    said = [m["text"] for m in story["messages"] if m["author_kind"] != "desk"]
    assert said == ["The VAT report is empty.", "We are on it."]


@pytest.mark.requirement("R55")
def test_by_command_line_alone(live: Live) -> None:
    live.run(
        "staff", "put", "ivan-cli", "--name", "Ivan", "--email", "ivan@cli.vendor.test",
        "--role", "engineer", "--product", "plana-business-cloud",
    )  # fmt: skip
    live.run(
        "workspace", "put", "cliffs", "--product", "plana-business-cloud", "--tier", "enterprise",
        "--owner", "olga-cliffs", "--owner-name", "Olga", "--owner-email", "olga@cliffs.test",
    )  # fmt: skip

    def opened() -> str | None:
        done = live.run(
            "case", "open", "cliffs", "--as", "olga-cliffs", "Logo is missing on invoices", "--json", check=False
        )
        return done.stdout if done.returncode == 0 else None

    eventually(opened, "a case by command line")
    (case,) = live.json("case", "list", "--workspace", "cliffs")["items"]
    assert case["clocks"][0]["target"] == {"kind": "business_days", "amount": "1", "soft": False}

    def answered() -> bool:
        done = live.run("case", "answer", case["ref"], "--as", "ivan-cli", "It is back.", check=False)
        return done.returncode == 0

    eventually(answered, "an answer by command line")
    eventually(lambda: live.json("case", "show", case["ref"])["clocks"][0]["state"] == "met", "met")
    assert "met" in live.run("sla", "explain", case["ref"]).stdout
    assert live.json("audit", "verify")["ok"] is True


@pytest.mark.part_of("R17")
def test_a_product_without_rooms_has_cases_and_clocks_too(live: Live) -> None:
    scene = workspace(live, "semquarto", product="power-omni", tier="enterprise", locale="pt")
    body = {"workspace": "semquarto", "author": scene.owner, "text": "O WhatsApp parou de receber mensagens."}
    made = live.rest("POST", "cases", json=body)
    assert made.status_code == 201, made.text
    ref = made.json()["ref"]
    assert live.rest("GET", f"cases/{ref}").json()["clocks"][0]["due_at"]
    said = live.rest("POST", f"cases/{ref}/messages", json={"author": scene.engineer, "text": "Estamos verificando."})
    assert said.status_code == 201
    assert live.rest("GET", f"cases/{ref}").json()["clocks"][0]["state"] == "met"


@pytest.mark.part_of("R24")
def test_the_desk_speaks_the_customers_language(live: Live) -> None:
    scene = workspace(live, "sofiya", locale="bg")
    owner = scene.client(scene.owner)
    owner.say(scene.room, "Не мога да запазя поръчка от сутринта.")
    notice = eventually(lambda: owner.notices(scene.room), "a notice")[0]
    assert any("а" <= letter <= "я" for letter in notice["content"]["body"].lower())
    assert scene.case()["ref"] in notice["content"]["body"]


@pytest.mark.part_of("R37")
def test_p0_as_the_first_word_is_critical_at_once_and_for_all_three(live: Live) -> None:
    scene = workspace(live, "loud", tier="enterprise")
    asen = scene.member("admin", "Asen")
    scene.await_in_room(asen)
    owner, admin = scene.client(scene.owner), scene.client(asen)
    owner.say(scene.room, "How do I export invoices?")
    calm = scene.case()
    owner.say(scene.room, "p0: nobody can log in")
    admin.say(scene.room, "P0 same here!")
    loud = scene.case(2)
    assert (calm["severity"], calm["p0"]) == ("normal", False)
    assert (loud["severity"], loud["p0"]) == ("critical", True)
    clock = live.rest("GET", f"cases/{loud['ref']}").json()["clocks"][0]
    started, due = (datetime.fromisoformat(clock[key]) for key in ("started_at", "due_at"))
    assert timedelta(hours=1) <= due - started <= timedelta(hours=1, seconds=1)
    both = eventually(
        lambda: [
            m for m in live.rest("GET", f"cases/{loud['ref']}").json()["messages"] if m["author_kind"] == "customer"
        ][1:],
        "the second voice in the same case",
    )
    assert both[0]["text"] == "P0 same here!"
    assert len(scene.cases()) == 2


@pytest.mark.part_of("R08")
def test_edits_redactions_and_reactions_are_on_record(live: Live) -> None:
    scene = workspace(live, "tidy")
    owner = scene.client(scene.owner)
    said = owner.say(scene.room, "The total is wrng.")
    scene.case()
    new = {"msgtype": "m.text", "body": "The total is wrong."}
    owner.say(
        scene.room,
        "* The total is wrong.",
        **{"m.new_content": new, "m.relates_to": {"rel_type": "m.replace", "event_id": said}},
    )
    ref = scene.case()["ref"]

    def text() -> str:
        return str(live.rest("GET", f"cases/{ref}").json()["messages"][0]["text"])

    eventually(lambda: text() == "The total is wrong.", "the edit")
    ivan = scene.client(scene.engineer)
    forged = {"msgtype": "m.text", "body": "All is fine."}
    ivan.say(
        scene.room,
        "* All is fine.",
        **{"m.new_content": forged, "m.relates_to": {"rel_type": "m.replace", "event_id": said}},
    )
    after = ivan.say(scene.room, "Thank you, we check.", thread=said)
    eventually(
        lambda: after in [m["event_id"] for m in live.rest("GET", f"cases/{ref}").json()["messages"]], "the answer"
    )
    assert text() == "The total is wrong."
    owner.call("PUT", f"/_matrix/client/v3/rooms/{scene.room}/redact/{said}/r1", json={"reason": "typo"})
    first = lambda: live.rest("GET", f"cases/{ref}").json()["messages"][0]  # noqa: E731
    eventually(lambda: first()["redacted"], "the redaction")
    assert first()["text"] is None
