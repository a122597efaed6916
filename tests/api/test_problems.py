"""Every answer that is no success is problem+json with a sentence, and nothing changed by it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from roomdesk.web.api import directory
from tests.api.caller import Caller, caller, problem
from tests.directory.world import nothing_changes


@pytest.fixture(scope="module")
def admin(still_desk: None) -> Caller:
    return caller("admin")


@pytest.fixture(autouse=True)
def _still(admin: Caller) -> Iterator[None]:
    with nothing_changes():
        yield


@pytest.mark.parametrize("token", [None, "rd_wrong", "", "ü", "a b c"])
def test_without_a_valid_token_the_answer_is_always_the_same(token: str | None) -> None:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    response = Caller()("GET", "workspaces/acme", **headers)
    assert problem(response, 401, "unauthorized").startswith("Name a valid token")
    assert response.headers["WWW-Authenticate"] == 'Bearer realm="roomdesk"'


@pytest.mark.parametrize("path", ["", "nothing", "workspaces/", "workspaces/acme/nothing", "docs"])
def test_an_address_that_is_none(admin: Caller, path: str) -> None:
    problem(admin("GET", path), 404, "not_found")


def test_a_method_that_an_address_does_not_have(admin: Caller) -> None:
    response = admin("POST", "workspaces/acme", {})
    assert "GET" in problem(response, 405, "method_not_allowed")
    assert set(response.headers["Allow"].split(", ")) == {"GET", "PUT"}


@pytest.mark.parametrize("body", ["{", "\xff", b"\xff\xfe", '{"product": ', "[" * 100_000])
def test_a_body_that_is_no_json(admin: Caller, body: Any) -> None:
    problem(admin("PUT", "workspaces/acme", body), 400, "unreadable")


@pytest.mark.parametrize("body", ["[]", "3", "null", '"x"', ""])
def test_a_body_that_is_no_object(admin: Caller, body: str) -> None:
    response = admin("PUT", "workspaces/acme", body)
    assert response.status_code in (400, 422)
    problem(
        response, response.status_code, "unreadable" if response.status_code == 400 else "invalid", _field(response)
    )


def _field(response: Any) -> str | None:
    field: str | None = response.json()["field"]
    return field


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("workspaces/acme", {"tear": "pro"}, "tear"),
        ("workspaces/acme", {"tier": 3}, "tier"),
        ("workspaces/acme", {"addons": ["night", 1]}, "addons[1]"),
        ("workspaces/acme", {"tier": "gold"}, "tier"),
        ("workspaces/acme", {"tier": "pro\0"}, "tier"),
        ("workspaces/acme", '{"display_name": "\\ud800"}', "display_name"),
        ("workspaces/nord", {}, "product"),
        ("workspaces/UPPER", {"product": "cloud"}, "slug"),
        ("workspaces/acme/members/mira", {"role": "king"}, "role"),
        ("workspaces/acme/members/mira", {"support_room_access": "yes"}, "support_room_access"),
        ("workspaces/acme/members/M!", {}, "id"),
        ("staff/petya", {}, "role"),
        ("staff/petya", {"roles": ["king"]}, "role"),
        ("staff/petya", {"role": "lead", "roles": ["lead"]}, "body"),
    ],
)
def test_a_value_that_is_wrong_is_named(admin: Caller, path: str, body: Any, field: str) -> None:
    problem(admin("PUT", path, body), 422, "invalid", field)


def test_the_state_of_things_may_be_against_it(admin: Caller) -> None:
    assert "put another owner first" in problem(
        admin("DELETE", "workspaces/acme/members/olga"), 409, "conflict", "role"
    )
    problem(admin("PUT", "workspaces/acme", {"product": "bos"}), 409, "conflict", "product")


@pytest.mark.parametrize("path", ["workspaces/a%00b", "workspaces?after=%00", "staff?product=%00"])
def test_nul_in_an_address(admin: Caller, path: str) -> None:
    problem(admin("GET", path), 400, "unreadable")


@pytest.mark.parametrize("path", ["workspaces?limit=0", "workspaces?limit=101", "workspaces?limit=x"])
def test_a_wrong_limit(admin: Caller, path: str) -> None:
    problem(admin("GET", path), 422, "invalid", "limit")


def test_our_own_failure_says_nothing_about_itself(admin: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any) -> None:
        raise RuntimeError("the secret reason")

    monkeypatch.setattr(directory.queries, "access_workspace", fail)
    response = admin("GET", "workspaces/acme")
    assert "secret" not in problem(response, 500, "failed") + response.content.decode()


def test_an_absent_database_is_no_failure_of_the_caller(admin: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db import OperationalError

    def absent(*args: Any) -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr(directory.queries, "access_workspace", absent)
    response = admin("GET", "workspaces/acme")
    problem(response, 503, "unavailable")
    assert response.headers["Retry-After"] == "5"
