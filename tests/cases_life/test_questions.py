"""Questions by REST: which case does this message of staff answer (D10)? Their making is shown in tests/flow."""

from __future__ import annotations

import pytest

from roomdesk.cases.models import Question
from roomdesk.record.models import Message
from roomdesk.runtime import clock
from tests.cases_api.place import nothing_changes
from tests.cases_life.acting import START, Desk, at


@pytest.fixture
def asked(desk: Desk) -> tuple[str, str, int]:
    """Two cases, and a message of Ivan of which nothing says which of them it answers."""
    one, two = desk.open(), desk.open("Another matter")
    said = Message.objects.get(pk=desk.say(one, "ivan", "Have a look now."))
    desk.later(hours=1)
    said.pk, said.case, said.number = said.pk + 1000, None, said.number + 1000
    said.save(force_insert=True)
    question = Question.objects.create(
        id=1, workspace=said.workspace, message_id=said.pk, author_ref=said.author_ref, at=said.at,
        asked_at=clock.now(), choices=[one, two],
    )  # fmt: skip
    return one, two, question.pk


def test_it_is_listed_answered_once_and_counts_at_the_messages_time(desk: Desk, asked: tuple[str, str, int]) -> None:
    one, two, number = asked
    listed = desk.rest.get("questions?workspace=acme").json()["items"]
    assert [(item["id"], item["choices"], item["text"]) for item in listed] == [
        (number, [one, two], "Have a look now.")
    ]
    done = desk.rest.post(f"questions/{number}/answer", {"author": "petya", "case": two})
    assert (done.status_code, done.json()["case"], done.json()["answered_by"]) == (200, two, "petya")
    assert at(desk.clock(two)["stopped_at"]) == START
    with nothing_changes():
        assert desk.rest.post(f"questions/{number}/answer", {"case": two}).status_code == 200
        assert desk.rest.post(f"questions/{number}/answer", {"case": one}).status_code == 409
    assert desk.rest.get("questions").json()["items"] == []
    assert [item["case"] for item in desk.rest.get("questions?answered=true").json()["items"]] == [two]


def test_what_is_no_answer_is_refused_by_field(desk: Desk, asked: tuple[str, str, int]) -> None:
    one, _, number = asked
    third = desk.open("Opened afterwards")
    for given, status, field in (
        ({}, 422, "case"),
        ({"case": one, "none": True}, 422, "case"),
        ({"case": third}, 422, "case"),
        ({"case": "BC-1"}, 422, "case"),
        ({"case": one, "author": "olga"}, 422, "author"),
    ):
        with nothing_changes():
            answer = desk.rest.post(f"questions/{number}/answer", given)
        assert (answer.status_code, answer.json()["field"]) == (status, field), given
    for wrong in (number + 1, 2**70):
        with nothing_changes():
            assert desk.rest.post(f"questions/{wrong}/answer", {"none": True}).status_code == 404
    with nothing_changes():
        assert desk.rest.get("questions?state=open").status_code == 422
        assert desk.rest.get("questions?workspace=nowhere").status_code == 404


def test_a_case_that_was_merged_meanwhile_answers_for_where_it_went(desk: Desk, asked: tuple[str, str, int]) -> None:
    one, two, number = asked
    desk.done(two, "merge", into=one)
    desk.rest.post(f"questions/{number}/answer", {"case": two})
    assert [m["text"] for m in desk.case(one)["messages"]][-1] == "Have a look now."
    assert desk.clock(one)["state"] == "met"
