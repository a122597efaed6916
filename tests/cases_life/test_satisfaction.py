"""What customers say of a resolution, by REST and command line, and the report of it (R57)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from roomdesk.refusals import NotFound
from roomdesk.reports import satisfaction
from tests.cases_api.place import PRODUCT, Rest, command, nothing_changes, token, told
from tests.cases_life.acting import FIXED, Desk
from tests.cases_life.test_incidents import EVERYONE

pytestmark = pytest.mark.part_of("R57")


def rate(desk: Desk, ref: str, score: str, author: str = "olga") -> Any:
    return desk.rest.post(f"cases/{ref}/satisfaction", {"author": author, "score": score})


def test_the_customers_word_stands_with_the_cycle_and_may_change(desk: Desk) -> None:
    ref = desk.open()
    desk.changed(ref, **FIXED)
    assert rate(desk, ref, "good").status_code == 200
    with nothing_changes():
        assert rate(desk, ref, "good", "mira").status_code == 200
    assert rate(desk, ref, "bad", "mira").status_code == 200
    assert [cycle["satisfaction"] for cycle in desk.case(ref)["cycles"]] == ["bad"]
    assert desk.changes(ref, "satisfaction") == [(None, "good"), ("good", "bad")]
    assert "The customer says: bad." in command("case", "show", ref).stdout
    assert desk.changes(ref, "state")[-1] == ("resolved", "closed"), "the good word has closed it"
    assert rate(desk, ref, "good").json()["state"] == "closed"


def test_a_good_word_closes_and_a_bad_one_does_not(desk: Desk) -> None:
    refs = [desk.open(), desk.open("Another", "mira")]
    for ref, score in zip(refs, ("good", "bad"), strict=True):
        desk.changed(ref, **FIXED)
        rate(desk, ref, score)
    assert [desk.case(ref)["state"] for ref in refs] == ["closed", "resolved"]


def test_words_by_rest_that_only_confirm_close_the_case_and_others_reopen_it(desk: Desk) -> None:
    ref = desk.open()
    desk.changed(ref, **FIXED)
    for text, state in (("Works now, thank you!", "closed"), ("Funciona, obrigado", "closed"), ("Still broken", "new")):
        assert desk.rest.post(f"cases/{ref}/messages", {"author": "olga", "text": text}).status_code == 201
        assert desk.case(ref)["state"] == state, text
    desk.changed(ref, **FIXED)
    assert desk.rest.post(f"cases/{ref}/messages", {"author": "ivan", "text": "Works now"}).status_code == 201
    assert desk.case(ref)["state"] == "resolved", "staff confirm nothing"


@pytest.mark.parametrize(
    ("score", "author", "status", "field"),
    [
        ("great", "olga", 422, "score"),
        ("good", "ivan", 422, "author"),
        ("good", "oto", 422, "author"),
        ("good", "nobody", 422, "author"),
    ],
)
def test_what_is_no_word_of_a_customer_is_refused(desk: Desk, score: str, author: str, status: int, field: str) -> None:
    ref = desk.open()
    desk.changed(ref, **FIXED)
    with nothing_changes():
        answer = rate(desk, ref, score, author)
    assert (answer.status_code, answer.json()["field"]) == (status, field)


def test_there_is_nothing_to_say_before_the_resolution(desk: Desk) -> None:
    ref = desk.open()
    with nothing_changes():
        assert rate(desk, ref, "good").status_code == 409


def test_a_token_of_the_workspace_says_it_and_one_of_another_finds_no_case(desk: Desk) -> None:
    ref = desk.open()
    desk.changed(ref, **FIXED)
    scopes = ("cases:read", "cases:write")
    mine, other = (Rest(token(name, *scopes, workspace=name)) for name in ("acme", "beta"))
    wanted = {"author": "olga", "score": "good"}
    with nothing_changes():
        assert other.post(f"cases/{ref}/satisfaction", wanted).status_code == 404
        assert mine.get("satisfaction").status_code == 403, "the report is the vendor's own"
    assert mine.post(f"cases/{ref}/satisfaction", wanted).status_code == 200


def test_the_report_counts_by_product_and_month_of_the_resolution(desk: Desk) -> None:
    refs = [desk.open(), desk.open("Another", "mira"), desk.open("A third", "oto", workspace="beta")]
    for ref, score, author in zip(refs, ("good", "bad", ""), ("olga", "mira", "oto"), strict=True):
        desk.changed(ref, **FIXED)
        if score:
            told("case", "rate", ref, score, "--as", author)
    desk.later(days=31)
    late = desk.open("In April")
    desk.changed(late, **FIXED)
    rate(desk, late, "good")
    found = desk.rest.get("satisfaction").json()
    lines = [
        (one["product"], one["month"], one["resolved"], one["good"], one["bad"], one["percent"])
        for one in found["items"]
    ]
    assert lines == [(PRODUCT, "2026-04", 1, 1, 0, "100.0"), (PRODUCT, "2026-03", 3, 1, 1, "50.0")]
    assert (found["resolved"], found["answered"], found["percent"]) == (4, 3, "66.7")
    assert told("case", "satisfaction", "--month", "2026-03")["items"] == found["items"][1:]
    assert json.loads(json.dumps(desk.rest.get("satisfaction?product=bos").json()))["items"] == []
    assert "1 good, 1 bad (50.0 %)" in command("case", "satisfaction").stdout
    assert desk.rest.get("satisfaction?month=March").status_code == 422
    with pytest.raises(NotFound):
        satisfaction.satisfaction(EVERYONE, product="nothing")
