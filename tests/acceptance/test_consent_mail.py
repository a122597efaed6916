"""What an administrator of the homeserver can still do: write as the owner, unseen by every client. The owner hears of it by mail, within a
minute, with what proves it later; and can take it back (R34, D42). And what has expired is used by no script (R35)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.consenting import CURRENT, PHRASE, ask, consent, consume, customer_database, granted
from tests.fakes.smtp import Smtp, smtp
from tests.harness import http
from tests.harness.live import Live, eventually
from tests.harness.scene import Scene, workspace

#: What is promised to the owner.
WITHIN = 60
CHANGE = {"do": "sql", "file": "vat.sql"}


@pytest.fixture(scope="module")
def server() -> Iterator[Smtp]:
    with smtp() as running:
        yield running


@pytest.fixture(scope="module")
def scene(server: Smtp) -> Iterator[Scene]:
    """An installation of its own, which sends mail."""
    live = Live(ROOMDESK_SMTP_URL=server.url, ROOMDESK_MAIL_FROM="support@vendor.test").start()
    try:
        found = workspace(live, "forged")
        found.await_in_room(found.member("admin", "Asen"))
        yield found
    finally:
        live.stop()
        live.remove()


def forge(scene: Scene, request: dict[str, Any], person: str, text: str) -> str:
    """Says it as the person with the token of a registration that may act for every local user; gives the event's id."""
    secrets = json.loads((scene.live.folder / "secrets.json").read_text())
    where = f"{scene.live.ready['matrix_url'].rstrip('/')}/_matrix/client/v3/rooms/{scene.room}/send/m.room.message/forged-{request['id']}-{person}"
    content = {"msgtype": "m.text", "body": text, "m.relates_to": {"m.in_reply_to": {"event_id": request["event_id"]}}}
    answer = http.request(
        "PUT",
        where,
        headers={"Authorization": f"Bearer {secrets['people_token']}"},
        params={"user_id": scene.client(person).user_id},
        json=content,
    )
    assert answer.status_code == 200, answer.text
    return str(answer.json()["event_id"])


def mails(server: Smtp, ref: str) -> dict[str, EmailMessage]:
    """Receipts of one consent by their receiver."""
    return {str(mail["To"]): mail for mail in server.mails if ref in str(mail["Subject"])}


@pytest.mark.part_of("R34")
def test_a_word_forged_by_an_appservice_is_shown_to_the_owner_by_mail_and_can_be_taken_back(
    scene: Scene, server: Smtp
) -> None:
    request = ask(scene, "data_change", CHANGE)
    ref = request["id"]
    forged = forge(scene, request, scene.owner, request["phrase"])
    # Nothing in the event tells it from hers: this is what is possible.
    event = scene.client(scene.owner).call("GET", f"/_matrix/client/v3/rooms/{scene.room}/event/{forged}").json()
    assert event["sender"] == scene.client(scene.owner).user_id
    granted(scene, ref)
    found = eventually(lambda: told if len(told := mails(server, ref)) == 2 else None, "mails", WITHIN)
    assert set(found) == {"Olga <olga-forged@forged.test>", "Asen <asen-forged@forged.test>"}
    text = found["Olga <olga-forged@forged.test>"].get_content()
    assert request["phrase"] in text and "As we talked about" in text and forged in text
    _the_head_in_the_mail_is_of_the_chain(scene, ref, text)

    # She did not write that.
    scene.client(scene.owner).say(scene.room, "No", reply_to=request["event_id"])
    eventually(lambda: consent(scene, ref)["state"] == "refused", "the refusal")
    refused = consume(scene, request)
    assert (refused.status_code, refused.json()["reason"]) == (409, "refused")
    assert consent(scene, ref)["used"] is None


def _the_head_in_the_mail_is_of_the_chain(scene: Scene, ref: str, text: str) -> None:
    """Whoever rewrites what was forged differs from what she holds."""
    told = re.search(rf"workspace:{scene.slug} (\d+) ([0-9a-f]{{64}})", text)
    assert told is not None, text
    lines = scene.live.run("audit", "export", f"workspace:{scene.slug}").stdout.splitlines()
    entries = [json.loads(line) for line in lines]
    assert entries[int(told[1]) - 1]["hash"] == told[2]
    given = next(e for e in entries if (e["action"], e["subject"]) == ("consent.given", f"consent:{ref}"))
    assert given["seq"] <= int(told[1]), "the head covers the grant"


@pytest.mark.part_of("R31", "R34")
def test_a_forged_word_alone_replaces_nothing(scene: Scene, server: Smtp) -> None:
    """What is marked `high_risk` needs a fresh sign-in or a second person: one forged account is not enough."""
    request = ask(scene, "restore", CURRENT, target="current")
    forge(scene, request, scene.owner, PHRASE)
    eventually(lambda: len(mails(server, request["id"])) == 2, "mails", WITHIN)
    after = consent(scene, request["id"])
    assert (after["state"], [one["person"] for one in after["grants"]]) == ("open", [scene.owner])
    refused = consume(scene, request)
    assert (refused.status_code, refused.json()["reason"]) == (409, "not_granted")


@pytest.mark.part_of("R35")
def test_a_script_restores_nothing_with_a_consent_that_has_expired(scene: Scene, tmp_path: Path) -> None:
    request = ask(scene, "restore", CURRENT, target="current", hours=1)
    for person in (scene.owner, "asen-forged"):
        scene.client(person).say(scene.room, PHRASE, reply_to=request["event_id"])
    granted(scene, request["id"])
    scene.live.run("clock", "advance", "61m")
    with customer_database(scene.live, tmp_path) as customer:
        customer.refused(request["id"], CURRENT, "expired")
    assert consent(scene, request["id"])["used"] is None
