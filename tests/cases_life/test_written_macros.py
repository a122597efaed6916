"""Macros that administrators write: by REST and by command line, to the same effect, audited, and for nobody else (R28)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from roomdesk.audit.models import Entry
from roomdesk.cases.models import StoredMacro
from tests.api.caller import Caller, problem
from tests.cases_api.place import PRODUCT, command, nothing_changes, token, told
from tests.cases_life.acting import Desk

pytestmark = pytest.mark.part_of("R28")

LIST = f"products/{PRODUCT}/macros"
ONE = f"{LIST}/parcel"
TEXTS = {
    "en": "{customer}, the parcel {parcel} left for {ref}.",
    "bg": "{customer}, пратката {parcel} тръгна, {ref}.",
}
GIVEN = [word for locale, text in TEXTS.items() for word in ("--text", locale, text)]


@pytest.fixture
def admin(desk: Desk) -> Caller:
    return Caller(token("ops", "admin"))


def rows() -> list[dict[str, Any]]:
    return list(StoredMacro.objects.order_by("slug").values("product", "slug", "asks", "state", "texts"))


def audited() -> list[tuple[str, str]]:
    """Action and who, in order."""
    found = Entry.objects.filter(subject=f"macro:{PRODUCT}/parcel").order_by("pk")
    return list(found.values_list("action", "actor_kind"))


def test_by_rest_it_is_written_changed_said_and_removed(desk: Desk, admin: Caller) -> None:
    wanted = {"texts": TEXTS, "state": "waiting_customer"}
    made = admin("PUT", ONE, wanted)
    assert made.status_code == 201, made.content
    told = made.json()
    assert (told["source"], told["asks"], told["state"], told["texts"]) == (
        "here",
        ["parcel"],
        "waiting_customer",
        TEXTS,
    )
    assert (told["hidden"], told["changed_by"], told["changed_at"]) == (False, "ops", "2026-03-02T08:00:00Z")
    assert admin("GET", ONE).json() == told
    with nothing_changes():
        again = admin("PUT", ONE, wanted)
        assert (again.status_code, again.json()) == (200, told), "the same again"
        assert admin("PUT", ONE, {}).json() == told, "what is left out stays"
    ref = desk.open()
    said = desk.rest.post(f"cases/{ref}/macro", {"author": "ivan", "macro": "parcel", "values": {"parcel": "No. 7"}})
    assert said.json()["text"] == f"Olga, the parcel No. 7 left for {ref}."
    assert desk.case(ref)["state"] == "waiting_customer"
    desk.later(hours=1)
    changed = admin("PUT", ONE, {"texts": {"bg": "{customer}, {parcel} тръгна."}, "state": ""}).json()
    assert changed["texts"] == {**TEXTS, "bg": "{customer}, {parcel} тръгна."}, "the other languages stay"
    assert (changed["state"], changed["changed_at"]) == (None, "2026-03-02T09:00:00Z")
    gone = admin("DELETE", ONE)
    assert (gone.status_code, gone.content) == (204, b"")
    with nothing_changes():
        problem(admin("DELETE", ONE), 404, "not_found", "slug")
        problem(admin("GET", ONE), 404, "not_found", "macro")
    assert desk.case(ref)["messages"][-1]["text"].startswith("Olga, the parcel"), "what was said stays said"
    assert audited() == [("macro.made", "token"), ("macro.changed", "token"), ("macro.removed", "token")]


def test_by_command_line_it_is_the_same(desk: Desk, admin: Caller) -> None:
    put = ("macro", "put", PRODUCT, "parcel")
    made = told(*put, *GIVEN, "--state", "waiting_customer")
    assert rows() == [
        {"product": PRODUCT, "slug": "parcel", "asks": ["parcel"], "state": "waiting_customer", "texts": TEXTS}
    ]
    assert admin("GET", ONE).json() == made
    with nothing_changes():
        assert told(*put) == made
        assert "is as wanted." in command(*put, *GIVEN).stdout
    listed = command("macro", "list", PRODUCT).stdout.splitlines()
    assert [line.split()[1:3] for line in listed] == [
        ["on_it", "files"], ["next_update", "files"], ["ask_screenshot", "files"], ["please_check", "files"], ["parcel", "here"],
    ]  # fmt: skip
    shown = command("macro", "show", PRODUCT, "parcel").stdout
    assert "asks for parcel\nmakes the case waiting_customer\nen: {customer}, the parcel" in shown
    with nothing_changes():
        preview = command("macro", "preview", PRODUCT, "parcel", "--set", "parcel", "No. 7").stdout
    assert "en: Maria, the parcel No. 7 left for BC-1042.\n" in preview and "bg: Maria, пратката No. 7" in preview
    assert told(*put, "--state", "")["state"] is None
    assert told("macro", "remove", PRODUCT, "parcel") == {"removed": "parcel", "product": PRODUCT}
    with nothing_changes():
        done = command("macro", "remove", PRODUCT, "parcel")
        assert (done.exit_code, done.stderr) == (1, 'There is no macro "parcel" that was written here.\n')
    assert audited() == [("macro.made", "cli"), ("macro.changed", "cli"), ("macro.removed", "cli")]


def test_the_files_own_are_listed_and_previewed_and_not_changed(desk: Desk, admin: Caller) -> None:
    items = admin("GET", LIST).json()["items"]
    assert [(one["macro"], one["source"]) for one in items][:2] == [("on_it", "files"), ("next_update", "files")]
    assert items[1]["asks"] == ["when"] and sorted(items[1]["texts"]) == ["bg", "en"]
    assert admin("GET", f"{LIST}/on_it").json() == items[0]
    said = admin("POST", f"{LIST}/next_update/preview", {"values": {"when": "on Friday"}}).json()
    assert said["texts"]["en"] == "I am still working on BC-1042. You hear from me again on Friday."
    with nothing_changes():
        problem(admin("PUT", f"{LIST}/on_it", {"texts": TEXTS}), 409, "conflict", "slug")
        problem(admin("DELETE", f"{LIST}/on_it"), 404, "not_found", "slug")
    assert rows() == []


def test_texts_are_looked_at_before_they_are_written(desk: Desk, admin: Caller) -> None:
    with nothing_changes():
        said = admin("POST", f"{ONE}/preview", {"texts": TEXTS}).json()
        assert (said["asks"], said["texts"]["en"]) == (["parcel"], "Maria, the parcel {parcel} left for BC-1042.")
        problem(admin("POST", f"{ONE}/preview", {}), 404, "not_found", "macro")
        words = problem(
            admin("POST", f"{ONE}/preview", {"texts": TEXTS, "values": {"box": "1"}}), 422, "invalid", "values"
        )
        assert 'has no variable "box" to be given; it asks for parcel.' in words
    assert rows() == []


@pytest.mark.parametrize(
    ("place", "body", "status", "code", "field", "words"),
    [
        ("Two%20words", {"texts": TEXTS}, 422, "invalid", "slug", "cannot be a name"),
        ("parcel", {"texts": {**TEXTS, "bg": " "}}, 422, "invalid", "text.bg", "in the language bg is missing"),
        ("parcel", {"texts": {**TEXTS, "fr": "x"}}, 422, "invalid", "texts", 'has no language "fr"; it has en and bg'),
        ("parcel", {"texts": {**TEXTS, "bg": "Тръгна."}}, 422, "invalid", "text.bg", "asks for {parcel}"),
        ("parcel", {"texts": {**TEXTS, "en": "x" * 4001}}, 422, "invalid", "text.en", "at most 4000 characters"),
        ("parcel", {"texts": TEXTS, "state": "closed"}, 422, "invalid", "state", "it can make it investigating"),
        ("parcel", {}, 422, "invalid", "text.en", "is missing"),
        ("parcel", {"texts": TEXTS, "words": 1}, 422, "invalid", "words", "words"),
        ("parcel", {"texts": {"en": "\0"}}, 422, "invalid", "texts.en", "NUL"),
    ],
    ids=lambda value: None if not isinstance(value, str) else value[:20],
)
def test_what_is_refused_is_named_and_nothing_is_written(
    desk: Desk, admin: Caller, place: str, body: Any, status: int, code: str, field: str, words: str
) -> None:
    with nothing_changes():
        assert words in problem(admin("PUT", f"{LIST}/{place}", body), status, code, field)
    assert rows() == []


def test_nobody_but_administrators_sees_or_changes_any_of_it(desk: Desk, admin: Caller) -> None:
    admin("PUT", ONE, {"texts": TEXTS})
    before = rows()
    others = (
        Caller(token("desk", "cases:read", "cases:write", "directory:read", "directory:write")),
        Caller(token("acme-only", "cases:read", "cases:write", workspace="acme")),
    )
    calls = (("GET", LIST, None), ("GET", ONE, None), ("PUT", ONE, {"state": "investigating"}), ("DELETE", ONE, None),
             ("POST", f"{ONE}/preview", {}))  # fmt: skip
    with nothing_changes():
        for other in others:
            assert [other(*call).status_code for call in calls] == [403] * 5
        assert [Caller()(*call).status_code for call in calls] == [401] * 5
        for method, _, body in calls[:2]:
            problem(admin(method, "products/nothing/macros", body), 404, "not_found", "product")
        done = command("macro", "list", "nothing")
        assert (done.exit_code, 'There is no product "nothing"' in done.stderr) == (1, True)
    assert rows() == before


def test_how_many_there_are_costs_no_more_queries(desk: Desk, admin: Caller) -> None:
    counts = []
    for number in range(3):
        admin("PUT", f"{ONE}-{number}", {"texts": TEXTS})
        with CaptureQueriesContext(connection) as caught:
            assert len(admin("GET", LIST).json()["items"]) == 5 + number
        counts.append(len(caught))
    assert counts[0] == counts[1] == counts[2] <= 8


def test_the_description_names_what_is_needed() -> None:
    paths = Caller()("GET", "openapi.json").json()["paths"]
    place = "/api/v1/products/{slug}/macros/{macro}"
    assert sorted(paths[place]) == ["delete", "get", "put"]
    assert {"200", "201", "401", "403", "404", "409", "422"} <= paths[place]["put"]["responses"].keys()
    assert set(paths[place]["put"]["responses"]["409"]["content"]) == {"application/problem+json"}
    assert "post" in paths[f"{place}/preview"] and "get" in paths["/api/v1/products/{slug}/macros"]
    assert json.dumps(paths[place]).count("application/json") >= 2
