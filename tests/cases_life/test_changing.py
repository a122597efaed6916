"""Staff change a case: severity, kind, assignee, states, snooze; with who, when and why, and clocks that follow (D3, D17)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from roomdesk.audit.models import Content, Entry
from tests.cases_api.place import Rest, nothing_changes, token, told
from tests.cases_life.acting import FIXED, START, Desk, at


def test_a_higher_severity_counts_from_the_start_but_never_before_the_grace(desk: Desk) -> None:
    ref = desk.open()
    desk.later(hours=4, minutes=30)
    case = desk.changed(ref, severity="critical", reason="Nobody can invoice.")
    assert case["severity"] == "critical"
    # 4 business hours since 10:00 were over at 14:00; 15 minutes of grace since 14:30 end at 14:45.
    assert at(desk.clock(ref)["due_at"]) == START + timedelta(hours=4, minutes=45)
    change = [c for c in desk.case(ref)["changes"] if c["what"] == "severity"]
    assert [(c["before"], c["after"], c["by"], c["reason"], c["mark"]) for c in change] == [
        ("normal", "critical", "ivan", "Nobody can invoice.", None)
    ]
    entry = Entry.objects.get(action="case.severity", subject=f"case:{ref}")
    assert '"by":"ivan"' in Content.objects.get(pk=entry.pk).data


def test_a_lower_severity_needs_a_reason_and_is_marked_for_the_report(desk: Desk) -> None:
    ref = desk.open(severity="critical")
    before = desk.clock(ref)["due_at"]
    with nothing_changes():
        refused = desk.change(ref, severity="normal", reason=" ")
    assert (refused.status_code, refused.json()["field"]) == (422, "reason")
    assert desk.changed(ref, severity="normal", reason="One person only.")["severity"] == "normal"
    assert [c["mark"] for c in desk.case(ref)["changes"] if c["what"] == "severity"] == ["downward"]
    assert desk.clock(ref)["due_at"] > before


def test_a_published_breach_stays_when_the_severity_is_lowered(desk: Desk) -> None:
    ref = desk.open(severity="critical")
    desk.later(hours=5)
    assert desk.clock(ref)["state"] == "breached"
    desk.changed(ref, severity="normal", reason="One person only.")
    desk.say(ref, "ivan", "We look.")
    assert desk.clock(ref)["state"] == "breached"


def test_a_kind_goes_before_the_severity_in_the_table(desk: Desk) -> None:
    ref = desk.open(severity="critical")
    assert desk.changed(ref, kind="feature_request")["kind"] == "feature_request"
    clock = desk.clock(ref)
    assert clock["target"] == {"kind": "business_days", "amount": "5", "soft": False}
    assert [c["state"] for c in desk.case(ref)["clocks"] if c["kind"] == "resolution"] == ["running"]


def test_the_same_again_changes_nothing(desk: Desk) -> None:
    ref = desk.open()
    wanted = {"severity": "high", "kind": "incident", "assignee": "petya", "state": "investigating"}
    desk.changed(ref, **wanted, snoozed_until="2026-03-03T08:00:00Z")
    with nothing_changes():
        desk.changed(ref, **wanted, snoozed_until="2026-03-03T08:00:00Z")


REFUSED = [
    ({"severity": "apocalyptic"}, 422, "severity", "critical, high, normal"),
    ({"kind": "nonsense"}, 422, "kind", "incident"),
    ({"state": "done"}, 422, "state", "there are new"),
    ({"state": "closed"}, 409, "state", "it can become acknowledged"),
    ({"state": "merged"}, 409, "state", "cannot become merged"),
    ({"state": "resolved", "fix": "x"}, 422, "root_cause", "root_cause_unknown"),
    ({"state": "resolved", "root_cause": "x"}, 422, "fix", "immediate fix"),
    ({"state": "resolved", "fix": "x", "root_cause": "y", "root_cause_unknown": True}, 422, "root_cause", "one or the"),
    ({"fix": "x"}, 422, "fix", "resolved"),
    ({"assignee": "olga"}, 422, "assignee", "staff"),
    ({"assignee": "nobody"}, 422, "assignee", "staff"),
    ({"author": "olga", "severity": "high"}, 422, "author", "staff"),
    ({"snoozed_until": "2026-03-02T08:00:00Z"}, 422, "snoozed_until", "to come"),
    ({"snoozed_until": "9999-12-31T23:59:59-05:00"}, 422, "snoozed_until", "within a year"),
    ({"snoozed_until": "2026-03-02T08:00:00"}, 422, "snoozed_until", "timezone"),
    ({"severity": "high", "assignee": "olga"}, 422, "assignee", "staff"),
    ({"owner": "ivan"}, 422, "owner", "no field"),
]  # fmt: skip


def test_what_is_refused_names_the_field_and_changes_nothing_at_all(desk: Desk) -> None:
    ref = desk.open()
    for given, status, field, says in REFUSED:
        with nothing_changes():
            answer = desk.change(ref, **given)
        assert (answer.status_code, answer.json()["field"]) == (status, field), given
        assert says in answer.json()["detail"] and answer.json()["detail"].endswith("."), given


def test_waiting_for_the_customer_pauses_all_but_the_first_response_and_their_words_resume(desk: Desk) -> None:
    ref = desk.open(severity="high")
    desk.say(ref, "ivan", "Which invoice?")
    due = at(desk.clock(ref, "resolution")["due_at"])
    desk.changed(ref, state="waiting_customer")
    assert desk.clock(ref, "resolution")["due_at"] is None
    desk.later(hours=3)
    desk.say(ref, "olga", "Number 7, since this morning.")
    assert desk.case(ref)["state"] == "investigating"
    assert at(desk.clock(ref, "resolution")["due_at"]) > due


WAITS = [
    ("waiting_customer", "customer", "investigating"),
    ("waiting_customer", "time", "investigating"),
    # What the customer says is seen at once, and the third party still owes its answer.
    ("waiting_third_party", "customer", "waiting_third_party"),
    ("waiting_third_party", "time", "investigating"),
]


@pytest.mark.parametrize(("state", "wakes", "then"), WAITS)
def test_a_case_waits_for_an_answer_or_until_a_time_and_then_goes_on(
    desk: Desk, state: str, wakes: str, then: str
) -> None:
    ref, whose = desk.open(severity="high"), ["--third-party"] if "third" in state else []
    desk.say(ref, "ivan", "I ask the bank, and you.")
    done = told("case", "wait", ref, "--until", "2026-03-04T08:00:00Z", "--as", "ivan", *whose)
    assert (done["state"], done["snoozed_until"]) == (state, "2026-03-04T08:00:00Z")
    desk.later(days=1)
    assert (desk.case(ref)["state"], desk.case(ref)["snoozed_until"]) == (state, "2026-03-04T08:00:00Z")
    if wakes == "customer":
        desk.say(ref, "olga", "Here is the log.")
    desk.later(days=1, minutes=1)
    case = desk.case(ref)
    assert (case["state"], case["snoozed_until"]) == (then, None)
    assert desk.clock(ref, "resolution")["due_at"], "it runs"
    reasons = [one["reason"] for one in case["changes"] if one["what"] == "state"]
    assert reasons.count("The time that it waited for has come.") == (wakes == "time")
    before = len(case["changes"])
    desk.later(days=3)
    assert len(desk.case(ref)["changes"]) == before


def test_a_snooze_of_a_case_that_is_worked_on_changes_no_state(desk: Desk) -> None:
    ref = desk.open()
    desk.changed(ref, state="investigating", snoozed_until="2026-03-02T10:00:00Z")
    desk.changed(ref, state="waiting_customer")
    desk.changed(ref, state="investigating")
    before = desk.changes(ref, "state")
    desk.later(hours=3)
    assert (desk.case(ref)["snoozed_until"], desk.changes(ref, "state")) == (None, before)


def test_thanks_neither_resume_nor_wake_nor_reopen(desk: Desk) -> None:
    ref = desk.open()
    desk.say(ref, "ivan", "Which invoice?")
    desk.changed(ref, state="waiting_customer", snoozed_until="2026-03-05T08:00:00Z")
    desk.say(ref, "olga", "Ok, thanks!")
    case = desk.case(ref)
    assert (case["state"], case["snoozed_until"]) == ("waiting_customer", "2026-03-05T08:00:00Z")
    desk.changed(ref, **FIXED)
    desk.say(ref, "olga", "Thank you 👍")
    assert (desk.case(ref)["state"], desk.case(ref)["cycle"]) == ("resolved", 1)


@pytest.mark.parametrize("wakes", ["time", "customer", "staff"])
def test_a_snooze_ends_by_its_time_by_the_customer_or_by_staff(desk: Desk, wakes: str) -> None:
    ref = desk.open()
    desk.changed(ref, snoozed_until="2026-03-02T10:00:00Z")
    desk.changed(ref, snoozed_until="2026-03-02T12:00:00Z")
    desk.later(hours=2, minutes=1)
    assert desk.case(ref)["snoozed_until"] == "2026-03-02T12:00:00Z"
    if wakes == "time":
        desk.later(hours=2)
    elif wakes == "customer":
        desk.say(ref, "olga", "And where is it?")
    else:
        desk.changed(ref, snoozed_until=None)
    assert desk.case(ref)["snoozed_until"] is None
    assert len(desk.changes(ref, "snooze")) == 3
    desk.later(hours=9)
    assert len(desk.changes(ref, "snooze")) == 3


def test_a_case_is_taken_and_given_away_by_command_line(desk: Desk) -> None:
    ref = desk.open()
    assert told("case", "take", ref, "--as", "ivan")["assignee"] == "ivan"
    assert told("case", "assign", ref, "petya", "--as", "ivan", "--reason", "Knows it")["assignee"] == "petya"
    assert told("case", "assign", ref)["assignee"] is None
    assert desk.changes(ref, "assignee") == [(None, "ivan"), ("ivan", "petya"), ("petya", None)]
    by = [c["by"] for c in desk.case(ref)["changes"] if c["what"] == "assignee"]
    assert by[:2] == ["ivan", "ivan"] and by[2].startswith("cli:")


def test_each_step_of_a_case_by_command_line(desk: Desk) -> None:
    ref = desk.open()
    steps: list[tuple[tuple[str, ...], str]] = [
        (("severity", ref, "high"), "new"),
        (("kind", ref, "incident"), "new"),
        (("ack", ref), "acknowledged"),
        (("go-on", ref), "investigating"),
        (("wait", ref), "waiting_customer"),
        (("wait", ref, "--third-party"), "waiting_third_party"),
        (("go-on", ref), "investigating"),
        (("snooze", ref, "2026-03-03T08:00:00Z"), "investigating"),
        (("resolve", ref, "--fix", "Restarted", "--root-cause-unknown"), "resolved"),
        (("close", ref), "closed"),
        (("reopen", ref, "--reason", "Too early"), "investigating"),
    ]  # fmt: skip
    for words, state in steps:
        assert told("case", *words, "--as", "ivan")["state"] == state
    assert [after for _, after in desk.changes(ref, "state")] == [
        "new", "acknowledged", "investigating", "waiting_customer", "waiting_third_party", "investigating",
        "resolved", "closed", "investigating",
    ]  # fmt: skip
    cycles: list[dict[str, Any]] = desk.case(ref)["cycles"]
    assert [(c["number"], c["fix"], c["root_cause"], c["root_cause_unknown"]) for c in cycles] == [
        (1, "Restarted", None, True),
        (2, None, None, False),
    ]


def test_a_token_of_the_customer_is_told_what_is_promised_and_not_what_the_desk_keeps_to_itself(desk: Desk) -> None:
    ref = desk.open(severity="critical")
    desk.changed(ref, severity="normal", reason="She always says so.", assignee="petya")
    desk.done(ref, "calls", direction="outbound", connected=False, note="Not in a good mood.")
    desk.changed(ref, snoozed_until="2026-03-05T08:00:00Z")
    desk.changed(ref, **FIXED)
    limited = Rest(token("acme", "cases:read", "cases:write", workspace="acme"))
    story = limited.get(f"cases/{ref}").json()
    shown = [story, limited.get("cases").json()["items"][0], limited.get(f"cases/{ref}/sla").json()]
    assert [[c.get("public") for c in value["clocks"]] for value in shown] == [[True]] * 3
    assert [(c["what"], c["reason"], c["mark"]) for c in story["changes"]] == [
        ("state", None, None), ("severity", None, None), ("state", None, None),
    ]  # fmt: skip
    assert [(cycle["fix"], cycle["root_cause"]) for cycle in story["cycles"]] == [(None, None)]
    assert desk.case(ref)["cycles"][0]["root_cause"] == "A full disk", "staff are told"
    assert {value.get("snoozed_until") for value in shown} == {None}
    assert "She always says so." not in str(shown)
    assert "She always says so." in desk.rest.get(f"cases/{ref}/sla").text, "staff are told"
    assert len(desk.case(ref)["clocks"]) == 2
    assert len(desk.case(ref)["changes"]) == 7
