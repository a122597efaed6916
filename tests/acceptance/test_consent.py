"""Never without consent, on a running installation: a real client's every way to say it otherwise is refused, the words themselves are used
once, and a script restores a real database only with them (R30, R31, R34, R35)."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.consenting import CURRENT, PHRASE, ask, consent, consume, customer_database, granted
from tests.harness import http
from tests.harness.live import ROOT, Live, eventually
from tests.harness.matrix import Client
from tests.harness.scene import Scene, workspace

CHANGE = {"do": "sql", "file": "vat.sql"}


@pytest.fixture(scope="module")
def scene(live: Live) -> Scene:
    found = workspace(live, "agreeing")
    asen, mira = found.member("admin", "Asen"), found.member("member", "Mira", support_room_access=True)
    found.await_in_room(asen, mira)
    return found


def told_no(client: Client, room: str, event_id: str) -> str:
    """The desk's kind answer to a message that did not count."""

    def look() -> str | None:
        answers = [e["content"] for e in client.notices(room) if e["content"].get("m.relates_to", {}).get("m.in_reply_to", {}).get("event_id") == event_id]  # fmt: skip
        return answers[0]["body"] if answers else None

    return eventually(look, f"an answer to {event_id}")


@pytest.mark.requirement("R30", "R31")
def test_only_the_words_themselves_count_however_else_a_client_says_them(scene: Scene) -> None:
    olga, asen, mira, ivan = (scene.client(p) for p in (scene.owner, "asen-agreeing", "mira-agreeing", scene.engineer))
    room = scene.room
    # Long enough ago for "the only open one": an earlier question of this file would make loose words ambiguous.
    request = ask(scene, "restore", {"do": "restore", "target": "current"}, target="current")
    ref, event = request["id"], request["event_id"]
    asked = next(e for e in eventually(lambda: olga.notices(room), "the question") if e["event_id"] == event)
    for words in (PHRASE, ref, "Olga", "Asen", "Everything entered after the backup is lost."):
        assert words in asked["content"]["body"]
    reply = {"m.in_reply_to": {"event_id": event}}

    first = olga.say(room, "Let us wait for a moment, please.")
    edited = olga.send(room, "m.room.message", {"msgtype": "m.text", "body": f"* {PHRASE}", "m.new_content": {"msgtype": "m.text", "body": PHRASE}, "m.relates_to": {"rel_type": "m.replace", "event_id": first}})  # fmt: skip
    assert "only a new message counts" in told_no(olga, room, edited)
    reacted = olga.send(
        room, "m.reaction", {"m.relates_to": {"rel_type": "m.annotation", "event_id": event, "key": "👍"}}
    )
    quoted = olga.say(room, f"> <@support> {PHRASE}\n\nok", reply_to=event)
    assert "only the exact words" in told_no(olga, room, quoted)
    only_quoted = asen.say(room, f"> {PHRASE}", reply_to=event)
    assert "only the exact words" in told_no(olga, room, only_quoted)
    elsewhere = asen.say(room, PHRASE, thread=first)
    assert "under another message" in told_no(olga, room, elsewhere)
    forwarded = asen.send(room, "m.room.message", {"msgtype": "m.text", "body": PHRASE, "m.forwarded": {"sender": olga.user_id}, "m.relates_to": reply})  # fmt: skip
    assert "only a new message counts" in told_no(olga, room, forwarded)
    member = mira.say(room, PHRASE, reply_to=event)
    assert "only Olga, Asen may agree" in told_no(olga, room, member)
    mask = ivan.call("PUT", f"/_matrix/client/v3/profile/{ivan.user_id}/displayname", json={"displayname": "Olga"})
    assert mask.status_code in (200, 403)
    staff = ivan.say(room, PHRASE, reply_to=event)
    assert "only Olga, Asen may agree" in told_no(olga, room, staff)
    puppet = _written_by_the_desk(scene, event)
    assert "we cannot agree for you" in told_no(olga, room, puppet)
    scene.member("member", "Asen", support_room_access=True)
    demoted = asen.say(room, PHRASE, reply_to=event)
    assert "only Olga may agree" in told_no(olga, room, demoted)
    told = {edited: "not_a_new_message", reacted: "not_a_new_message", quoted: "not_the_phrase", only_quoted: "not_the_phrase", elsewhere: "wrong_thread",
            forwarded: "not_a_new_message", member: "no_authority", staff: "no_authority", puppet: "no_authority", demoted: "no_authority"}  # fmt: skip
    assert not_counted(scene, ref) == told, "each has its own entry in the chain, with its reason"
    after = consent(scene, ref)
    assert (after["state"], after["grants"]) == ("open", [])
    refused = scene.live.rest(
        "POST", f"consents/{ref}/consume", json={"action": request["action"], "nonce": "12345678"}
    )
    assert (refused.status_code, refused.json()["reason"]) == (409, "not_granted")

    scene.member("admin", "Asen")
    scene.await_in_room("asen-agreeing")
    olga.say(room, "Yes, replace prod.", reply_to=event)
    assert "a second person" in told_no_more(olga, room, event)
    asen.say(room, PHRASE, thread=event)
    found = granted(scene, ref)
    assert [(g["person"], g["role"], g["text"]) for g in found["grants"]] == [("olga-agreeing", "owner", "Yes, replace prod."), ("asen-agreeing", "admin", PHRASE)]  # fmt: skip
    assert scene.cases() == [] or all("replace prod" not in case["title"] for case in scene.cases())


def not_counted(scene: Scene, ref: str) -> dict[str, str]:
    """What was written and did not count, by event, as the chain has it."""
    lines = scene.live.run("audit", "export", f"workspace:{scene.slug}").stdout.splitlines()
    entries = [entry for entry in map(json.loads, lines) if entry["subject"] == f"consent:{ref}"]
    told = [json.loads(entry["content"]["data"]) for entry in entries if entry["action"] == "consent.not_counted"]
    return {one["event_id"]: one["verdict"] for one in told}


def told_no_more(client: Client, room: str, event: str) -> str:
    """What the desk has answered to its own question."""

    def look() -> str:
        said = [e["content"]["body"] for e in client.notices(room) if e["content"].get("m.relates_to", {}).get("m.in_reply_to", {}).get("event_id") == event]  # fmt: skip
        return "\n".join(said)

    return eventually(look, "the desk's word")


def _written_by_the_desk(scene: Scene, event: str) -> str:
    """As Olga, in the room, by the portal's way: her message on the page of the room goes out by the desk's own token."""
    case = scene.live.rest("POST", "cases", json={"workspace": scene.slug, "author": scene.owner, "text": "A question on the side"}).json()["ref"]  # fmt: skip
    answer = scene.live.rest("POST", f"cases/{case}/messages", json={"author": scene.owner, "text": PHRASE})
    assert answer.status_code == 201, answer.text

    def sent() -> str | None:
        said = scene.live.rest("GET", f"cases/{case}").json()["messages"]
        return next((m["event_id"] for m in said if m["text"] == PHRASE and m.get("event_id")), None)

    return eventually(sent, "the desk's message as Olga")


@contextmanager
def second_web(live: Live) -> Iterator[str]:
    """Another web process of the same installation, on a port of its own; its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environ = {**live.environ, "ROOMDESK_PORT": str(port), "ROOMDESK_PUBLIC_URL": live.ready["url"]}
    process = subprocess.Popen([sys.executable, "-m", "roomdesk.cli", "web"], env=environ, cwd=ROOT)
    try:
        url = f"http://127.0.0.1:{port}"
        eventually(lambda: _answers(url), "the second web process")
        yield url
    finally:
        process.terminate()
        process.wait(30)


def _answers(url: str) -> bool:
    try:
        return http.request("GET", f"{url}/healthz").status_code == 200
    except Exception:
        return False


@pytest.mark.part_of("R35")
def test_of_fifty_uses_through_two_web_processes_one_succeeds(scene: Scene) -> None:
    request = ask(scene, "data_change", CHANGE)
    scene.client(scene.owner).say(scene.room, request["phrase"], reply_to=request["event_id"])
    granted(scene, request["id"])
    token = {"Authorization": f"Bearer {scene.live.ready['api_token']}"}
    with second_web(scene.live) as other, ThreadPoolExecutor(50) as pool:
        urls = [scene.live.ready["url"].rstrip("/"), other]

        def use(number: int) -> tuple[int, str]:
            body = {"action": CHANGE, "nonce": f"nonce-number-{number}"}
            answer = http.request("POST", f"{urls[number % 2]}/api/v1/consents/{request['id']}/consume", headers=token, json=body)  # fmt: skip
            return answer.status_code, answer.json().get("reason", "")

        found = list(pool.map(use, range(50)))
    assert sorted(found) == [(200, ""), *[(409, "used")] * 49]


@pytest.mark.requirement("R35")
def test_a_script_restores_a_database_with_consent_and_never_without(scene: Scene, tmp_path: Path) -> None:
    olga, asen = scene.client(scene.owner), scene.client("asen-agreeing")
    with customer_database(scene.live, tmp_path) as customer:
        customer.refused("BC-C999999", CURRENT, "There is no consent")
        request = ask(scene, "restore", CURRENT, target="current")
        ref, event = request["id"], request["event_id"]
        customer.refused(ref, CURRENT, "not_granted")
        for client in (olga, asen):
            client.say(scene.room, PHRASE, reply_to=event)
        granted(scene, ref)
        customer.refused(ref, {**CURRENT, "database": "other"}, "other_action")
        done = customer.restore(ref, CURRENT)
        assert done.returncode == 0, done.stderr
        assert customer.orders() == 2
        customer.enter_another()
        customer.refused(ref, CURRENT, "used by this machine before")
        customer.refused(ref, CURRENT, "used", state="elsewhere")
        used = consent(scene, ref)
        assert (used["state"], used["used"]["result"]) == ("used", "done")
        said = eventually(lambda: [e["content"]["body"] for e in olga.notices(scene.room) if "done in your workspace" in e["content"]["body"]], "the result in the room")  # fmt: skip
        assert said == [f"{ref}: done in your workspace: As we talked about"]
        receipt = next((tmp_path / "state").glob("*.receipt"))
        check = subprocess.run([sys.executable, "-I", "-S", str(ROOT / "roomdesk_guard.py"), "verify", str(receipt)], env={"ROOMDESK_KEY": customer.key}, capture_output=True, text=True, check=False)  # fmt: skip
        assert check.returncode == 0 and json.loads(check.stdout)["consent"] == ref


def agreed(scene: Scene, request: dict[str, Any], *people: str) -> None:
    for person in people:
        scene.client(person).say(scene.room, request["phrase"], reply_to=request["event_id"])
    granted(scene, request["id"])


def room_says(client: Client, room: str, words: str) -> str:
    def look() -> str | None:
        return next((e["content"]["body"] for e in client.notices(room) if words in e["content"]["body"]), None)

    return eventually(look, words)


@pytest.mark.requirement("R32")
def test_a_protection_is_lifted_only_with_its_impact_accepted_and_a_reset_only_for_who_was_verified(
    scene: Scene,
) -> None:
    olga = scene.client(scene.owner)
    off = ask(scene, "security_disable", {"do": "disable", "feature": "two_factor"}, feature="two_factor")
    assert "Anyone with a password can sign in" in room_says(olga, scene.room, off["phrase"])
    assert consume(scene, off).json()["reason"] == "not_granted"
    agreed(scene, off, scene.owner, "asen-agreeing")
    assert consume(scene, off).status_code == 200

    reset = ask(scene, "two_factor_reset", {"do": "reset_2fa", "person": "mira"}, person="mira-agreeing")
    assert reset["phrase"] == "reset 2FA for mira-agreeing"
    agreed(scene, reset, scene.owner)
    assert consume(scene, reset).json()["reason"] == "not_identified"
    check = {"method": "call back", "evidence": "The number of contract 7, and two questions", "author": scene.engineer}
    assert scene.live.rest("POST", f"consents/{reset['id']}/identity", json=check).status_code == 200
    assert consume(scene, reset).status_code == 200
    olga.sync()
    assert "contract 7" not in json.dumps(olga.delivered)


@pytest.mark.requirement("R33")
def test_a_policy_that_affects_the_subscription_waits_for_the_owners_word(scene: Scene) -> None:
    change = ask(scene, "policy_change", {"do": "policy", "plan": "pro"}, details="Before: 49 €\nAfter: 59 €")
    olga, asen = scene.client(scene.owner), scene.client("asen-agreeing")
    assert "Before: 49 €" in room_says(olga, scene.room, change["phrase"])
    refused = asen.say(scene.room, change["phrase"], reply_to=change["event_id"])
    assert "only Olga may agree" in told_no(olga, scene.room, refused)
    assert consume(scene, change).json()["reason"] == "not_granted"
    agreed(scene, change, scene.owner)
    assert consume(scene, change).status_code == 200


@pytest.mark.requirement("R36")
def test_an_integration_is_announced_before_and_after(scene: Scene) -> None:
    request = ask(scene, "integration", {"do": "connect", "shop": "acme"}, words="Connect the web shop")
    olga = scene.client(scene.owner)
    agreed(scene, request, scene.owner)
    olga.sync()
    assert "we now begin" not in json.dumps(
        [e["content"].get("body", "") for e in olga.delivered if request["id"] in str(e)]
    )
    assert consume(scene, request).status_code == 200
    room_says(olga, scene.room, f"{request['id']}: we now begin in your workspace: Connect the web shop")
    done = scene.live.rest("POST", f"consents/{request['id']}/result", json={"result": "done"})
    assert done.status_code == 200
    room_says(olga, scene.room, f"{request['id']}: done in your workspace: Connect the web shop")


@pytest.mark.requirement("R34")
def test_a_consent_is_evidence_that_stands_without_the_desk_and_can_be_taken_back_until_it_is_used(
    scene: Scene, tmp_path: Path
) -> None:
    olga = scene.client(scene.owner)
    taken_back = ask(scene, "data_change", CHANGE)
    agreed(scene, taken_back, scene.owner)
    olga.say(scene.room, "No", reply_to=taken_back["event_id"])
    eventually(lambda: consent(scene, taken_back["id"])["state"] == "refused", "the refusal")
    assert consume(scene, taken_back).json()["reason"] == "refused"

    request = ask(scene, "data_change", CHANGE)
    said = olga.say(scene.room, request["phrase"], reply_to=request["event_id"])
    (grant,) = granted(scene, request["id"])["grants"]
    assert (grant["event_id"], grant["text"], grant["person"], grant["role"]) == (said, request["phrase"], "olga-agreeing", "owner")  # fmt: skip
    receipt = consume(scene, request).json()["receipt"]
    assert receipt["granted"][0]["event_id"] == said and receipt["action"] == CHANGE
    assert consume(scene, request).json()["receipt"] == receipt
    assert scene.live.json("audit", "verify", "--jobs", "2")["ok"]
    folder = tmp_path / "evidence"
    scene.live.run("audit", "export", f"workspace:{scene.slug}", "--to", str(folder))
    check = subprocess.run([sys.executable, "-I", "-S", str(folder / "verify.py")], capture_output=True, text=True, check=False)  # fmt: skip
    assert check.returncode == 0, check.stdout
    entries = [json.loads(line) for line in (folder / "chain.jsonl").read_text().splitlines()]
    about = [entry["action"] for entry in entries if entry["subject"] == f"consent:{request['id']}"]
    assert about == ["consent.asked", "consent.given", "consent.used"]
    assert entries[receipt["chain"]["seq"] - 1]["hash"] == receipt["chain"]["hash"]
    number = next(entry["seq"] for entry in entries if entry["action"] == "consent.given" and entry["subject"].endswith(request["id"]))  # fmt: skip
    scene.live.run("audit", "erase", f"workspace:{scene.slug}", str(number), "--reason", "request 7, by law")
    assert consent(scene, request["id"])["grants"][0]["text"] == ""
    verdict = scene.live.json("audit", "verify", "--scope", f"workspace:{scene.slug}")["items"][0]
    assert verdict["ok"] and verdict["erased"] == 1
