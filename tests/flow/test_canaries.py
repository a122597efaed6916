"""A canary in a security case is in nothing but what the security role gets: pages, search and its counts, exports, REST, events, staff's rooms, logs (D22)."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from roomdesk import timers
from roomdesk.cases import changing, webhook_words
from roomdesk.cases.changing import Change
from roomdesk.cases.models import Case
from roomdesk.directory import services
from roomdesk.directory.models import Person
from roomdesk.queues.models import OutboxRow
from roomdesk.record import finding
from roomdesk.record.models import Message
from roomdesk.runtime import clock
from tests.cases_api.place import Rest, token, told
from tests.flow.world import ACTOR, ASEN, EVERYONE, OLGA, START, message, room, store, work_off

pytestmark = pytest.mark.part_of("R12", "R28")
ROOM = room("birch")
SECRET = "kanarienvogel"
LEAK = f"We think that our customer data was leaked, {SECRET} has it."


@pytest.fixture(autouse=True)
def _desk(desk: None) -> Iterator[None]:
    with clock.frozen(START) as time:
        long_ago = START - timedelta(hours=2)
        for who, role in (("sava", "security"), ("lea", "lead"), ("ada", "administrator"), ("vera", "auditor")):
            services.do_put_staff(id=who, roles=[role], product="plana-business-cloud", actor=ACTOR, now=long_ago)
        told("webhook", "put", "all", "--url", "https://hooks.example.org/")
        work_off()
        store(message("$leak", ROOM, OLGA, LEAK))
        work_off()
        store(message("$more", ROOM, OLGA, f"The list of {SECRET} is attached.", **in_thread("$leak")))
        work_off()
        case = leak()
        assert case.is_restricted
        for wanted in (Change(assignee="sava"), Change(severity="critical", reason=f"{SECRET} is real")):
            changing.do_change(EVERYONE, case.ref, wanted, author="sava", actor=ACTOR, now=clock.now())
        time.tick(timedelta(hours=5))
        while timers.fire():
            work_off()
        work_off()
        while finding.file_waiting():
            pass
        yield


def in_thread(event: str) -> dict[str, Any]:
    return {"m.relates_to": {"rel_type": "m.thread", "event_id": event}}


def leak() -> Case:
    return Message.objects.select_related("case").get(external_id="$leak").case  # type: ignore[return-value]


def browser(who: str) -> Client:
    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(Person.objects.get(slug=who), "allauth.account.auth_backends.AuthenticationBackend")
    return client


PAGES = (
    "/console/",
    "/console/?view=all",
    "/console/attention",
    "/console/filing",
    "/console/search?q=leaked+customer",
    "/chat/birch",
)


@pytest.mark.parametrize("who", ["ivan", "lea", "ada", "vera"])
def test_no_page_tells_others_on_the_staff(who: str) -> None:
    client = browser(who)
    for page in (*PAGES, f"/console/cases/{leak().ref}", "/console/webhooks/all"):
        text = client.get(page).content.decode()
        assert SECRET not in text and "data was leaked" not in text, page


def test_the_security_role_is_told() -> None:
    client = browser("sava")
    assert SECRET in client.get(f"/console/cases/{leak().ref}").content.decode()
    assert "data was leaked" in client.get("/console/").content.decode()
    assert SECRET in client.get("/console/search?q=leaked+customer").content.decode()


@pytest.mark.parametrize("who", ["olga", "asen"])
def test_the_portal_tells_nobody_of_the_workspace_more_than_the_room(who: str) -> None:
    client = browser(who)
    for page in (
        "/portal/birch",
        "/portal/birch/cases",
        "/portal/birch/search?q=leaked",
        f"/portal/birch/cases/{leak().ref}",
    ):
        assert SECRET not in client.get(page, follow=True).content.decode(), page


def test_no_token_is_told_by_rest_but_one_that_may_do_everything() -> None:
    rest, ref = Rest(token("narrow", "cases:read", "directory:read")), leak().ref
    paths = (
        "cases", "cases?workspace=birch", f"cases/{ref}", f"cases/{ref}/sla", "queue", "attainment", "filing", "filing/unplaced", "questions",
        "sla/notices", "search?q=leaked+customer", "record?q=leaked+customer", "record/export?workspace=birch",
    )  # fmt: skip
    for path in paths:
        answer = rest.get(path)
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content
        assert answer.status_code == 200 and SECRET not in body.decode() and "data was leaked" not in body.decode(), (
            path
        )
    assert rest.get("search?q=leaked+customer").json()["total"] == 0
    found = rest.get(f"cases/{ref}").json()
    assert (found["ref"], found["assignee"], found["restricted"], found["title"]) == (ref, "sava", True, None)
    assert {one["text"] for one in found["messages"]} == {None} and found["clocks"]
    everything = Rest(token("all", "admin")).get(f"cases/{ref}").json()
    assert SECRET in json.dumps(everything)


def test_no_event_and_no_room_of_the_staff_is_told() -> None:
    rows = OutboxRow.objects.exclude(destination="matrix:room:birch")
    assert rows.filter(case_id=leak().pk).exists() and rows.filter(channel="webhook").count() == 3
    assert not rows.filter(payload__contains=SECRET).exists() and not rows.filter(payload__contains="leaked").exists()
    facts = [json.loads(row.payload)["facts"] for row in rows.filter(channel="webhook", case_id=leak().pk)]
    assert {json.dumps(webhook_words.shown(one)) for one in facts} == {
        json.dumps({"case": {"ref": leak().ref, "assignee": name, "restricted": True}}) for name in (None, "sava")
    }


def test_no_export_without_the_role_holds_it(tmp_path: Path) -> None:
    told("record", "export", "--workspace", "birch", "--to", str(tmp_path / "out"), "--for", "lea")
    written = "".join(path.read_text("utf-8", "replace") for path in (tmp_path / "out").rglob("*") if path.is_file())
    assert len(written) > 1000 and SECRET not in written


def test_no_log_holds_it(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        store(message("$again", ROOM, ASEN, f"And {SECRET} once more.", **in_thread("$leak")))
        work_off()
        browser("ivan").get(f"/console/cases/{leak().ref}")
        Rest(token("narrow", "cases:read")).get("search?q=leaked")
    assert caplog.records and SECRET not in caplog.text
