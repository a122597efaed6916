"""Split and move: messages go where they belong, and clocks are what they would have been (D16)."""

from __future__ import annotations

from datetime import timedelta

from roomdesk.cases.models import Case
from tests.cases_api.place import nothing_changes, token, told
from tests.cases_life.acting import FIXED, START, Desk, at


def two_matters(desk: Desk) -> tuple[str, list[int]]:
    """A case with the customer's second matter in it, two hours after the first: ids of all its messages."""
    ref = desk.open("The invoices are gone")
    desk.later(hours=2)
    desk.say(ref, "olga", "P0 and now nothing works at all")
    return ref, [m["id"] for m in desk.case(ref)["messages"]]


def test_a_split_case_is_decided_from_its_messages_alone(desk: Desk) -> None:
    ref, (_, second) = two_matters(desk)
    desk.later(minutes=30)
    made = desk.done(ref, "split", messages=[second], reason="Another matter")
    story = desk.case(made["ref"])
    assert (made["severity"], made["p0"], made["linked_to"], made["title"]) == (
        "critical", True, ref, "P0 and now nothing works at all",
    )  # fmt: skip
    assert at(made["opened_at"]) == START + timedelta(hours=2)
    clock = desk.clock(made["ref"])
    assert (at(clock["due_at"]), clock["state"]) == (START + timedelta(hours=6), "running")
    assert [m["id"] for m in story["messages"]] == [second]
    assert [m["text"] for m in desk.case(ref)["messages"]] == ["The invoices are gone"]
    assert desk.changes(ref, "split") == [(None, made["ref"])]
    assert desk.clock(ref)["state"] == "running"


def test_an_answer_that_goes_along_meets_the_new_clock_and_is_missed_by_the_old(desk: Desk) -> None:
    ref, (_, second) = two_matters(desk)
    desk.later(hours=1)
    answer = desk.say(ref, "ivan", "It works again since 13:00.")
    assert desk.clock(ref)["state"] == "met"
    desk.later(hours=1)
    made = desk.done(ref, "split", messages=[second, answer])
    assert (desk.clock(made["ref"])["state"], at(desk.clock(made["ref"])["stopped_at"])) == (
        "met", START + timedelta(hours=3),
    )  # fmt: skip
    assert made["state"] == "acknowledged"
    assert (desk.clock(ref)["state"], desk.clock(ref)["stopped_at"], desk.case(ref)["answered_at"]) == (
        "running", None, None,
    )  # fmt: skip
    desk.later(hours=1)
    desk.say(ref, "ivan", "And the invoices are back.")
    assert at(desk.clock(ref)["stopped_at"]) == START + timedelta(hours=5)


def test_a_breach_that_exists_only_by_the_split_says_so(desk: Desk) -> None:
    ref, (_, second) = two_matters(desk)
    desk.say(ref, "ivan", "We look.")
    desk.later(hours=8)
    late = desk.done(ref, "split", messages=[second])
    desk.later(minutes=1)
    clock = desk.clock(late["ref"])
    assert (clock["state"], clock["caused_by"]) == ("breached", "split")


def test_a_breach_after_the_split_is_an_ordinary_one(desk: Desk) -> None:
    ref, (_, second) = two_matters(desk)
    early = desk.done(ref, "split", messages=[second])
    desk.later(days=1)
    clock = desk.clock(early["ref"])
    assert (clock["state"], clock["caused_by"]) == ("breached", None)


def test_splits_that_cannot_be_are_refused(desk: Desk) -> None:
    ref, (first, second) = two_matters(desk)
    answer = desk.say(ref, "ivan", "We look.")
    for given, status, field in (
        ({"messages": []}, 422, "messages"),
        ({"messages": [999999]}, 422, "messages"),
        ({"messages": [2**70]}, 422, "messages"),
        ({"messages": [answer]}, 422, "messages"),
        ({"messages": [first, second]}, 409, "messages"),
        ({"messages": [second], "severity": "x"}, 422, "severity"),
        ({"messages": [second], "kind": "x"}, 422, "kind"),
        ({"messages": [second], "author": "olga"}, 422, "author"),
    ):  # fmt: skip
        with nothing_changes():
            refused = desk.act(ref, "split", **given)
        assert (refused.status_code, refused.json()["field"]) == (status, field), given


def test_a_split_of_a_restricted_case_is_restricted(desk: Desk) -> None:
    ref, (_, second) = two_matters(desk)
    desk.changed(ref, kind="security")
    assert desk.done(ref, "split", messages=[second])["restricted"] is True


def test_a_moved_answer_counts_where_it_belongs_at_its_own_time(desk: Desk) -> None:
    ref, other = desk.open(severity="critical"), desk.open("Another matter", severity="critical")
    desk.later(hours=1)
    answer = desk.say(ref, "ivan", "It is in the archive.")
    desk.later(hours=4)
    assert (desk.clock(ref)["state"], desk.clock(other)["state"]) == ("met", "breached")
    told("case", "move", ref, str(answer), "--to", other, "--as", "ivan", "--reason", "Wrong thread")
    clock = desk.clock(other)
    assert (clock["state"], at(clock["stopped_at"])) == ("met", START + timedelta(hours=1))
    desk.later(minutes=1)
    # The other one was not answered after all, which nobody could know before the move.
    assert (desk.clock(ref)["state"], desk.clock(ref)["caused_by"]) == ("breached", "move")
    assert [m["why"]["code"] for m in desk.case(other)["messages"]] == ["face", "moved"]


def test_moves_that_cannot_be_are_refused(desk: Desk) -> None:
    ref, (first, second) = two_matters(desk)
    other, closed = desk.open("Another matter"), desk.open("A third one")
    theirs = desk.open("Ours", "oto", workspace="beta")
    desk.changed(closed, **FIXED)
    desk.changed(closed, state="closed")
    for given, status, field in (
        ({"messages": [second], "to": ref}, 422, "to"),
        ({"messages": [second], "to": theirs}, 422, "ref"),
        ({"messages": [second], "to": closed}, 409, "state"),
        ({"messages": [second], "to": "BC-1"}, 404, "ref"),
        ({"messages": [first, second], "to": other}, 409, "messages"),
    ):  # fmt: skip
        with nothing_changes():
            refused = desk.act(ref, "move", **given)
        assert (refused.status_code, refused.json()["field"]) == (status, field), given
    desk.changed(ref, kind="security")
    with nothing_changes():
        assert desk.act(ref, "move", messages=[second], to=other).status_code == 409


def test_a_repeat_with_a_key_splits_once(desk: Desk) -> None:
    ref, (_, second) = two_matters(desk)
    body = {"author": "ivan", "messages": [second]}
    refs = {desk.rest.post(f"cases/{ref}/split", body, key="one").json()["ref"] for _ in range(3)}
    assert len(refs) == 1
    assert Case.objects.count() == 2


def test_a_token_of_one_workspace_decides_nothing(desk: Desk) -> None:
    from tests.cases_api.place import Rest

    ref, (_, second) = two_matters(desk)
    limited = Rest(token("acme", "cases:read", "cases:write", workspace="acme"))
    with nothing_changes():
        answers = [
            limited.patch(f"cases/{ref}", {"severity": "critical"}),
            limited.post(f"cases/{ref}/split", {"messages": [second]}),
            limited.post(f"cases/{ref}/calls", {"author": "ivan", "direction": "inbound", "connected": True}),
            limited.get("questions"),
        ]
    assert {answer.status_code for answer in answers} == {403}
