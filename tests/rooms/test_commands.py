"""Commands of staff in the control room, on the real homeserver: a case driven from a Matrix client alone (D9, R28)."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from roomdesk import timers
from roomdesk.cases.models import Case, CaseCycle
from roomdesk.cases.room_talk import thread_of
from roomdesk.channels.matrix.names import path
from roomdesk.control import carrying
from roomdesk.control.models import Command
from roomdesk.directory import services
from roomdesk.directory.models import Availability
from roomdesk.queues.models import OutboxRow, Timer
from roomdesk.record.models import Message
from roomdesk.runtime import clock
from tests.rooms.control import Control
from tests.rooms.place import ACTOR, PRODUCT, Place

pytestmark = pytest.mark.part_of("R26", "R28", "R29")
DONE = ["✅"]


@pytest.fixture
def control(same_place: Place) -> Control:
    """The one control room of all tests of this file; each has cases of its own."""
    found = Control(same_place)
    found.settle()
    return found


def now(case: Case) -> Case:
    return Case.objects.select_related("assignee", "merged_into").get(pk=case.pk)


def test_a_case_lives_its_whole_life_by_commands_alone(control: Control) -> None:
    place = control.place
    ivan, case = place.id("ivan"), control.open("The export stops at half.")
    assert control.answers(control.order("!desk ack", case)) == DONE
    assert (now(case).state, now(case).assignee.slug) == ("acknowledged", ivan)  # type: ignore[union-attr]
    assert control.answers(control.order("!desk severity critical they cannot ship", case)) == DONE
    assert control.answers(control.order("!desk kind incident", case)) == DONE
    assert control.answers(control.order("!desk investigate", case)) == DONE
    assert control.answers(control.order("!desk wait customer for the log", case)) == DONE
    assert (now(case).severity, now(case).kind, now(case).state) == ("critical", "incident", "waiting_customer")
    assert control.answers(control.order("!desk snooze 4h", case)) == DONE
    assert now(case).snoozed_until is not None
    assert control.answers(control.order("!desk wake", case)) == DONE
    assert control.answers(control.order("!desk resolve fix: restarted it; cause: a full disk", case)) == DONE
    cycle = CaseCycle.objects.get(case=case, number=1)
    assert (now(case).state, cycle.fix, cycle.root_cause) == ("resolved", "restarted it", "a full disk")
    assert control.answers(control.order("!desk reopen it came back", case)) == DONE
    assert (now(case).state, now(case).cycle) == ("investigating", 2)
    by = [row.by for row in case.changes.order_by("pk")[1:]]
    assert set(by) == {ivan}, "the history names who wrote the commands"
    delivered = json.dumps(control.events(place.room, place.user("olga")))
    assert "!desk" not in delivered and "full disk" not in delivered and control.room not in delivered


def test_what_is_asked_for_is_answered_to_staff_only(control: Control) -> None:
    case = control.open("A canary sings in the invoice.")
    (status,) = control.answers(control.order("!desk status", case))
    assert status.splitlines()[0] == f"{case.ref} · Acme · Pro · Normal · New"
    (why,) = control.answers(control.order("!desk why", case))
    message = Message.objects.get(case=case, kind="message", author_kind="customer")
    assert why.startswith(f"{message.pk} · ") and message.why in why and "canary" not in why
    (listed,) = control.answers(control.order("!desk help", case))
    assert "!desk resolve fix:" in listed
    (one,) = control.answers(control.order("!desk help snooze"))
    assert one.startswith("!desk snooze 4h")


def test_a_case_can_be_named_outside_its_thread(control: Control) -> None:
    case = control.open("Nothing prints.")
    assert control.answers(control.order(f"!desk {case.ref.lower()} assign me")) == DONE
    assert now(case).assignee.slug == control.place.id("ivan")  # type: ignore[union-attr]
    (which,) = control.answers(control.order("!desk ack"))
    assert which.startswith("Which case?")
    assert control.answers(control.order("!desk BC-999999 ack")) == [
        "There is no case BC-999999 here; nothing was done."
    ]


def test_messages_are_split_moved_and_cases_merged_by_number(control: Control) -> None:
    place = control.place
    case, other = control.open("The tills are slow."), control.open("The scanner is broken.")
    root = Case.objects.get(pk=case.pk).root_event_id
    for text in ("And the labels are blank.", "The scanner again."):
        control.say("olga", text, thread=root)
        control.settle()
    labels, scanner = (Message.objects.get(body=text) for text in ("And the labels are blank.", "The scanner again."))
    (made,) = control.answers(control.order(f"!desk split {labels.pk} another matter", case))
    labels.refresh_from_db()
    assert labels.case is not None and made == f"These messages are {labels.case.ref} now."
    (moved,) = control.answers(control.order(f"!desk move {other.ref} {scanner.pk}", case))
    scanner.refresh_from_db()
    assert (scanner.case_id, moved) == (other.pk, f"These messages belong to {other.ref} now.")
    assert control.answers(control.order(f"!desk merge {other.ref}", case)) == DONE
    assert now(case).merged_into_id == other.pk
    assert control.answers(control.order(f"!desk {case.ref} unmerge")) == DONE
    assert now(case).merged_into is None
    assert "another matter" not in json.dumps(control.events(place.room, place.user("olga")))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("!desk resolv fix: x; cause: y", 'Did you mean "resolve"?'),
        ("!desk severity enormous", 'There is no severity "enormous" here'),
        ("!desk severity feature", "to lower it to feature, give the reason."),
        ("!desk close", "so it cannot become closed"),
        ("!desk assign nobodyknows", "is nobody of this product's staff"),
        ("!desk split 999999999", "is no message of"),
        ("!desk snooze 2020-01-01", "a time to come"),
        ("!desk consent restore", "What is to be agreed to?"),
        ("!desk consent restore Sunday's backup", "target is copy or current"),
        ("!desk consent moon Go there", 'There is no kind of consent "moon"'),
        ("!desk consent withdraw BC-C999999", "There is no consent"),
    ],
)  # fmt: skip
def test_what_is_refused_says_why_and_changes_nothing(control: Control, text: str, sentence: str) -> None:
    case = control.open("A refusal changes nothing.")
    before, changes = Case.objects.filter(pk=case.pk).values().get(), case.changes.count()
    (answer,) = control.answers(control.order(text, case))
    assert sentence in answer
    assert Case.objects.filter(pk=case.pk).values().get() == before and case.changes.count() == changes


def test_a_consent_is_asked_for_and_taken_back_by_command(control: Control) -> None:
    case = control.open("Fourteen invoices have the wrong VAT.")
    (answer,) = control.answers(control.order('!desk consent data_change {"do": "sql"} Correct the VAT', case))
    ref = answer.partition(" as ")[2].partition(".")[0]
    assert answer == f"Asked in the customer's room as {ref}. It waits for exactly: go ahead with {ref}"
    place = control.place
    asked = json.dumps(control.events(place.room, place.user("olga")))
    assert f"answer this message with exactly: go ahead with {ref}" in asked and "!desk" not in asked
    assert control.answers(control.order("!desk consent status", case)) == [
        f"{ref}: data_change, open: Correct the VAT"
    ]
    assert control.answers(control.order(f"!desk consent withdraw {ref} not needed", case)) == DONE
    assert control.answers(control.order("!desk consent status", case)) == [
        f"{ref}: data_change, withdrawn: Correct the VAT"
    ]


def test_who_only_looks_after_the_records_changes_nothing(control: Control) -> None:
    place, case = control.place, control.open("An auditor reads.")
    services.do_put_staff(id=place.id("vera"), roles=["auditor"], product=PRODUCT, actor=ACTOR, now=clock.now())
    control.settle()
    assert control.answers(control.order("!desk ack", case, name="vera")) == [
        "Your role may look (status, why) and change nothing."
    ]
    (status,) = control.answers(control.order("!desk status", case, name="vera"))
    assert case.ref in status and now(case).state == "new"


def test_a_restricted_case_is_not_spoken_of_where_everybody_reads(control: Control) -> None:
    case = control.open("Our mail looks odd to me.")
    Case.objects.filter(pk=case.pk).update(is_restricted=True)
    for text in ("!desk status", "!desk why", "!desk ack"):
        (answer,) = control.answers(control.order(text, case))
        assert answer.startswith(f"{case.ref} is restricted") and now(case).state == "new"


def test_it_is_carried_out_once_and_an_edit_changes_nothing(control: Control) -> None:
    case = control.open("Twice is once.")
    event = control.order("!desk wait third the bank", case)
    command, changes = Command.objects.get(event_id=event), case.changes.count()
    assert (command.state, command.answer, command.case) == ("done", "", case)
    # As after a crash of whoever fired it just before its commit.
    Timer.objects.filter(kind="desk_command", subject_id=command.pk).update(state="pending")
    control.order("!desk status", case)
    assert case.changes.count() == changes and control.answers(event) == DONE

    edit = {"m.new_content": {"msgtype": "m.text", "body": "!desk close"}}
    edited = control.say(
        "ivan", "* !desk close", room=control.room, **edit, **{"m.relates_to": {"rel_type": "m.replace", "event_id": event}}
    )  # fmt: skip
    control.settle()
    assert control.answers(edited) == [
        "A command stays as it was first written, and so does what it did; write it anew."
    ]
    assert now(case).state == "waiting_third_party" and not Command.objects.filter(event_id=edited).exists()


def test_a_fault_of_the_desk_stops_nothing_behind_it(control: Control, monkeypatch: pytest.MonkeyPatch) -> None:
    case = control.open("A fault of the desk.")

    def broken(*given: object) -> str:
        raise ZeroDivisionError

    monkeypatch.setitem(carrying._ACTS, "ack", broken)  # type: ignore[arg-type]
    (answer,) = control.answers(control.order("!desk ack", case))
    assert answer.startswith("This could not be carried out, by a fault of the desk") and now(case).state == "new"
    assert control.answers(control.order("!desk investigate", case)) == DONE
    assert timers.fire() == 0


def test_what_the_customer_said_before_is_heard_first(control: Control) -> None:
    place, case = control.place, control.open("First the words, then the command.")
    root = now(case).root_event_id
    thread = control.roots(case)[0]["event_id"]
    control.say("olga", "It works again, thank you.", thread=root)
    control.say("ivan", "!desk resolve fix: waited; cause: unknown", room=control.room, thread=thread)
    # The worker may come to the command before it has heard what stands before it in the customer's room.
    assert control._hear()
    place.settle()
    assert timers.fire() >= 1
    control.settle()
    assert now(case).state == "resolved"
    assert Message.objects.filter(case=case, body="It works again, thank you.").exists()


def test_a_note_by_command_is_a_note(control: Control) -> None:
    case = control.open("A note by command.")
    rows = OutboxRow.objects.count()
    control.order("!desk note Their disk was full.", case)
    (note,) = Message.objects.filter(case=case, kind="note")
    assert note.body.endswith("Their disk was full.") and OutboxRow.objects.count() == rows


def test_a_date_is_read_on_the_offices_clock(control: Control) -> None:
    case = control.open("Until Friday.")
    day = (clock.now() + timedelta(days=30)).date()
    assert control.answers(control.order(f"!desk snooze {day} 14:30", case)) == DONE
    until = now(case).snoozed_until
    offset = timedelta(hours=2) if until and until.astimezone(UTC).hour == 12 else timedelta(hours=3)
    assert until == datetime(day.year, day.month, day.day, 14, 30, tzinfo=UTC) - offset
    assert control.answers(control.order("!desk wait customer 2d the log", case)) == DONE
    found = now(case)
    assert found.state == "waiting_customer" and found.snoozed_until
    assert timedelta(days=1) < found.snoozed_until - clock.now() <= timedelta(days=2)


def react(control: Control, name: str, target: str, key: str) -> str:
    place = control.place
    content = {"m.relates_to": {"rel_type": "m.annotation", "event_id": target, "key": key}}
    where = path("rooms", place.room, "send", "m.reaction", f"r{clock.now().timestamp()}")
    event = str(place.matrix.call("PUT", where, content, user=place.user(name))["event_id"])
    control.settle()
    while timers.fire():
        control.settle()
    return event


def test_a_command_in_the_customers_room_is_taken_away_and_not_carried_out(control: Control) -> None:
    place, case = control.place, control.open("A slip of the hand.")
    root = now(case).root_event_id
    slip = control.say("ivan", "!desk resolve fix: a canary; cause: unknown", thread=root)
    control.settle()
    while timers.fire():
        control.settle()
    assert (now(case).state, now(case).answered_at) == ("new", None)
    (left,) = [e for e in control.events(place.room, place.user("olga")) if e["event_id"] == slip]
    assert left["content"] == {}, "it was removed at once"
    assert Message.objects.get(external_id=slip).redacted_at is not None
    told = [e["content"] for e in control.messages() if "a canary" in e["content"]["body"]]
    assert [content["m.mentions"] for content in told] == [{"user_ids": [place.user("ivan")]}]
    assert "it was removed there, and nothing was done" in told[0]["body"]
    control.settle()
    assert len([e for e in control.messages() if "a canary" in e["content"]["body"]]) == 1
    heard = [e for e in control.events(place.room, place.user("olga")) if e["sender"] == place.matrix.bot]
    assert not any("command" in e["content"].get("body", "") for e in heard), "the customer is told nothing of it"


def test_neutral_reactions_take_a_case_and_propose_it_as_resolved(control: Control) -> None:
    place, case = control.place, control.open("Eyes on it.")
    root = now(case).root_event_id
    react(control, "olga", root, "👀")
    assert now(case).assignee is None, "a customer's reaction is a customer's reaction"
    react(control, "ivan", root, "👍")
    assert (now(case).assignee, now(case).state) == (None, "new")
    react(control, "ivan", root, "👀")
    assert (now(case).assignee.slug, now(case).state) == (place.id("ivan"), "acknowledged")  # type: ignore[union-attr]
    assert now(case).answered_at is None, "a reaction answers nobody (R18)"
    react(control, "ivan", root, "✅")
    assert now(case).state == "acknowledged"
    assert control.told(case)[-1].startswith(f"ivan-{place.slug} proposes {case.ref} as resolved.")


def test_a_macro_is_said_to_the_customer_as_the_person_who_chose_it(control: Control) -> None:
    place, case = control.place, control.open("It needs a macro.")
    (listed,) = control.answers(control.order("!desk macro", case))
    assert listed.splitlines()[1] == f"next_update: I am still working on {case.ref}. You hear from me again {{when}}."
    (refused,) = control.answers(control.order("!desk macro next_update", case))
    assert refused == 'The macro "next_update" needs when: give when=….'
    assert control.answers(control.order('!desk macro next_update when="on Friday"', case)) == DONE
    said = [e for e in control.events(place.room, place.user("olga")) if e["sender"] == place.user("ivan")]
    texts = [e["content"]["body"] for e in said if "again on Friday" in e["content"].get("body", "")]
    assert texts == [f"I am still working on {case.ref}. You hear from me again on Friday."]
    assert now(case).answered_at is not None, "it is an answer (R18)"
    (message,) = Message.objects.filter(case=case, why_code="macro")
    assert (message.channel, thread_of(message)) == ("control", now(case).root_event_id)


def test_who_is_away_says_so_in_the_control_room(control: Control) -> None:
    ivan = control.place.id("ivan")
    assert control.answers(control.order("!desk away")) == DONE
    assert not Availability.objects.get(person__slug=ivan).is_present
    assert control.answers(control.order("!desk here")) == DONE
    assert Availability.objects.get(person__slug=ivan).is_present
