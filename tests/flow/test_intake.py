"""A new case is filed, asked for what it lacks, and answered by the desk itself where that is all it needs (R11–R14, R24, D12, D14, D22, D23)."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from roomdesk import timers
from roomdesk.cases import changing, triaging
from roomdesk.cases.changing import Change
from roomdesk.cases.models import Case, CaseChange
from roomdesk.clocks.models import Clock
from roomdesk.queues import outbox
from roomdesk.queues.models import OutboxRow
from roomdesk.queues.outbox import Sent
from roomdesk.record.models import Message
from roomdesk.runtime import clock
from tests.flow.world import ACTOR, ASEN, EVERYONE, IVAN, OLGA, START, event, message, room, store, work_off

Json = dict[str, Any]
ROOM = room("birch")
BROKEN = "Saving a quotation shows error 500 for me."
INVOICE = "Can you send us a printable copy of our last invoice?"
DOWN = "Production is down, nobody in the whole company can log in!"
LEAK = "We think our data was leaked, somebody else sees our customers."
#: A Saturday evening in Sofia.
NIGHT = datetime(2026, 3, 7, 19, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _desk(desk: None) -> None:
    """The world: acme (starter), birch (pro), cedar (enterprise)."""


def says(event_id: str, text: str, *, sender: str = OLGA, about: str = "", slug: str = "birch", **content: Any) -> None:
    if about:
        content["m.relates_to"] = {"rel_type": "m.thread", "event_id": about}
    store(message(event_id, room(slug), sender, text, **content))
    work_off()


def reacts(event_id: str, key: str, about: str, sender: str = OLGA) -> None:
    relation = {"rel_type": "m.annotation", "event_id": about, "key": key}
    store(event(event_id, ROOM, sender, "m.reaction", {"m.relates_to": relation}))
    work_off()


def case_of(event_id: str) -> Case:
    found = Message.objects.get(external_id=event_id).case
    assert found is not None
    return Case.objects.get(pk=found.pk)


def said(case: Case, what: str = "") -> list[Json]:
    """What the desk says about the case, in order; `what` is a part of the key by which it is said once."""
    rows = OutboxRow.objects.filter(once__startswith=f"case:{case.pk}:", once__contains=what).order_by("id")
    return [json.loads(payload)["content"] for payload in rows.values_list("payload", flat=True)]


def is_sent(case: Case) -> None:
    """The homeserver has taken everything that was said about the case."""
    for row in OutboxRow.objects.filter(once__startswith=f"case:{case.pk}:", state="queued").order_by("id"):
        outbox.note_sent(row, Sent(f"$row{row.pk}", {"event_id": f"$row{row.pk}"}), clock.now())


def lines(content: Json) -> list[str]:
    return str(content.get("m.new_content", content)["body"]).splitlines()


def test_a_fault_is_filed_as_one_and_asked_for_what_is_missing_in_the_thread_of_its_first_message() -> None:
    with clock.frozen(START):
        says("$one", BROKEN)
        case = case_of("$one")
        assert (case.kind, case.severity, case.state) == ("incident", "normal", "new")
        [asked] = said(case, ":checklist:")
        assert asked["msgtype"] == "m.notice"
        assert asked["m.relates_to"]["rel_type"] == "m.thread"
        assert asked["m.relates_to"]["event_id"] == "$one"
        assert lines(asked)[0] == f"So that we find it faster, please add to {case.ref}:"
        asked_for = case.intake.asked.split()
        assert "tried" in asked_for and "expected" in asked_for and "urgency" in asked_for
        assert not {"workspace", "screenshot", "happened"} & set(asked_for)
        assert all(line.startswith("☐ ") for line in lines(asked)[1:])
        assert len(lines(asked)) == 1 + len(asked_for)


def test_what_arrives_is_ticked_off_in_the_one_message_in_place_until_all_is_there() -> None:
    with clock.frozen(START):
        says("$one", BROKEN)
        case = case_of("$one")
        is_sent(case)
        says("$two", "I clicked Save in the Quotations screen, and it should be saved.", about="$one")
        *_, edit = said(case, ":checklist:")
        assert edit["m.relates_to"]["rel_type"] == "m.replace"
        assert "☑ What you tried: the action you took" in lines(edit)
        assert any(line.startswith("☐ Urgency") for line in lines(edit))
        is_sent(case)
        says("$three", "It blocks us, we need it by noon.", sender=ASEN, about="$one")
        *_, edit = said(case, ":checklist:")
        assert lines(edit)[0] == f"{case.ref} has all we need. Thank you."
        assert all(line.startswith("☑ ") for line in lines(edit)[1:])
        assert len([one for one in said(case, ":checklist:") if "m.new_content" not in one]) == 1


def test_an_edit_that_has_not_left_yet_is_overtaken_by_the_next() -> None:
    with clock.frozen(START):
        says("$one", BROKEN)
        case = case_of("$one")
        says("$two", "It blocks us, we need it by noon.", about="$one")
        [asked] = said(case, ":checklist:")
        assert "m.new_content" not in asked
        assert any(line.startswith("☑ Urgency") for line in lines(asked))
        is_sent(case)
        says("$three", "I clicked Save.", about="$one")
        says("$four", "In the Quotations screen it should be saved.", about="$one")
        asked, edit = said(case, ":checklist:")
        assert lines(edit)[0].endswith("has all we need. Thank you.")


def test_a_critical_case_and_a_p0_are_asked_nothing() -> None:
    with clock.frozen(START):
        says("$one", DOWN)
        says("$two", "P0 nothing works", slug="cedar")
        for case in (case_of("$one"), case_of("$two")):
            assert case.severity == "critical"
            assert said(case, ":checklist:") == []


def test_a_question_is_filed_and_asked_nothing() -> None:
    with clock.frozen(START):
        says("$one", "How can I change the default warehouse?")
        case = case_of("$one")
        assert (case.kind, said(case, ":checklist:")) == ("question", [])


def test_a_file_counts_as_a_screenshot_and_its_name_as_nothing() -> None:
    with clock.frozen(START):
        says("$one", "error 500 export.png", msgtype="m.image", url="mxc://x/y")
        case = case_of("$one")
        assert (case.kind, case.title) == ("other", "error 500 export.png")
        says("$two", BROKEN, slug="acme")
        case = case_of("$two")
        assert "screenshot" not in case.intake.known.split()
        says("$three", "picture.png", msgtype="m.image", url="mxc://x/z", about="$two", slug="acme")
        assert "screenshot" in case_of("$two").intake.known.split()


@pytest.mark.parametrize(("text", "slug", "place"), [(INVOICE, "billing_document", "Settings → Billing")])
def test_a_document_is_answered_at_once_and_its_clock_runs_hidden(text: str, slug: str, place: str) -> None:
    with clock.frozen(START) as time:
        says("$one", text)
        case = case_of("$one")
        assert (case.kind, case.state, case.intake.answer) == (slug, "deflected", slug)
        [answer] = said(case)
        assert place in answer["body"] and "that did not help" in answer["body"]
        assert answer["m.relates_to"]["event_id"] == "$one"
        first = Clock.objects.get(case=case, kind="first_response")
        assert (first.state, first.started_at) == ("running", START)
        time.tick(timedelta(days=1))
        assert timers.fire() == 0 or Clock.objects.get(pk=first.pk).told == first.told


def test_a_deflected_case_closes_after_two_business_days_and_was_never_promised_anything() -> None:
    with clock.frozen(START) as time:
        says("$one", INVOICE)
        case = case_of("$one")
        time.tick(timedelta(days=7))
        while timers.fire():
            work_off()
        case.refresh_from_db()
        assert case.state == "closed"
        assert set(Clock.objects.filter(case=case).values_list("state", flat=True)) == {"cancelled"}


@pytest.mark.parametrize("how", ["reaction", "phrase", "bulgarian phrase", "thread"])
def test_that_did_not_help_makes_a_case_with_its_original_start(how: str) -> None:
    with clock.frozen(START) as time:
        says("$one", INVOICE)
        case = case_of("$one")
        time.tick(timedelta(hours=1))
        if how == "reaction":
            reacts("$no", "👎", "$one")
        elif how == "thread":
            says("$no", "I am not allowed to open that page.", about="$one")
        else:
            says("$no", "That did not help!" if how == "phrase" else "Това не помогна")
        case.refresh_from_db()
        assert case.state == "new"
        first = Clock.objects.get(case=case, kind="first_response")
        assert (first.state, first.started_at) == ("running", START)
        assert f"Your request {case.ref} is recorded." in said(case, ":opened")[0]["body"]
        time.tick(timedelta(days=4))
        while timers.fire():
            work_off()
        case.refresh_from_db()
        assert case.state == "new", "only what was deflected closes by itself"


@pytest.mark.parametrize("how", ["thanks", "staff's reaction", "another sign"])
def test_anything_else_leaves_a_deflected_case_as_it_is(how: str) -> None:
    with clock.frozen(START):
        says("$one", INVOICE)
        if how == "thanks":
            says("$two", "Thanks!", about="$one")
        else:
            reacts(
                "$two", "👎" if how == "staff's reaction" else "👍", "$one", IVAN if how == "staff's reaction" else OLGA
            )
        case = case_of("$one")
        assert case.state == "deflected"
        assert not said(case, ":opened")


def test_staff_can_take_up_what_was_deflected() -> None:
    with clock.frozen(START):
        says("$one", INVOICE)
        case = case_of("$one")
        changing.do_change(EVERYONE, case.ref, Change(state="new"), author="ivan", actor=ACTOR, now=clock.now())
        case.refresh_from_db()
        assert case.state == "new"
        assert said(case, ":opened")


def test_third_party_trouble_is_explained_and_opens_all_the_same() -> None:
    with clock.frozen(START):
        says("$one", "Our bank's PSD2 connection is broken and the payments fail to import.")
        case = case_of("$one")
        assert (case.intake.answer, case.state) == ("out_of_scope:third_party", "new")
        assert "from our side" in said(case, ":answer")[0]["body"]
        assert said(case, ":opened")


def test_a_security_concern_is_restricted_and_its_details_go_to_mail() -> None:
    with clock.frozen(START):
        says("$one", LEAK)
        case = case_of("$one")
        assert (case.kind, case.is_restricted, case.state) == ("security", True, "new")
        [answer] = said(case, ":answer")
        assert "security@plana.solutions" in answer["body"] and case.ref in answer["body"]


def test_a_p0_about_a_leak_is_answered_as_one_too() -> None:
    with clock.frozen(START):
        says("$one", f"P0 {LEAK}")
        case = case_of("$one")
        assert (case.severity, case.is_restricted) == ("critical", True)
        assert "security@plana.solutions" in said(case, ":answer")[0]["body"]


@pytest.mark.parametrize(
    ("slug", "at", "is_told"), [("cedar", NIGHT, True), ("birch", NIGHT, False), ("cedar", START, False)]
)
def test_critical_by_triage_alone_is_told_to_write_p0_where_that_would_wake_somebody(
    slug: str, at: datetime, is_told: bool
) -> None:
    with clock.frozen(at):
        if slug == "cedar":
            # Whatever is said while one case waits for the customer belongs to that one.
            waiting, moved = case_of("$cedar-waiting"), Change(state="investigating")
            changing.do_change(EVERYONE, waiting.ref, moved, author="ivan", actor=ACTOR, now=clock.now())
        says("$one", DOWN, slug=slug)
        case = case_of("$one")
        assert (case.severity, case.p0_at) == ("critical", None)
        told = said(case, ":guessed")
        assert bool(told) == is_told
        assert not told or "write P0 as the first word" in told[0]["body"]


def test_staff_file_a_case_anew_and_what_triage_found_stays_on_record() -> None:
    with clock.frozen(START):
        says("$one", BROKEN)
        case = case_of("$one")
        wanted = Change(kind="module", reason="They want it changed.")
        changing.do_change(EVERYONE, case.ref, wanted, author="ivan", actor=ACTOR, now=clock.now())
        case.refresh_from_db()
        assert (case.kind, case.intake.kind) == ("module", "incident")
        assert CaseChange.objects.filter(case=case, what="kind", after="module").exists()
        assert triaging.shown(case.intake)["why"][0]["words"]
