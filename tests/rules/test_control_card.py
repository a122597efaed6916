"""What the control room says of a case: nothing of what customers said, of a restricted case a stub, of a change what happened."""

from __future__ import annotations

from dataclasses import replace

import pytest

from roomdesk.rules.control_card import (
    CaseFact,
    Changed,
    ClockFact,
    Pressed,
    card,
    changed_words,
    pressed_words,
    question_words,
)

CASE = CaseFact("BC-7", "Acme", "Pro", "critical", "waiting_customer", "Ivan", "https://desk.test/console/cases/BC-7")


def test_a_card_says_what_staff_ask_first() -> None:
    first = ClockFact("first_response", "Mon 10:00")
    assert card(replace(CASE, is_p0=True, clocks=(first,))).splitlines() == [
        "BC-7 · Acme · Pro · Critical · P0 · Waiting customer",
        "First response: due Mon 10:00",
        "Assignee: Ivan",
        "https://desk.test/console/cases/BC-7",
    ]
    assert "Assignee: nobody · answered Mon 09:40" in card(replace(CASE, assignee="", answered="Mon 09:40"))


def test_staff_are_asked_what_a_case_is_where_nothing_told() -> None:
    asked = "The desk could not tell what this is. Say it: !desk kind question, for instance."
    assert card(replace(CASE, is_unknown=True)).splitlines()[-2:] == [asked, CASE.link]
    assert asked not in card(CASE) and asked not in card(replace(CASE, is_unknown=True, is_restricted=True))


@pytest.mark.parametrize(
    ("clock", "words"),
    [
        (ClockFact("resolution", "Fri 18:00", is_soft=True), "Resolution: aimed at Fri 18:00"),
        (ClockFact("update", "Fri 18:00", is_late=True), "Update: late, it was due Fri 18:00"),
        (ClockFact("resolution", "Fri 18:00", is_late=True, is_soft=True), "Resolution: past its aim of Fri 18:00"),
        (ClockFact("update", is_paused=True), "Update: paused"),
        (ClockFact("first_response", ""), ""),
    ],
)
def test_a_clock_says_what_it_promises(clock: ClockFact, words: str) -> None:
    lines = card(replace(CASE, clocks=(clock,))).splitlines()
    assert (words in lines) if words else len(lines) == 3


def test_a_restricted_case_is_a_stub_and_its_reasons_stay_away() -> None:
    case = replace(CASE, is_restricted=True, clocks=(ClockFact("first_response", "Mon 10:00"),))
    assert card(case).splitlines()[:2] == ["BC-7 · restricted", "First response: due Mon 10:00"]
    assert "Acme" not in card(case) and "Critical" not in card(case)
    change = Changed("kind", "other", "security", "ivan", "They read our mail.")
    assert changed_words(case, change) == "Kind: Other → Security, by ivan."
    assert changed_words(CASE, change) == "Kind: Other → Security, by ivan. Reason: They read our mail."


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (Changed("state", "new", "acknowledged", "ivan"), ""),
        (Changed("state", "investigating", "resolved", "ivan"), "Resolved, by ivan."),
        (Changed("state", "resolved", "closed", "desk"), ""),
        (Changed("state", "closed", "new", "@olga:hs"), "Reopened, by @olga:hs."),
        (Changed("assignee", "ivan", "", "nina"), "Assignee: ivan → nobody, by nina."),
        (Changed("severity", "feature_request", "high", "ivan"), "Severity: Feature request → High, by ivan."),
        (Changed("merge", "", "BC-8", "ivan"), "Merged into BC-8."),
        (Changed("snooze", "", "2026", "ivan"), ""),
    ],
)
def test_a_change_is_told_where_the_card_does_not_say_enough(change: Changed, words: str) -> None:
    assert changed_words(CASE, change) == words


def test_a_step_says_what_is_used_and_the_breach_what_was_due() -> None:
    assert pressed_words(Pressed("update", 75, "Mon 10:00")) == "Update: 75 % of the time is used, due Mon 10:00."
    assert pressed_words(Pressed("update", 100, "Mon 10:00")) == "Update: late, it was due Mon 10:00."
    soft = Pressed("resolution", 100, "Mon 10:00", is_soft=True, is_late=True)
    assert pressed_words(soft) == "Resolution: past its aim of Mon 10:00. Told late."


def test_a_question_has_its_choices_and_then_its_answer() -> None:
    asked = question_words("Ivan", "Acme", ["BC-7", "BC-8"], "https://desk.test/a", "")
    assert asked.endswith("BC-7, BC-8?\nChoose here: https://desk.test/a")
    assert question_words("Ivan", "Acme", ["BC-7"], "x", "BC-7, by nina.").endswith("BC-7?\nBC-7, by nina.")


def test_escalations_and_incidents_stand_on_the_card_and_in_the_thread() -> None:
    assert "Assignee: Ivan · escalated to ai, database" in card(replace(CASE, escalated=("ai", "database")))
    assert "Leads an incident: 3 attached" in card(replace(CASE, attached=3))
    assert "Attached to the incident of BC-1" in card(replace(CASE, leader="BC-1"))
    assert "escalated" not in card(replace(CASE, escalated=("ai",), is_restricted=True))
    told = [
        changed_words(CASE, Changed(what, before, after, "ivan"))
        for what in ("escalation", "incident", "attached", "link")
        for before, after in (("", "BC-1"), ("BC-1", ""))
    ]
    assert told == [
        "Escalated to BC-1, by ivan.",
        "No longer escalated to BC-1, by ivan.",
        "Attached to the incident of BC-1.",
        "Detached from the incident of BC-1.",
        "BC-1 was attached to this incident.",
        "BC-1 was detached from this incident.",
        "Has to do with BC-1.",
        "No longer linked to BC-1.",
    ]
