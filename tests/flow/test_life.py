"""What is said in the room does to cases: it reopens, resumes, answers, and asks where nothing says which case is meant."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from roomdesk.cases import changing, joining, questions
from roomdesk.cases.changing import Change
from roomdesk.cases.models import Case, CaseCycle, Question
from roomdesk.clocks.models import Clock
from roomdesk.directory import services
from roomdesk.queues import outbox
from roomdesk.queues.models import OutboxRow
from roomdesk.queues.outbox import Sent
from roomdesk.record.models import Message
from roomdesk.refusals import Conflict, Invalid
from roomdesk.runtime import clock
from tests.cases_api.place import nothing_changes, told
from tests.flow.world import ACTOR, ASEN, BOT, EVERYONE, IVAN, OLGA, START, event, message, room, store, work_off

FIXED = Change(state="resolved", fix="Restarted", root_cause="A full disk")
ROOM = room("birch")


@pytest.fixture(autouse=True)
def _desk(desk: None) -> None:
    """The world, in which birch has one open case since yesterday."""


def change(case: Case, wanted: Change) -> None:
    changing.do_change(EVERYONE, case.ref, wanted, author="ivan", actor=ACTOR, now=clock.now())


def opened(event_id: str, text: str = "Orders cannot be saved.", sender: str = OLGA) -> Case:
    """A new case of birch by this event."""
    store(message(event_id, ROOM, sender, text))
    work_off()
    return case_of(event_id)


def case_of(event_id: str) -> Case:
    found = Message.objects.get(external_id=event_id).case
    assert found is not None
    return found


def first_response(case: Case) -> Clock:
    return Clock.objects.filter(case=case, kind="first_response").exclude(state="cancelled").latest("pk")


def says(event_id: str, sender: str, text: str, about: str = "", **content: Any) -> None:
    """Says it in birch's room, in the thread of `about` where that is given."""
    if about:
        content["m.relates_to"] = {
            "rel_type": "m.thread", "event_id": about, "is_falling_back": True, "m.in_reply_to": {"event_id": about},
        }  # fmt: skip
    store(message(event_id, ROOM, sender, text, **content))
    work_off()


def settle_history() -> None:
    """Answers and resolves the case that birch has from yesterday."""
    says("$history", IVAN, "It was the cable.", "$birch-open")
    change(case_of("$birch-open"), FIXED)


@pytest.mark.parametrize("how", ["thread", "reply", "reference"])
def test_the_customers_word_reopens_a_resolved_case(how: str) -> None:
    with clock.frozen(START) as time:
        case = opened("$one")
        says("$answer", IVAN, "Fixed.", "$one")
        change(case, FIXED)
        time.tick(timedelta(hours=1))
        if how == "thread":
            says("$again", ASEN, "It is back.", "$one")
        elif how == "reply":
            says("$again", ASEN, "It is back.", **{"m.relates_to": {"m.in_reply_to": {"event_id": "$answer"}}})
        else:
            says("$again", ASEN, f"{case.ref} is back.")
        case.refresh_from_db()
        assert (case_of("$again"), case.state, case.cycle) == (case, "new", 2)
        assert first_response(case).started_at == START + timedelta(hours=1)
        notices = OutboxRow.objects.filter(once__startswith=f"case:{case.pk}:", once__endswith=":opened").values_list(
            "once", flat=True
        )
        assert set(notices) == {f"case:{case.pk}:1:opened", f"case:{case.pk}:2:opened"}


def test_thanks_in_a_resolved_case_leave_it_resolved() -> None:
    with clock.frozen(START):
        case = opened("$one")
        change(case, FIXED)
        says("$thanks", OLGA, "Thank you! 👍", "$one")
        says("$ok", OLGA, "ok")
        case.refresh_from_db()
        assert (case.state, case.cycle, case_of("$thanks")) == ("resolved", 1, case)
        assert Message.objects.get(external_id="$ok").case is None


def test_the_same_authors_next_matter_does_not_reopen() -> None:
    with clock.frozen(START):
        case = opened("$one")
        change(case, FIXED)
        says("$two", OLGA, "The printer is out of paper.")
        assert case_of("$two") != case
        assert Case.objects.get(pk=case.pk).state == "resolved"


@pytest.mark.parametrize(("days", "reopens"), [(30, True), (31, False)])
def test_a_closed_case_is_reopened_for_so_many_days_and_followed_up_afterwards(days: int, reopens: bool) -> None:
    with clock.frozen(START) as time:
        case = opened("$one")
        change(case, FIXED)
        change(case, Change(state="closed"))
        time.tick(timedelta(days=days))
        says("$again", OLGA, "It is back.", "$one")
        placed = case_of("$again")
        assert (placed == case) is reopens
        assert reopens or placed.linked_to == case


def test_a_customers_word_in_a_waiting_case_resumes_and_wakes() -> None:
    with clock.frozen(START):
        case = opened("$one")
        says("$ask", IVAN, "Which one?", "$one")
        change(case, Change(state="waiting_customer", snoozed_until=START + timedelta(days=3)))
        says("$reply", OLGA, "Number 7.", "$one")
        case.refresh_from_db()
        assert (case.state, case.snoozed_until) == ("investigating", None)


IDLE: list[tuple[str, dict[str, Any]]] = [
    ("m.room.message", {"msgtype": "m.text", "body": "!desk ack"}),
    ("m.room.message", {"msgtype": "m.text", "body": "!DESK note she called"}),
    ("m.room.message", {"msgtype": "m.notice", "body": "A notice of somebody's program"}),
    ("m.room.message", {"msgtype": "m.text", "body": "* x", "m.new_content": {"msgtype": "m.text", "body": "x"},
                        "m.relates_to": {"rel_type": "m.replace", "event_id": "$one"}}),
    ("m.reaction", {"m.relates_to": {"rel_type": "m.annotation", "event_id": "$one", "key": "👀"}}),
    ("m.room.redaction", {"redacts": "$other"}),
]  # fmt: skip


def test_commands_notices_edits_and_reactions_of_staff_answer_nobody() -> None:
    with clock.frozen(START):
        case = opened("$one")
        settle_history()
        for number, (kind, content) in enumerate(IDLE):
            store(event(f"$idle{number}", ROOM, IVAN, kind, content))
        store(
            message("$bot", ROOM, BOT, "The desk itself"), message("$stranger", ROOM, "@x:elsewhere.example", "Hello")
        )
        work_off()
        running = first_response(case)
        assert (running.state, running.stopped_at) == ("running", None)
        assert not Question.objects.exists()
        says("$answer", IVAN, "We look.")
        assert first_response(case).stopped_by == "$answer"


def test_a_workspace_without_intake_opens_and_reopens_nothing() -> None:
    with clock.frozen(START) as time:
        case = opened("$one")
        change(case, FIXED)
        services.do_put_workspace(slug="birch", product=case.product, state="cancelled", actor=ACTOR, now=clock.now())
        time.tick(timedelta(seconds=1))
        before = Case.objects.count()
        says("$new", ASEN, "P0 all is down")
        says("$again", ASEN, "It is back.", "$one")
        assert (Case.objects.count(), CaseCycle.objects.filter(case=case).count()) == (before, 1)
        assert Message.objects.get(external_id="$new").why_code == "no_intake"
        assert case_of("$again") == case


def test_words_in_the_thread_of_a_merged_case_belong_to_where_it_went_and_come_back_with_it() -> None:
    with clock.frozen(START) as time:
        one, two = opened("$one"), opened("$two", "The same, only worse.", ASEN)
        joining.do_merge(EVERYONE, two.ref, one.ref, author="ivan", actor=ACTOR, now=clock.now())
        says("$more", ASEN, "Any news?", "$two")
        says("$named", ASEN, f"I mean {two.ref}.")
        says("$answer", IVAN, "Soon.", "$two")
        assert [case_of(e) for e in ("$more", "$named", "$answer")] == [one] * 3
        assert first_response(one).stopped_by == "$answer"
        time.tick(timedelta(minutes=9))
        joining.do_unmerge(EVERYONE, two.ref, author="ivan", actor=ACTOR, now=clock.now())
        assert [case_of(e) for e in ("$more", "$named", "$answer")] == [two, one, two]


# Which case does it answer (D10)?


def asked() -> tuple[Case, Case, Question]:
    """Two unanswered cases, and an answer an hour later of which nothing says which one it is to."""
    settle_history()
    one, two = opened("$one", "P0 nothing works"), opened("$two", "The printer is out of paper.", ASEN)
    return one, two, Question.objects.get() if Question.objects.exists() else _ask()


def _ask() -> Question:
    says("$unplaced", IVAN, "Have a look now.")
    return Question.objects.get()


def answer(question: Question, case: Case | None) -> Question:
    ref = case.ref if case else None
    return questions.do_answer(EVERYONE, question.pk, ref=ref, author="ivan", actor=ACTOR, now=clock.now())


def test_an_answer_that_could_be_to_either_is_asked_about_and_stops_nothing() -> None:
    with clock.frozen(START):
        one, two, question = asked()
        assert question.choices == [one.ref, two.ref]
        assert {first_response(case).stopped_at for case in (one, two)} == {None}
        item = told("case", "questions", "--workspace", "birch")["items"][0]
        assert (item["text"], item["author"], item["choices"]) == ("Have a look now.", "ivan", [one.ref, two.ref])
        assert told("case", "questions", "--workspace", "acme")["items"] == []


def test_the_choice_goes_back_to_the_messages_own_time_and_takes_back_a_breach() -> None:
    from roomdesk import timers

    with clock.frozen(START) as time:
        one, two, question = asked()
        time.tick(timedelta(days=1))
        while timers.fire():
            pass
        assert first_response(one).state == "breached"
        answer(question, one)
        met = first_response(one)
        assert (met.state, met.stopped_at, met.stopped_by) == ("met", START, "$unplaced")
        assert (case_of("$unplaced"), first_response(two).stopped_at) == (one, None)
        assert Message.objects.get(external_id="$unplaced").why_code == "chosen"
        with nothing_changes():
            answer(question, one)
            for other in (two, None):
                with pytest.raises(Conflict, match="stays so"):
                    answer(question, other)


def test_the_choice_counts_before_an_answer_that_came_meanwhile() -> None:
    with clock.frozen(START) as time:
        one, _, question = asked()
        time.tick(timedelta(hours=1))
        says("$later", IVAN, "Still there?", "$one")
        assert first_response(one).stopped_by == "$later"
        answer(question, one)
        assert (first_response(one).stopped_by, first_response(one).stopped_at) == ("$unplaced", START)
        assert Case.objects.get(pk=one.pk).answered_at == START


def test_none_of_them_is_a_choice_and_others_are_not() -> None:
    with clock.frozen(START):
        one, two, question = asked()
        third = opened("$three", "A third matter.", OLGA)
        with nothing_changes(), pytest.raises(Invalid, match="choose one of"):
            questions.do_answer(EVERYONE, question.pk, ref="BC-1", actor=ACTOR, now=clock.now())
        done = told("case", "answer-question", str(question.pk), "--none", "--as", "ivan")
        assert (done["case"], done["answered_by"]) == (None, "ivan")
        assert {first_response(case).stopped_at for case in (one, two, third)} == {None}
        assert told("case", "questions")["items"] == []
        assert [item["id"] for item in told("case", "questions", "--answered")["items"]] == [question.pk]


def test_the_case_that_somebody_took_is_the_one_that_they_answer() -> None:
    with clock.frozen(START):
        settle_history()
        one, two = opened("$one"), opened("$two", "The printer is out of paper.", ASEN)
        change(two, Change(assignee="ivan"))
        says("$answer", IVAN, "Have a look now.")
        assert (case_of("$answer"), first_response(one).stopped_at) == (two, None)
        assert not Question.objects.exists()


def test_in_a_dialogue_nobody_is_asked() -> None:
    with clock.frozen(START) as time:
        one, two = opened("$one"), opened("$two", "The printer is out of paper.", ASEN)
        for number, root in enumerate(("$one", "$two", "$birch-open")):
            says(f"$a{number}", IVAN, "Yes?", root)
        time.tick(timedelta(minutes=1))
        says("$more", ASEN, "Tray 2.", "$two")
        says("$reply", IVAN, "Then fill it.")
        assert (case_of("$reply"), Message.objects.get(external_id="$reply").why_code) == (two, "only_turn")
        time.tick(timedelta(minutes=1))
        says("$thinking", IVAN, "Or both?")
        assert Question.objects.get().choices[1:] == [one.ref, two.ref]


# The seam of backup channels (R18).


def test_an_answer_by_a_backup_channel_counts_when_it_was_accepted_for_delivery() -> None:
    with clock.frozen(START) as time:
        case = opened("$one")
        # An answer on record whose row goes to a channel outside, as its sender will report it.
        said = Message.objects.get(external_id="$one")
        said.pk, said.external_id, said.author_kind, said.author_ref, said.number = 10_000_001, "", "staff", "ivan", 900
        said.save(force_insert=True)
        row = OutboxRow.objects.create(
            channel="email",
            kind="mail",
            destination="email:olga",
            payload="{}",
            lane=case.workspace.lane,
            message_id=said.pk,
            case_id=case.pk,
            next_at=START,
            created_at=START,
        )
        work_off()
        assert first_response(case).state == "running"
        time.tick(timedelta(hours=2))
        accepted = START + timedelta(hours=1)
        outbox.note_sent(row, Sent("<1@desk>", {}, {"accepted_at": accepted.isoformat()}), clock.now())
        work_off()
        met = first_response(case)
        assert (met.state, met.stopped_at, met.stopped_by) == ("met", accepted, f"message:{said.pk}")
