"""Resolving, closing by itself, and beginning again: by the customer with a first response, by staff without (D8, D19)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from roomdesk.directory import services
from roomdesk.runtime import clock
from tests.cases_api.place import ACTOR, PRODUCT, command, nothing_changes, told
from tests.cases_life.acting import FIXED, START, Desk, at


def test_a_resolution_ends_updates_and_the_cycle_and_keeps_fix_and_cause(desk: Desk) -> None:
    ref = desk.open(severity="high")
    desk.say(ref, "ivan", "We look.")
    desk.later(hours=1)
    case = desk.changed(ref, **FIXED)
    assert (case["state"], at(case["resolved_at"])) == ("resolved", START + timedelta(hours=1))
    story = desk.case(ref)
    assert [(c["kind"], c["state"]) for c in story["clocks"]] == [
        ("first_response", "met"), ("resolution", "met"), ("update", "met"),
    ]  # fmt: skip
    assert (story["cycles"][0]["fix"], story["cycles"][0]["root_cause"]) == ("Restarted the queue", "A full disk")
    assert "Root cause: A full disk" in command("case", "show", ref).stdout


def test_it_closes_by_itself_after_the_quiet_days_and_not_before(desk: Desk) -> None:
    ref = desk.open()
    desk.say(ref, "ivan", "Done.")
    desk.changed(ref, **FIXED)
    desk.later(days=4)
    desk.say(ref, "olga", "Thanks!")
    # Five business days from Monday 10:00, less the Bulgarian holiday on Tuesday the 3rd.
    desk.later(days=3, hours=23)
    assert desk.case(ref)["state"] == "resolved"
    desk.later(days=1)
    assert desk.case(ref)["state"] == "closed"
    closing = desk.case(ref)["changes"][-1]
    assert (closing["by"], closing["reason"]) == ("desk", "Nobody has written since it was resolved.")


def test_what_was_reopened_does_not_close(desk: Desk) -> None:
    ref = desk.open()
    desk.say(ref, "ivan", "Done.")
    desk.changed(ref, **FIXED)
    desk.done(ref, "reopen")
    desk.later(days=30)
    assert desk.case(ref)["state"] == "investigating"


def test_the_customers_word_reopens_with_a_first_response_and_the_terms_of_that_moment(desk: Desk) -> None:
    ref = desk.open(severity="critical")
    desk.say(ref, "ivan", "Done.")
    desk.changed(ref, **FIXED)
    desk.later(hours=1)
    services.do_put_workspace(slug="acme", product=PRODUCT, tier="enterprise", actor=ACTOR, now=clock.now())
    desk.later(hours=1)
    desk.say(ref, "olga", "It is back.")
    case = desk.case(ref)
    assert (case["state"], case["cycle"], case["answered_at"], case["resolved_at"]) == ("new", 2, None, None)
    assert [(c["tier"], c["first_response"]) for c in case["cycles"]] == [("pro", "started"), ("enterprise", "started")]
    first, second = desk.clocks(ref)
    assert (first["state"], first["cycle"]) == ("met", 1)
    assert (second["state"], second["cycle"], at(second["due_at"])) == ("running", 2, START + timedelta(hours=3))
    desk.say(ref, "ivan", "Again?")
    assert [c["state"] for c in desk.clocks(ref)] == ["met", "met"]


def test_staff_reopen_without_a_first_response_until_the_customer_speaks(desk: Desk) -> None:
    ref = desk.open()
    desk.say(ref, "ivan", "Done.")
    desk.changed(ref, **FIXED)
    assert desk.done(ref, "reopen", reason="It was another thing.")["cycle"] == 2
    assert [c["cycle"] for c in desk.clocks(ref)] == [1]
    desk.say(ref, "ivan", "We look at it again.")
    assert [c["cycle"] for c in desk.clocks(ref)] == [1]
    desk.later(hours=1)
    desk.say(ref, "olga", "What did you find?")
    assert (desk.clock(ref)["cycle"], at(desk.clock(ref)["started_at"])) == (2, START + timedelta(hours=1))
    desk.say(ref, "ivan", "A full disk.")
    assert desk.clock(ref)["state"] == "met"


def test_an_open_case_is_not_reopened_and_a_merged_one_cannot_be(desk: Desk) -> None:
    ref, other = desk.open(), desk.open("Another matter")
    with nothing_changes():
        desk.done(ref, "reopen")
    desk.done(other, "merge", into=ref)
    with nothing_changes():
        assert desk.act(other, "reopen").status_code == 409


@pytest.mark.parametrize(("days", "status"), [(29, 201), (31, 409)])
def test_a_closed_case_takes_the_customers_word_for_so_many_days(desk: Desk, days: int, status: int) -> None:
    ref = desk.open()
    desk.say(ref, "ivan", "Done.")
    desk.changed(ref, **FIXED)
    desk.later(days=days)
    assert desk.case(ref)["state"] == "closed"
    answer = desk.rest.post(f"cases/{ref}/messages", {"author": "olga", "text": "It is back."})
    assert (answer.status_code, desk.case(ref)["cycle"]) == (status, 2 if status == 201 else 1)


def test_a_first_response_that_is_owed_runs_on_after_resolving_and_the_next_word_gives_it(desk: Desk) -> None:
    ref = desk.open()
    desk.changed(ref, **FIXED)
    assert desk.clock(ref)["state"] == "running"
    desk.later(hours=1)
    desk.say(ref, "olga", "Is it done?")
    assert [c["state"] for c in desk.clocks(ref)] == ["running", "running"]
    desk.say(ref, "ivan", "It is.")
    assert [(c["cycle"], c["state"]) for c in desk.clocks(ref)] == [(1, "met"), (2, "met")]


def test_closing_without_an_answer_leaves_a_breach_and_takes_a_promise_back(desk: Desk) -> None:
    late, early = desk.open(severity="critical"), desk.open("Another matter")
    desk.later(hours=5)
    for ref in (late, early):
        desk.changed(ref, **FIXED)
        desk.changed(ref, state="closed")
    assert desk.clock(late)["state"] == "breached"
    assert [c["state"] for c in desk.case(early)["clocks"] if c["kind"] == "first_response"] == ["cancelled"]


def test_what_staff_begin_has_no_first_response_and_its_updates_count_from_there(desk: Desk) -> None:
    ref = desk.open("We move your data on Friday.", "ivan", severity="high")
    case = desk.case(ref)
    assert (case["opened_by"], case["cycles"][0]["first_response"]) == ("ivan", "none")
    assert [c["kind"] for c in case["clocks"]] == ["resolution", "update"]
    desk.say(ref, "olga", "On which Friday?")
    assert desk.clocks(ref) == []
    assert told("case", "open", "acme", "P0 of ours", "--as", "ivan")["p0"] is False


def test_a_cancelled_workspace_opens_nothing_and_a_suspended_one_does(desk: Desk) -> None:
    ref = desk.open()
    for state in ("suspended", "cancelled"):
        desk.later(minutes=1)
        services.do_put_workspace(slug="acme", product=PRODUCT, state=state, actor=ACTOR, now=clock.now())
        if state == "suspended":
            assert desk.clock(desk.open("Another matter"))["due_at"]
    with nothing_changes():
        answer = desk.rest.post("cases", {"workspace": "acme", "author": "olga", "text": "Hello?"})
    assert (answer.status_code, answer.json()["field"]) == (409, "workspace")
    desk.say(ref, "olga", "And this one?")
    begun = desk.open("Your last invoice", "ivan", severity="high")
    assert desk.case(begun)["clocks"] == []
