"""The control room on the real homeserver: a thread for each open case, once, with notes that no customer sees (D9, D18, D22)."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from roomdesk import pipeline, timers
from roomdesk.cases import changing, joining, questions
from roomdesk.cases.changing import Change
from roomdesk.cases.files import access_file
from roomdesk.cases.models import Case, Question
from roomdesk.channels.matrix.names import path
from roomdesk.clocks.models import Clock
from roomdesk.directory import services
from roomdesk.directory.queries import Viewer
from roomdesk.queues import outbox
from roomdesk.queues.models import InboxEvent, OutboxRow, Timer
from roomdesk.record.models import File, Message
from roomdesk.rooms import planning
from roomdesk.rooms.models import Room
from roomdesk.runtime import clock
from tests.cases_api.place import Rest, token
from tests.rooms.control import Control
from tests.rooms.place import ACTOR, PRODUCT, Place

pytestmark = pytest.mark.part_of("R26", "R28")
EVERYONE = Viewer("token", "tests", sees_all=True)
#: A Wednesday, 10:00 in Sofia.
MORNING = datetime(2027, 3, 3, 8, 0, tzinfo=UTC)


@pytest.fixture
def control(same_place: Place) -> Control:
    """The one control room of all tests of this file; each has cases of its own."""
    found = Control(same_place)
    found.settle()
    return found


def content(event: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = event["content"]
    return found


def change(control: Control, case: Case, **wanted: object) -> None:
    changing.do_change(
        EVERYONE, case.ref, Change(**wanted), author=control.place.id("ivan"), actor=ACTOR, now=clock.now()
    )  # type: ignore[arg-type]
    control.settle()


def test_a_case_has_one_card_which_follows_it_and_a_thread_which_tells_what_happened(control: Control) -> None:
    place = control.place
    case = control.open("The export stops at half.")
    card = control.card(case)
    assert card.splitlines()[0] == f"{case.ref} · Acme · Pro · Normal · New"
    assert "First response: due " in card and "Assignee: nobody" in card
    assert card.splitlines()[-1].endswith(f"/console/cases/{case.ref}")
    assert "export" not in json.dumps(control.messages()), "what customers say stays in their room and in the record"
    assert control.roots(case)[0]["content"]["msgtype"] == "m.notice"

    root = Case.objects.get(pk=case.pk).root_event_id
    control.say("ivan", "I have a look.", thread=root)
    control.settle()
    card = control.card(case)
    assert "Acknowledged" in card and "answered " in card and "First response" not in card
    assert control.told(case) == []

    change(control, case, severity="critical", assignee=place.id("ivan"))
    assert "Critical" in control.card(case) and "Assignee: Ivan" in control.card(case).title()
    change(control, case, state="resolved", fix="Restarted it", root_cause_unknown=True)
    assert "Resolved" in control.card(case) and "Resolution" not in control.card(case)
    control.say("olga", "It stopped again.", thread=root)
    control.settle()
    assert "New" in control.card(case)
    ivan, olga = place.id("ivan"), place.user("olga")
    assert control.told(case) == [
        f"Severity: Normal → Critical, by {ivan}.",
        f"Assignee: nobody → {ivan}, by {ivan}.",
        f"Resolved, by {ivan}.",
        f"Reopened, by {olga}. Reason: The customer wrote again.",
    ]
    assert len(control.roots(case)) == 1

    rows = OutboxRow.objects.count()
    control.settle()
    assert OutboxRow.objects.count() == rows
    delivered = json.dumps(control.events(place.room, olga))
    assert "Assignee" not in delivered and control.room not in delivered


def test_where_nothing_told_what_a_case_is_its_card_asks_until_somebody_says_it(control: Control) -> None:
    asked = "The desk could not tell what this is. Say it: !desk kind question, for instance."
    case = control.open("hm, well")
    assert case.kind == "other" and asked in control.card(case)
    control.order("!desk kind question", case)
    assert Case.objects.get(pk=case.pk).kind == "question" and asked not in control.card(case)
    assert asked not in control.card(control.open("The import stops at half."))


def test_a_note_is_on_record_with_its_case_and_no_customer_sees_it(control: Control) -> None:
    place = control.place
    case = control.open("The invoices are gone.")
    root = control.roots(case)[0]["event_id"]
    note = control.say("ivan", "Their disk was full yesterday.", room=control.room, thread=root)
    control.say("ivan", "Chat beside the cases.", room=control.room)
    control.settle()

    (noted,) = Message.objects.filter(case=case, kind="note")
    assert (noted.external_id, noted.body, noted.author_kind) == (note, "Their disk was full yesterday.", "staff")
    assert (noted.author.slug, noted.address) == (place.id("ivan"), control.room)  # type: ignore[union-attr]
    assert place.audited("message.recorded")[-1]["kind"] == "note"
    found = Case.objects.get(pk=case.pk)
    assert (found.state, found.answered_at) == ("new", None), "a note answers nobody"
    assert Clock.objects.get(case=case, kind="first_response").stopped_at is None
    assert control.told(case) == []
    reasons = InboxEvent.objects.filter(address=control.room, source="matrix", state="ignored")
    assert "It was said outside the threads of cases." in set(reasons.values_list("reason", flat=True))

    edit = {"m.new_content": {"msgtype": "m.text", "body": "Their disk was full on Monday."}}
    control.say(
        "ivan", "* x", room=control.room, **edit, **{"m.relates_to": {"rel_type": "m.replace", "event_id": note}}
    )
    control.settle()
    staff = Rest(token("staff", "admin")).get(f"cases/{case.ref}").json()["messages"]
    customer = Rest(token("theirs", "cases:read", workspace=place.slug)).get(f"cases/{case.ref}").json()["messages"]
    assert next(m["text"] for m in staff if m["kind"] == "note") == "Their disk was full on Monday."
    assert [m["kind"] for m in customer].count("note") == 0 and "disk" not in json.dumps(customer)
    assert len(customer) == len(staff) - 2
    assert "disk" not in json.dumps(control.events(place.room, place.user("olga")))

    (edited,) = Message.objects.filter(case=case, kind="note", target=note)
    where = path("rooms", control.room, "redact", edited.external_id, "r1")
    place.matrix.call("PUT", where, {}, user=place.user("ivan"))
    control.settle()
    noted.refresh_from_db()
    assert (noted.edited_at, noted.edited_body, noted.redacted_at) == (None, "", None), "back to what it said at first"


def test_what_is_said_of_a_note_in_the_same_breath_goes_where_the_note_went(control: Control) -> None:
    """After a break a note, its edit and another one's removal are heard together, before any of them is on record."""
    place = control.place
    case = control.open("The lights are out.")
    root = control.roots(case)[0]["event_id"]
    first = control.say("ivan", "Wrong words.", room=control.room, thread=root)
    about = {"m.relates_to": {"rel_type": "m.replace", "event_id": first}}
    control.say("ivan", "* x", room=control.room, **{"m.new_content": {"msgtype": "m.text", "body": "Right."}}, **about)
    other = control.say("ivan", "Their password is 1234.", room=control.room, thread=root)
    where = path("rooms", control.room, "redact", other, "r1")
    place.matrix.call("PUT", where, {}, user=place.user("ivan"))
    control.settle()
    messages = Rest(token("staff3", "admin")).get(f"cases/{case.ref}").json()["messages"]
    notes = [m["text"] for m in messages if m["kind"] == "note"]
    assert "Right." in notes and "1234" not in json.dumps(messages)


def test_a_file_in_a_note_is_for_staff_only(control: Control) -> None:
    place = control.place
    case = control.open("The disk is full.")
    root = control.roots(case)[0]["event_id"]
    named = {"msgtype": "m.file", "url": f"mxc://{place.matrix.server}/abc", "filename": "disk.txt"}
    note = control.say("ivan", "disk.txt", room=control.room, thread=root, **named)
    control.settle()
    file = File.objects.get(message_id=Message.objects.get(external_id=note).pk)
    staff, customer = Rest(token("staff2", "admin")), Rest(token("theirs2", "cases:read", workspace=place.slug))
    shown = staff.get(f"cases/{case.ref}").json()["messages"]
    assert [m["file"]["name"] for m in shown if m["file"]] == ["disk.txt"]
    assert "disk.txt" not in customer.get(f"cases/{case.ref}").text
    File.objects.filter(pk=file.pk).update(state="kept", sha256="0" * 64)
    assert access_file(file.pk, EVERYONE).pk == file.pk
    assert customer.get(f"files/{file.pk}").status_code == customer.get("files/999999").status_code == 404


def test_a_card_that_was_refused_is_put_again_with_the_next_change(control: Control) -> None:
    """The bot was out for a moment: what it could not say then is not lost for good."""
    place = control.place
    place.matrix.call("POST", path("rooms", control.room, "leave"), {})
    case = control.begin("The door is stuck.")
    place.settle()
    assert not control.roots(case)
    planning.do_reconcile_staff_rooms(ACTOR, clock.now())
    control.settle()
    change(control, case, severity="critical")
    assert len(control.roots(case)) == 1 and "Critical" in control.card(case)
    change(control, case, severity="high", reason="x")
    assert len(control.roots(case)) == 1 and len(control.told(case)) == 1


def test_a_restricted_case_is_a_stub(control: Control) -> None:
    case = control.open("Our mail looks odd to me.")
    change(control, case, kind="security", reason="They said so in confidence.")
    card = control.card(case)
    assert card.splitlines()[0] == f"{case.ref} · restricted"
    assert "Acme" not in card and "First response: due" in card
    assert control.told(case)[-1].startswith("Kind: ") and "confidence" not in json.dumps(control.messages())


def test_a_question_is_asked_in_the_main_line_and_says_its_answer(control: Control) -> None:
    for mine in Case.objects.filter(assignee__isnull=False):
        # Else his words would go to the case that he has taken.
        change(control, mine, assignee=None)
    one, two = control.open("The printer burns."), control.open("The scanner beeps.")
    control.say("ivan", "We have a look at it.")
    control.settle()
    (question,) = Question.objects.filter(answered_at=None)
    (asked,) = [e for e in control.messages() if "nothing says which case" in e["content"]["body"]]
    assert asked["content"]["m.mentions"] == {"user_ids": [control.place.user("ivan")]}
    assert one.ref in asked["content"]["body"] and two.ref in asked["content"]["body"]
    questions.do_answer(EVERYONE, question.pk, ref=two.ref, actor=ACTOR, now=clock.now())
    control.settle()
    (edit,) = [
        c for c in map(content, control.messages()) if c.get("m.relates_to", {}).get("event_id") == asked["event_id"]
    ]
    assert edit["m.new_content"]["body"].endswith(f"{two.ref}, by cli:tests.")
    assert "answered " in control.card(two) and "answered " not in control.card(one)


def test_merging_is_told_in_both_threads(control: Control) -> None:
    one, two = control.open("The printer burns."), control.open("The printer is on fire.")
    joining.do_merge(EVERYONE, two.ref, one.ref, actor=ACTOR, now=clock.now())
    control.settle()
    assert control.told(two)[-1] == f"Merged into {one.ref}."
    assert f"{two.ref} was merged into this case." in control.told(one)
    assert "Merged" in control.card(two)


def test_what_has_not_left_yet_is_changed_where_it_waits(control: Control) -> None:
    """After an outage staff read one card, not the story of how it came about; a customer's notice never waits behind it."""
    case = control.open("The lamp flickers.")
    before = OutboxRow.objects.filter(destination__startswith="matrix:staff").count()
    for severity in ("critical", "high", "critical"):
        changing.do_change(EVERYONE, case.ref, Change(severity=severity, reason="x"), actor=ACTOR, now=clock.now())
        while pipeline.drain():
            pass
    rows = OutboxRow.objects.filter(destination__startswith="matrix:staff").order_by("id")[before:]
    assert [row.state for row in rows] == ["queued"] * 4, "one edit, three posts"
    (claimed, *_) = outbox.claim(1, 1, clock.now())
    assert claimed.pk == rows[0].pk
    OutboxRow.objects.filter(pk=claimed.pk).update(state="retry")
    control.settle()
    assert "Critical" in control.card(case) and len(control.told(case)) == 3


def test_a_control_room_that_is_made_later_begins_with_the_open_cases(control: Control) -> None:
    """As after an upgrade, or where the room had to be made anew: each open case has its thread there, closed ones have none."""
    one, two = control.open("The printer burns."), control.open("The scanner beeps.")
    change(control, two, state="resolved", fix="x", root_cause_unknown=True)
    before = control.room
    OutboxRow.objects.filter(once="create_room:staff:control-" + PRODUCT).delete()
    Room.objects.get(kind="control", product=PRODUCT).delete()
    planning.do_reconcile_staff_rooms(ACTOR, clock.now())
    control.settle()
    assert control.room != before
    assert one.ref in control.card(one) and control.roots(two) == []
    change(control, one, severity="critical")
    assert "Critical" in control.card(one) and len(control.told(one)) == 1


def test_warnings_and_the_breach_call_those_they_are_for(control: Control) -> None:
    """The last one here: what the others left open runs late too."""
    place = control.place
    services.do_put_staff(id=place.id("nina"), roles=["lead"], product=PRODUCT, actor=ACTOR, now=clock.now())
    place.settle()
    with clock.frozen(MORNING) as time:
        case = control.open("Nothing works.", severity="critical")
        change(control, case, assignee=place.id("ivan"))
        clock_row = Clock.objects.get(case=case, kind="first_response")
        while step := Timer.objects.filter(kind="clock_due", subject_id=clock_row.pk, state="pending").first():
            time.at = step.next_at + timedelta(seconds=1)
            while timers.fire():
                pass
            control.settle()
        assert "First response: late, it was due" in control.card(case)
    told = [(c["body"].partition(",")[0], c["msgtype"], c["m.mentions"]) for c in control.thread(case)[1:]]
    ivan, nina = place.user("ivan"), place.user("nina")
    assert told == [
        ("First response: 50 % of the time is used", "m.text", {"user_ids": [ivan]}),
        ("First response: 75 % of the time is used", "m.text", {"user_ids": sorted([ivan, nina])}),
        ("First response: 90 % of the time is used", "m.text", {"room": True}),
        ("First response: late", "m.text", {"room": True}),
    ]
