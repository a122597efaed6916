"""A customer who writes `!desk` in the room is told once, kindly, whom commands are for; nothing is done (D9)."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from roomdesk.cases.models import Case, CaseChange, CaseCycle
from roomdesk.directory import services
from roomdesk.queues.models import OutboxRow
from roomdesk.record.models import Message
from roomdesk.runtime import clock
from tests.flow.world import ACTOR, ASEN, OLGA, START, message, room, store, work_off

pytestmark = pytest.mark.part_of("R28")
ROOM = room("birch")
LINE = "Commands that begin with !desk are for PLANA staff. Just write what you need, in your own words."


@pytest.fixture(autouse=True)
def _desk(desk: None) -> None:
    """The world, in which birch has one open case since yesterday."""


def says(event_id: str, sender: str, text: str, where: str = ROOM, **content: object) -> None:
    store(message(event_id, where, sender, text, **content))
    work_off()


def told(where: str = ROOM) -> list[dict[str, object]]:
    """What the desk has said of it in a room."""
    rows = OutboxRow.objects.filter(once__startswith="customer_command:").order_by("pk")
    payloads = [json.loads(row.payload) for row in rows]
    return [payload["content"] for payload in payloads if payload["room_id"] == where]


def everything() -> tuple[object, ...]:
    return list(Case.objects.order_by("pk").values()), CaseChange.objects.count(), CaseCycle.objects.count()


@pytest.mark.parametrize("text", ["!desk ack", "!DESK", "!desk BC-1001 close", "!desk: help"])
def test_it_does_nothing_and_opens_nothing(text: str) -> None:
    with clock.frozen(START):
        before = everything()
        says("$one", OLGA, text)
        assert everything() == before
        said = Message.objects.get(external_id="$one")
        assert (said.case, said.why_code) == (None, "command")
        (content,) = told()
        assert content == {
            "msgtype": "m.notice", "body": LINE, "m.mentions": {}, "m.relates_to": {"m.in_reply_to": {"event_id": "$one"}},
        }  # fmt: skip


def test_it_is_said_once_for_each_person_and_room() -> None:
    with clock.frozen(START) as time:
        for number, sender in enumerate((OLGA, OLGA, ASEN, OLGA, ASEN)):
            time.tick(timedelta(days=number))
            says(f"$d{number}", sender, "!desk status")
        assert [one["m.relates_to"] for one in told()] == [{"m.in_reply_to": {"event_id": e}} for e in ("$d0", "$d2")]
        says("$elsewhere", OLGA, "!desk status", room("acme"))
        assert len(told(room("acme"))) == 1


def test_it_is_said_in_the_customers_language() -> None:
    services.do_put_workspace(
        slug="birch", product="plana-business-cloud", locale="bg", actor=ACTOR, now=START - timedelta(hours=1)
    )
    with clock.frozen(START):
        says("$one", OLGA, "!desk ack")
        assert str(told()[0]["body"]).startswith("Командите с !desk са за екипа")


def test_in_the_thread_of_a_case_it_belongs_there_and_changes_nothing() -> None:
    with clock.frozen(START):
        case = Case.objects.get(root_event_id="$birch-resolved")
        relation = {"rel_type": "m.thread", "event_id": "$birch-resolved"}
        before = everything()
        says("$one", OLGA, "!desk reopen please", **{"m.relates_to": relation})
        assert everything() == before, "it reopens nothing"
        assert Message.objects.get(external_id="$one").case == case
        assert told()[0]["m.relates_to"] == {**relation, "m.in_reply_to": {"event_id": "$one"}}


def test_what_says_what_is_the_matter_is_a_request_like_any_other() -> None:
    with clock.frozen(START):
        says("$one", ASEN, "!desk nobody can save an order since this morning, it shows error 500")
        said = Message.objects.get(external_id="$one")
        assert said.case is not None and said.case.root_event_id == "$one" and said.case.kind == "incident"
        assert len(told()) == 1


def test_a_file_that_is_named_so_is_a_file() -> None:
    with clock.frozen(START):
        says("$one", OLGA, "!desk.png", msgtype="m.file", url="mxc://x/y")
        assert Message.objects.get(external_id="$one").case is not None and told() == []
