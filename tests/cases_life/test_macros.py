"""Canned answers of a product: in the customer's language, with variables, and what the case becomes (R28)."""

from __future__ import annotations

from typing import Any

import pytest

from roomdesk.directory.models import Workspace
from tests.cases_api.place import Rest, command, nothing_changes, token, told
from tests.cases_life.acting import FIXED, Desk

pytestmark = pytest.mark.part_of("R28")


def macro(desk: Desk, ref: str, slug: str, author: str = "ivan", **values: str) -> Any:
    return desk.rest.post(f"cases/{ref}/macro", {"author": author, "macro": slug, "values": values})


def test_a_macro_is_an_answer_of_the_person_who_chose_it(desk: Desk) -> None:
    ref = desk.open()
    desk.later(minutes=5)
    said = macro(desk, ref, "on_it")
    assert said.status_code == 201
    assert said.json()["text"] == f"Thank you, Olga. I am looking into {ref} now."
    assert said.json()["author"] == "ivan" and said.json()["why"]["words"] == "It was said by the macro on_it."
    case = desk.case(ref)
    assert (case["state"], desk.clock(ref)["state"]) == ("investigating", "met")
    moved = [(c["before"], c["after"], c["by"], c["reason"]) for c in case["changes"] if c["what"] == "state"][-1]
    assert moved == ("acknowledged", "investigating", "ivan", "By the macro on_it.")


def test_it_speaks_the_customers_language_and_takes_values(desk: Desk) -> None:
    Workspace.objects.filter(slug="acme").update(locale="bg")
    ref = desk.open()
    assert macro(desk, ref, "next_update", when="в петък").json()["text"] == (
        f"Още работя по {ref}. Ще ви пиша отново в петък."
    )
    assert desk.case(ref)["state"] == "acknowledged", "this one moves nothing"


@pytest.mark.parametrize(
    ("slug", "values", "field", "sentence"),
    [
        ("hello", {}, "macro", 'There is no macro "hello"; this product has on_it, next_update,'),
        ("next_update", {}, "values", 'The macro "next_update" needs when'),
        ("next_update", {"when": "now", "why": "x"}, "values", 'has no variable "why" to be given; it asks for when.'),
        ("on_it", {"agent": "the boss"}, "values", "(the desk fills it in); it asks for none."),
    ],
)
def test_what_a_macro_does_not_have_is_refused_with_what_there_is(
    desk: Desk, slug: str, values: dict[str, str], field: str, sentence: str
) -> None:
    ref = desk.open()
    with nothing_changes():
        answer = macro(desk, ref, slug, **values)
    assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert sentence in answer.json()["detail"]


def test_where_the_case_cannot_become_what_the_macro_makes_of_it_nothing_is_said(desk: Desk) -> None:
    ref = desk.open()
    desk.changed(ref, **FIXED)
    with nothing_changes():
        assert macro(desk, ref, "on_it").status_code == 409
        assert macro(desk, ref, "next_update", "olga", when="now").status_code == 422


def test_they_are_listed_as_they_would_be_said_for_staff_only(desk: Desk) -> None:
    ref = desk.open()
    items = desk.rest.get(f"cases/{ref}/macros").json()["items"]
    assert [one["macro"] for one in items] == ["on_it", "next_update", "ask_screenshot", "please_check"]
    assert items[1] == {
        "macro": "next_update",
        "text": f"I am still working on {ref}. You hear from me again {{when}}.",
        "asks": ["when"],
        "state": None,
    }
    one = Rest(token("acme-only", "cases:read", "cases:write", workspace="acme"))
    with nothing_changes():
        assert one.get(f"cases/{ref}/macros").status_code == 403
        assert one.post(f"cases/{ref}/macro", {"author": "ivan", "macro": "on_it"}).status_code == 403


def test_the_command_line_does_the_same(desk: Desk) -> None:
    ref = desk.open()
    assert "You hear from me again {when}." in command("case", "macros", ref).stdout
    done = told("case", "macro", ref, "next_update", "--set", "when", "on Friday", "--as", "ivan")
    assert done["text"].endswith("again on Friday.")
    with nothing_changes():
        assert command("case", "macro", ref, "next_update", "--as", "ivan").exit_code == 1
