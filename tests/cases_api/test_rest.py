"""Cases over REST: opened, listed, told, answered; and what is refused."""

from __future__ import annotations

from fractions import Fraction

import pytest

from roomdesk.cases.models import Case
from roomdesk.record.models import Message
from tests.cases_api.place import Rest, nothing_changes, token, told


def test_opened_case_tells_its_ref_place_and_clock(rest: Rest) -> None:
    answer = rest.post("cases", {"workspace": "acme", "author": "olga", "text": "P0: nothing works"})
    case = answer.json()
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"/api/v1/cases/{case['ref']}"
    assert (case["severity"], case["p0"], case["opened_by"], case["channel"]) == ("critical", True, "olga", "rest")
    assert case["clocks"][0]["state"] == "running"
    assert case["clocks"][0]["due_at"]
    assert rest.get(f"cases/{case['ref']}").json()["messages"][0]["text"] == "P0: nothing works"


def test_staff_answer_meets_the_clock_and_both_faces_tell_the_same(rest: Rest) -> None:
    ref = rest.open()
    answer = rest.post(f"cases/{ref}/messages", {"author": "ivan", "text": "We are on it"})
    assert (answer.status_code, answer.json()["state"]) == (201, "recorded")
    story = rest.get(f"cases/{ref}").json()
    assert [m["author"] for m in story["messages"]] == ["olga", "ivan"]
    assert [(c["what"], c["after"]) for c in story["changes"]] == [("state", "new"), ("state", "acknowledged")]
    assert story["clocks"][0]["state"] == "met"
    assert told("case", "show", ref) == story


def test_sla_tells_promise_windows_and_standing(rest: Rest) -> None:
    ref = rest.open(severity="critical")
    told = rest.get(f"cases/{ref}/sla").json()["clocks"][0]
    assert told["target"]["words"] == "4 business hours"
    assert told["calendar"] == {"name": "sofia", "timezone": "Europe/Sofia"}
    # In office hours the first window begins at a fraction of a second, and due times are whole seconds.
    assert 0 <= sum(Fraction(s.get("seconds", 0)) for s in told["segments"]) - 4 * 3600 < 1
    assert (told["state"], told["tier"], told["policy"]["version"]) == ("running", "pro", 1)
    assert told["due_at"] == rest.get(f"cases/{ref}").json()["clocks"][0]["due_at"]


def test_list_is_newest_first_in_pages_that_meet(rest: Rest) -> None:
    refs = [rest.open(f"Matter {number}") for number in range(5)]
    seen: list[str] = []
    path = "cases?limit=2"
    while True:
        page = rest.get(path).json()
        seen += [item["ref"] for item in page["items"]]
        if page["next"] is None:
            break
        path = f"cases?limit=2&before={page['next']}"
    assert seen == refs[::-1]


def test_list_is_narrowed_by_workspace_and_state(rest: Rest) -> None:
    ours, theirs = rest.open(), rest.open(workspace="beta", author="oto")
    rest.post(f"cases/{ours}/messages", {"author": "ivan", "text": "Yes?"})
    assert _refs(rest, "workspace=beta") == [theirs]
    assert _refs(rest, "state=acknowledged") == [ours]
    assert _refs(rest, "state=open") == [theirs, ours]
    assert _refs(rest, "state=closed") == []


def _refs(rest: Rest, asked: str) -> list[str]:
    return [item["ref"] for item in rest.get(f"cases?{asked}").json()["items"]]


_GOOD = {"workspace": "acme", "author": "olga", "text": "Hello?"}


def test_closed_case_takes_no_words(rest: Rest) -> None:
    ref = rest.open()
    Case.objects.update(state=Case.State.CLOSED)
    with nothing_changes():
        answer = rest.post(f"cases/{ref}/messages", {"author": "olga", "text": "And?"})
    assert answer.status_code == 409


def test_repeat_with_a_key_gets_the_first_answer_and_does_nothing(rest: Rest) -> None:
    first = rest.post("cases", _GOOD, key="k1")
    with nothing_changes():
        again = rest.post("cases", _GOOD, key="k1")
    assert (again.status_code, again.json(), again.headers["Location"]) == (
        201,
        first.json(),
        first.headers["Location"],
    )
    assert again.headers["Idempotent-Replayed"] == "true"
    said = {"author": "ivan", "text": "We look"}
    ref = first.json()["ref"]
    ids = {rest.post(f"cases/{ref}/messages", said, key="k2").json()["id"] for _ in range(3)}
    assert len(ids) == 1
    assert Message.objects.count() == 2


def test_refusal_does_not_use_the_key_up(rest: Rest) -> None:
    assert rest.post("cases", {**_GOOD, "text": ""}, key="once").status_code == 422
    assert rest.post("cases", _GOOD, key="once").status_code == 201


def test_key_of_another_request_is_refused(rest: Rest) -> None:
    rest.post("cases", _GOOD, key="k1")
    with nothing_changes():
        assert rest.post("cases", {**_GOOD, "text": "Something else"}, key="k1").status_code == 409


def test_without_a_key_each_request_counts(rest: Rest) -> None:
    rest.post("cases", _GOOD)
    rest.post("cases", _GOOD)
    assert Case.objects.count() == 2


@pytest.mark.parametrize(("scopes", "reads", "writes"), [(("cases:read",), 200, 403), (("cases:write",), 403, 201)])
def test_scopes_are_kept_apart(rest: Rest, scopes: tuple[str, ...], reads: int, writes: int) -> None:
    ref = rest.open()
    narrow = Rest(token("narrow", *scopes))
    for path in ("cases", f"cases/{ref}", f"cases/{ref}/sla"):
        assert narrow.get(path).status_code == reads
    assert narrow.post("cases", _GOOD).status_code == writes
    assert narrow.post(f"cases/{ref}/messages", {"author": "olga", "text": "x"}).status_code == writes


def test_nobody_is_told_anything_without_a_token(rest: Rest) -> None:
    ref = rest.open()
    for stranger in (Rest(None), Rest("rd_wrong")):
        with nothing_changes():
            answers = [
                stranger.get(f"cases/{ref}"),
                stranger.get("workspaces/acme/room"),
                stranger.post("cases", _GOOD),
            ]
        assert [answer.status_code for answer in answers] == [401, 401, 401]


def test_token_of_one_workspace_sees_and_touches_only_it(rest: Rest) -> None:
    ours, theirs = rest.open(), rest.open(workspace="beta", author="oto")
    limited = Rest(token("beta", "cases:read", "cases:write", workspace="beta"))
    assert [item["ref"] for item in limited.get("cases").json()["items"]] == [theirs]
    missing = limited.get("cases/BC-999999").json()["detail"].replace("BC-999999", ours)
    with nothing_changes():
        hidden = [
            limited.get(f"cases/{ours}"),
            limited.get(f"cases/{ours}/sla"),
            limited.get("cases?workspace=acme"),
            limited.get("workspaces/acme/room"),
            limited.post("cases", _GOOD),
            limited.post(f"cases/{ours}/messages", {"author": "oto", "text": "x"}),
        ]
    assert {answer.status_code for answer in hidden} == {404}
    assert hidden[0].json()["detail"] == missing, "missing and forbidden are told in the same words"


def test_token_of_one_workspace_cannot_speak_for_staff(rest: Rest) -> None:
    ref = rest.open(workspace="beta", author="oto")
    limited = Rest(token("beta", "cases:read", "cases:write", workspace="beta"))
    with nothing_changes():
        refused = [limited.post(f"cases/{ref}/messages", {"author": who, "text": "Done"}) for who in ("ivan", "nobody")]
    assert [answer.status_code for answer in refused] == [422, 422]
    assert refused[0].json()["detail"].replace("ivan", "nobody") == refused[1].json()["detail"]
    assert limited.post(f"cases/{ref}/messages", {"author": "oto", "text": "Please"}).status_code == 201
    assert limited.get(f"cases/{ref}").json()["clocks"][0]["state"] == "running"
