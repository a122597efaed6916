"""D20: which phone calls are a first response; and what else is none (DESIGN §6)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.cases_api.place import command, nothing_changes, told
from tests.cases_life.acting import START, Desk, at


@pytest.mark.parametrize(
    ("direction", "connected", "noted", "answers"),
    [
        ("inbound", True, "", True),
        ("inbound", True, "She knows.", True),
        ("inbound", False, "Missed it.", False),
        ("outbound", True, "She knows.", True),
        ("outbound", True, " ", False),
        ("outbound", False, "Nobody there.", False),
    ],
)
def test_a_call_counts_at_its_time_if_the_customer_was_spoken_to(
    desk: Desk, direction: str, connected: bool, noted: str, answers: bool
) -> None:
    ref = desk.open(severity="critical")
    desk.later(hours=5)
    given = {"direction": direction, "connected": connected, "note": noted, "at": "2026-03-02T09:00:00Z"}
    case = desk.done(ref, "calls", **given)
    clock = desk.clock(ref)
    assert (clock["state"], case["state"]) == (("met", "acknowledged") if answers else ("breached", "new"))
    assert clock["stopped_at"] == ("2026-03-02T09:00:00Z" if answers else None)
    noted_as = [c for c in desk.case(ref)["changes"] if c["what"] == "call"]
    assert [(c["after"], c["by"]) for c in noted_as] == [
        (f"{direction} {'connected' if connected else 'in vain'}", "ivan")
    ]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"direction": "sideways"}, "direction"),
        ({"at": "2026-03-02T08:00:01Z"}, "at"),
        ({"at": "2026-03-02T07:59:59Z"}, "at"),
        ({"author": "olga"}, "author"),
        ({"connected": "yes"}, "connected"),
    ],
)
def test_calls_that_cannot_be_are_refused(desk: Desk, given: dict[str, object], field: str) -> None:
    ref = desk.open()
    with nothing_changes():
        answer = desk.act(ref, "calls", **{"direction": "inbound", "connected": True, **given})
    assert (answer.status_code, answer.json()["field"]) == (422, field)


def test_a_call_is_noted_once_for_a_key_and_by_command_line(desk: Desk) -> None:
    ref = desk.open()
    call = {"author": "ivan", "direction": "inbound", "connected": True}
    for _ in range(2):
        assert desk.rest.post(f"cases/{ref}/calls", call, key="one").status_code == 201
    told("case", "call", ref, "outbound", "--in-vain", "--as", "ivan")
    assert [after for _, after in desk.changes(ref, "call")] == ["inbound connected", "outbound in vain"]
    assert command("case", "call", ref, "outbound", "--as", "ivan").exit_code == 2


def test_no_change_of_a_case_is_an_answer(desk: Desk) -> None:
    ref = desk.open()
    for state in ("acknowledged", "investigating", "waiting_third_party", "waiting_customer"):
        desk.changed(ref, state=state, assignee="ivan", severity="high", kind="incident")
    clock = desk.clock(ref)
    assert (clock["state"], clock["stopped_at"], desk.case(ref)["answered_at"]) == ("running", None, None)
    assert at(clock["started_at"]) == START
    desk.later(minutes=5)
    desk.say(ref, "ivan", "We look.")
    assert at(desk.clock(ref)["stopped_at"]) == START + timedelta(minutes=5)
