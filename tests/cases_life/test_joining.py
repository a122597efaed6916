"""Merge (D16): the earliest due among the unmet, the higher severity, and back again within ten minutes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.cases_api.place import nothing_changes, told
from tests.cases_life.acting import FIXED, START, Desk, at


def pair(desk: Desk, **second: Any) -> tuple[str, str]:
    """Two open cases, the second an hour later."""
    one = desk.open()
    desk.later(hours=1)
    return one, desk.open("The same, only worse", "mira", **second)


def test_the_earliest_due_goes_on_and_the_severity_is_the_higher(desk: Desk) -> None:
    one, two = pair(desk, severity="critical")
    merged = desk.done(two, "merge", into=one, reason="The same")
    assert (merged["ref"], merged["severity"]) == (one, "critical")
    assert at(desk.clock(one)["due_at"]) == START + timedelta(hours=5)
    gone = desk.case(two)
    assert (gone["state"], gone["merged_into"], desk.case(one)["merged"]) == ("merged", one, [two])
    assert {c["state"] for c in gone["clocks"]} == {"cancelled"}
    desk.say(one, "ivan", "We look.")
    assert desk.clock(one)["state"] == "met"
    desk.later(days=30)
    assert {c["state"] for c in desk.case(two)["clocks"]} == {"cancelled"}, "a merged case never alarms"


def test_what_was_met_stays_met_and_what_is_owed_is_owed(desk: Desk) -> None:
    one, two = pair(desk)
    desk.say(one, "ivan", "We look.")
    desk.done(two, "merge", into=one)
    assert [c["state"] for c in desk.clocks(one)] == ["met", "running"]
    assert desk.case(one)["answered_at"] is None
    desk.say(one, "ivan", "It is the same.")
    assert [c["state"] for c in desk.clocks(one)] == ["met", "met"]


def test_later_words_in_a_merged_case_belong_to_where_it_went(desk: Desk) -> None:
    one, two = pair(desk)
    three = desk.open("And again", "olga")
    desk.done(three, "merge", into=two)
    desk.done(two, "merge", into=one)
    desk.say(three, "mira", "Any news?")
    assert [m["text"] for m in desk.case(one)["messages"]][-1] == "Any news?"


def test_the_same_merge_again_changes_nothing(desk: Desk) -> None:
    one, two = pair(desk)
    desk.done(two, "merge", into=one)
    with nothing_changes():
        assert desk.done(two, "merge", into=one)["ref"] == one


def test_merges_that_cannot_be_are_refused(desk: Desk) -> None:
    one, two = pair(desk)
    theirs, done = desk.open("Ours", "oto", workspace="beta"), desk.open("A third one")
    desk.changed(done, **FIXED)
    for ref, into, status, field in (
        (one, one, 422, "into"),
        (one, theirs, 422, "ref"),
        (one, "BC-1", 404, "ref"),
        ("BC-1", one, 404, "ref"),
        (one, done, 409, "into"),
        (done, one, 409, "ref"),
    ):
        with nothing_changes():
            refused = desk.act(ref, "merge", into=into)
        assert (refused.status_code, refused.json()["field"]) == (status, field), (ref, into)
    desk.changed(two, kind="security")
    with nothing_changes():
        assert desk.act(two, "merge", into=one).json()["field"] == "into"
    assert desk.done(one, "merge", into=two)["restricted"] is True


def test_undone_within_ten_minutes_all_is_as_before(desk: Desk) -> None:
    one, two = pair(desk, severity="critical")
    desk.changed(two, state="waiting_customer")
    before = [_standing(desk, ref) for ref in (one, two)]
    told("case", "merge", two, one, "--as", "ivan")
    desk.later(minutes=10)
    told("case", "unmerge", two, "--as", "ivan", "--reason", "They differ")
    assert [_standing(desk, ref) for ref in (one, two)] == before
    desk.say(two, "ivan", "We look.")
    assert (desk.clock(two)["state"], desk.clock(one)["state"]) == ("met", "running")


def _standing(desk: Desk, ref: str) -> tuple[Any, ...]:
    case = desk.case(ref)
    clocks = {(c["kind"], c["due_at"], c["state"]) for c in case["clocks"] if c["state"] != "cancelled"}
    return case["state"], case["severity"], case["merged_into"], case["answered_at"], clocks


def test_after_ten_minutes_and_where_nothing_was_merged_undoing_is_refused(desk: Desk) -> None:
    one, two = pair(desk)
    with nothing_changes():
        assert desk.act(one, "unmerge").status_code == 409
    desk.done(two, "merge", into=one)
    desk.later(minutes=10, seconds=1)
    with nothing_changes():
        refused = desk.act(two, "unmerge")
    assert (refused.status_code, refused.json()["field"]) == (409, "ref")
    assert "ten minutes" in refused.json()["detail"]


def test_a_merge_can_be_done_again_after_it_was_undone(desk: Desk) -> None:
    one, two = pair(desk)
    for _ in range(2):
        desk.done(two, "merge", into=one)
        desk.done(two, "unmerge")
    assert (desk.case(two)["state"], desk.clock(two)["state"], desk.clock(one)["state"]) == (
        "new", "running", "running",
    )  # fmt: skip


def test_only_what_both_waited_for_is_waited_for_still(desk: Desk) -> None:
    one, two = pair(desk)
    desk.changed(one, state="waiting_customer")
    assert desk.done(two, "merge", into=one)["state"] == "investigating"
