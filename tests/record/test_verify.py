"""The record is compared with the rooms event by event: gaps are named and filled, and what a room has lost is no gap."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from roomdesk.cases.models import Case
from roomdesk.channels.matrix import history
from roomdesk.channels.matrix.receive import arrival
from roomdesk.doctor.flow import record as examined
from roomdesk.queues import inbox
from roomdesk.queues.models import InboxEvent, Route
from roomdesk.record.models import Message
from roomdesk.rules.record_check import YOUNG, InRoom, OnRecord, Stored, difference, fate
from roomdesk.runtime import clock
from tests.cases_api.place import nothing_changes
from tests.cli.shell import refusal, run
from tests.record.elsewhere import Elsewhere
from tests.rooms.place import Place
from tests.rooms.talking import hear, say

pytestmark = pytest.mark.part_of("R05", "R08")


@pytest.fixture
def desk(same_place: Place) -> Place:
    """All that was said in the room is on record."""
    heard(same_place)
    return same_place


def verify(place: Place, *words: str, code: int = 0) -> dict[str, Any]:
    """The one room's verdict; a minute on, when nothing is on its way any more."""
    with clock.frozen(clock.now() + timedelta(minutes=1)):
        result = run("record", "verify", "--workspace", place.slug, "--json", *words)
    assert result.exit_code == code, result.output
    value = json.loads(result.stdout)
    assert value["complete"] is (code == 0)
    (item,) = value["items"]
    return dict(item)


def heard(place: Place) -> None:
    """Everything, and then what the desk has answered to it."""
    for _ in range(2):
        hear(place)


def in_room(place: Place) -> Elsewhere:
    return Elsewhere(place, place.room)


def test_a_record_that_has_everything_is_complete(desk: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "_PAGE", "5")
    room = in_room(desk)
    said = room.say("olga", "The figs are late.")
    room.edit("olga", said, "The limes are late.")
    room.edit("asen", said, "Forged by another hand.")
    room.react("ivan", said, "👀")
    gone = room.say("olga", "My password is persimmon.")
    room.redact("olga", gone)
    heard(desk)
    found = verify(desk)
    assert found["in_room"] == found["on_record"] >= 6 and found["removed"] >= 1
    assert [found[name] for name in ("missing", "set_aside", "differing", "waiting", "purged", "handed")] == [0] * 6
    assert (found["state"], found["gaps"]) == ("compared", [])
    assert desk.audited("record.verified")[-1]["on_record"] == found["on_record"]


def test_what_the_flow_never_got_is_named_and_filled_with_its_own_time(desk: Place) -> None:
    room, cases = in_room(desk), Case.objects.count()
    # However long it takes, the comparison is made at the moment in which this was said.
    with clock.frozen(clock.now()):
        lost = [room.say("olga", "The kiosk is dark."), room.say("asen", "The lift is stuck.")]
        (young,) = json.loads(run("record", "verify", "--workspace", desk.slug, "--json").stdout)["items"]
    assert (young["missing"], young["waiting"]) == (0, 2), "what was said just now may be on its way"
    found = verify(desk, code=1)
    assert [(gap["event_id"], gap["what"]) for gap in found["gaps"]] == [(event, "not on record") for event in lost]
    assert found["missing"] == 2 and not Message.objects.filter(external_id__in=lost).exists()

    filled = verify(desk, "--fill", "--wait", "0")
    assert (filled["handed"], filled["waiting"], filled["missing"]) == (2, 2, 0)
    heard(desk)
    assert verify(desk)["handed"] == 0
    rows = list(Message.objects.filter(external_id__in=lost).order_by("number"))
    assert [row.external_id for row in rows] == lost and all(row.case_id for row in rows)
    event = desk.call("GET", "event", lost[0])
    assert rows[0].at == clock.from_ms(event["origin_server_ts"]) and Case.objects.count() > cases
    before = Message.objects.count()
    verify(desk, "--fill")
    desk.settle()
    assert Message.objects.count() == before, "what is on record is not handed over again"


def test_what_was_put_away_before_its_room_was_known_is_worked_on_after_all(desk: Place) -> None:
    lost = in_room(desk).say("olga", "The heating is off.")
    inbox.store([arrival(desk.call("GET", "event", lost))], clock.now())
    InboxEvent.objects.filter(external_id=lost).update(lane=None, state="ignored", done_at=clock.now())
    assert verify(desk, code=1)["missing"] == 1
    verify(desk, "--fill", "--wait", "0")
    desk.settle()
    assert Message.objects.filter(external_id=lost).count() == 1 and verify(desk)["missing"] == 0


def test_an_event_that_always_fails_is_a_gap_that_is_not_filled_over_it(desk: Place) -> None:
    lost = in_room(desk).say("olga", "The tap drips.")
    inbox.store([arrival(desk.call("GET", "event", lost))], clock.now())
    InboxEvent.objects.filter(external_id=lost).update(lane=desk.workspace.lane, state="set_aside")
    for words in ((), ("--fill",)):
        found = verify(desk, *words, code=1)
        assert (found["set_aside"], found["missing"], found["handed"]) == (1, 0, 0)
        assert "roomdesk inbox list" in found["gaps"][0]["what"]
    InboxEvent.objects.filter(external_id=lost).update(state="pending")
    heard(desk)
    verify(desk)


def test_what_the_record_says_otherwise_is_named(desk: Place) -> None:
    room = in_room(desk)
    said, other, gone = (room.say("olga", text) for text in ("One thing.", "Another thing.", "A secret."))
    room.edit("olga", said, "One thing more.")
    room.redact("olga", gone)
    hear(desk)
    kept = {m.external_id: m for m in Message.objects.filter(external_id__in=[said, other, gone])}
    Message.objects.filter(external_id=said).update(edited_body="Forged.")
    Message.objects.filter(external_id=other).update(content='{"msgtype": "m.text", "body": "Forged."}')
    Message.objects.filter(external_id=gone).update(redacted_at=None)
    found = verify(desk, code=1)
    assert {gap["event_id"]: gap["what"] for gap in found["gaps"]} == {
        said: "another newest version on record than in the room",
        other: "other content on record than in the room",
        gone: "removed in the room, not on record",
    }
    assert found["differing"] == 3
    Message.objects.filter(external_id=gone).update(redacted_at=kept[gone].redacted_at)
    Message.objects.filter(external_id=other).update(content=kept[other].content, redacted_at=clock.now())
    Message.objects.filter(external_id=said).update(edited_body=kept[said].edited_body)
    (gap,) = verify(desk, code=1)["gaps"]
    assert gap["what"] == "removed on record, still in the room"
    Message.objects.filter(external_id=other).update(redacted_at=None)
    verify(desk)


def test_an_edit_that_was_removed_takes_the_message_back_and_what_shows_it_still_is_mended(desk: Place) -> None:
    room = in_room(desk)
    said, other = room.say("olga", "The figs are late."), room.say("olga", "The dates are late.")
    first, secret = room.edit("olga", said, "The limes are late."), room.edit("olga", said, "My password is persimmon.")
    only = room.edit("olga", other, "My password is medlar.")
    heard(desk)
    room.redact("olga", secret)
    room.redact("olga", only)
    heard(desk)
    assert versions(said, other) == ["The limes are late.", ""]
    assert verify(desk)["mended"] == 0

    Message.objects.filter(external_id=said).update(edited_body="My password is persimmon.")
    Message.objects.filter(external_id=other).update(edited_body="My password is medlar.", edited_at=clock.now())
    assert verify(desk, code=1)["differing"] == 2
    assert verify(desk, "--fill", "--wait", "0")["mended"] == 2
    assert versions(said, other) == ["The limes are late.", ""]
    assert Message.objects.get(external_id=first).redacted_at is None


def test_what_the_record_itself_does_not_know_is_not_mended(desk: Place) -> None:
    room = in_room(desk)
    said = room.say("olga", "The figs are late.")
    edit = room.edit("olga", said, "The limes are late.")
    heard(desk)
    Message.objects.filter(external_id=edit).update(body="Forged.")
    Message.objects.filter(external_id=said).update(edited_body="Forged.")
    assert verify(desk, "--fill", code=1)["mended"] == 0
    assert versions(said) == ["Forged."]
    Message.objects.filter(external_id=edit).update(body="The limes are late.")
    assert verify(desk, "--fill", "--wait", "0")["mended"] == 1


def versions(*events: str) -> list[str]:
    """What the record says of each that was edited, in their order."""
    found = dict(Message.objects.filter(external_id__in=events).values_list("external_id", "edited_body"))
    return [found[event] for event in events]


def test_of_history_from_before_the_desk_only_the_number_is_told(desk: Place) -> None:
    room = in_room(desk)
    room.say("olga", "From another time.")
    before = Route.objects.get(address=desk.room).since
    Route.objects.filter(address=desk.room).update(since=clock.now())
    found = verify(desk)
    assert (found["history"], found["missing"]) == (1, 0)
    Route.objects.filter(address=desk.room).update(since=before)
    hear(desk)


def test_doctor_tells_what_the_last_comparison_found(desk: Place) -> None:
    assert "was not compared" in examined().says
    say(desk, "olga", "The bell is silent.")
    for code, words, status, says in (
        (1, (), "warning", "1 missing"),
        (1, ("--fill", "--wait", "0"), "", ""),
        (0, (), "ok", "it was complete"),
    ):
        with clock.frozen(clock.now() + timedelta(minutes=1)):
            result = run("record", "verify", *words)
        heard(desk)
        if status:
            assert result.exit_code == code, result.output
            assert (examined().status, says in examined().says) == (status, True)


def test_a_workspace_that_is_not_there_is_refused(desk: Place) -> None:
    with nothing_changes():
        assert 'no workspace "nowhere"' in refusal("record", "verify", "--workspace", "nowhere")


def test_a_page_of_events_costs_as_many_queries_as_one(desk: Place) -> None:
    verify(desk)
    counts = []
    for more in (1, 8):
        for number in range(more):
            say(desk, "olga", f"Number {number}.")
        heard(desk)
        with CaptureQueriesContext(connection) as caught:
            verify(desk)
        counts.append(len(caught))
    assert counts[0] == counts[1]


def test_the_rule_tells_gaps_from_what_is_none() -> None:
    now = clock.now()
    old, kept = now - YOUNG, now - timedelta(days=1)
    for stored, at, since, expected in (
        (None, old, kept, "missing"),
        (None, now, kept, "waiting"),
        (None, kept - timedelta(seconds=1), kept, "history"),
        (None, old, None, "history"),
        (Stored("pending", True), old, kept, "waiting"),
        (Stored("done", True), old, kept, "missing"),
        (Stored("ignored", True), old, kept, "ignored"),
        (Stored("ignored", False), old, kept, "missing"),
        (Stored("set_aside", True), old, kept, "set_aside"),
    ):
        assert fate(stored, at, since, now) == expected
    same = InRoom({"body": "x"}, False, None)
    assert difference(same, OnRecord({"body": "x"}, False, None)) == ""
    assert difference(same, OnRecord(None, False, None)) == "", "written by another way than the room"
    assert difference(InRoom({}, True, None), OnRecord({"body": "x"}, True, "y")) == "", "nothing is left to compare"
