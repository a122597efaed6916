"""What REST refuses about cases: the field is named, nothing changes. One database for all of them."""

from __future__ import annotations

from typing import Any

import pytest

from roomdesk.cases.writing import MAX_TEXT
from tests.cases_api.place import Rest, nothing_changes


@pytest.mark.parametrize(
    ("path", "status", "field"),
    [
        ("cases?stat=open", 422, "stat"),
        ("cases?state=opened", 422, "state"),
        ("cases?state=open&state=new", 422, "state"),
        ("cases?limit=0", 422, "limit"),
        ("cases?limit=201", 422, "limit"),
        ("cases?limit=many", 422, "limit"),
        ("cases?before=BC-1", 422, "before"),
        ("cases?before=%D9%A3", 422, "before"),
        ("cases?before=99999999999999999999", 422, "before"),
        ("cases?workspace=nowhere", 404, None),
        ("cases/BC-999999", 404, "ref"),
        ("cases/BC-999999/sla", 404, "ref"),
        ("cases/BC-999999?limit=1", 422, "limit"),
        ("workspaces/nowhere/room", 404, None),
        ("workspaces/acme/room", 404, None),
    ],
)
def test_wrong_questions_are_refused_by_field(shared_rest: Rest, path: str, status: int, field: str | None) -> None:
    with nothing_changes():
        answer = shared_rest.get(path)
    assert (answer.status_code, answer.json()["field"]) == (status, field)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["detail"][-1] == "."


_GOOD = {"workspace": "acme", "author": "olga", "text": "Hello?"}


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"workspace": "nowhere"}, 404, None),
        ({"author": "nobody"}, 422, "author"),
        ({"author": "oto"}, 422, "author"),
        ({"text": " \n"}, 422, "text"),
        ({"text": "x" * (MAX_TEXT + 1)}, 422, "text"),
        ({"text": "a\0b"}, 422, "text"),
        ({"text": "\ud800"}, 422, "text"),
        ({"text": 7}, 422, "text"),
        ({"severity": "apocalyptic"}, 422, "severity"),
        ({"severty": "high"}, 422, "severty"),
    ],
)
def test_wrong_cases_are_refused_and_nothing_is_kept(
    shared_rest: Rest, change: dict[str, Any], status: int, field: str | None
) -> None:
    with nothing_changes():
        answer = shared_rest.post("cases", {**_GOOD, **change}, key="once")
    assert (answer.status_code, answer.json()["field"]) == (status, field)


@pytest.mark.parametrize(
    ("change", "field"), [({"author": "oto"}, "author"), ({"text": ""}, "text"), ({"to": "olga"}, "to")]
)
def test_wrong_messages_are_refused(shared_rest: Rest, change: dict[str, Any], field: str) -> None:
    ref = shared_rest.open()
    with nothing_changes():
        answer = shared_rest.post(f"cases/{ref}/messages", {"author": "olga", "text": "And?", **change})
    assert (answer.status_code, answer.json()["field"]) == (422, field)
