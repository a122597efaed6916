"""R24, R25: what a first message lacks, when the desk asks, what its one message says, and what is learned of a report."""

from __future__ import annotations

from itertools import combinations

import pytest

from roomdesk.rules.intake import (
    Checklist,
    Filed,
    Words,
    known_at_first,
    labelled,
    learned,
    message,
    missing,
    newly_known,
    to_ask,
    together,
)

ITEMS = ("workspace", "where", "tried", "expected", "happened", "screenshot", "urgency")
LIST = Checklist(ITEMS, from_room=("workspace",), optional=("screenshot",))
INCIDENT = Filed("normal", has_checklist=True)
WORDS = Words("Please add to BC-1:", "BC-1 has all we need.", {item: item.capitalize() for item in ITEMS})


def test_only_what_is_missing_is_asked_in_the_products_order() -> None:
    known = known_at_first(LIST, {"happened", "where"}, has_file=False)
    assert known == {"workspace", "happened", "where"}
    assert to_ask(LIST, INCIDENT, known) == ("tried", "expected", "urgency")


def test_whatever_is_provided_is_never_asked_for_and_whatever_is_needed_is() -> None:
    needed = {"where", "tried", "expected", "happened", "urgency"}
    for size in range(len(ITEMS) + 1):
        for provided in combinations(ITEMS, size):
            known = known_at_first(LIST, provided, has_file=False)
            assert set(to_ask(LIST, INCIDENT, known)) == needed.difference(provided)


def test_without_a_room_the_workspace_is_asked_for_too() -> None:
    elsewhere = Checklist(ITEMS, optional=("screenshot", "urgency"))
    assert missing(elsewhere, {"where"}) == ("workspace", "tried", "expected", "happened")


@pytest.mark.parametrize(
    "filed",
    [
        Filed("critical", has_checklist=True),
        Filed("normal", has_checklist=True, p0=True),
        Filed("normal", has_checklist=False),
        Filed("normal", has_checklist=True, by_staff=True),
    ],
)
def test_a_critical_case_a_p0_another_kind_and_staff_are_asked_nothing(filed: Filed) -> None:
    assert to_ask(LIST, filed, known_at_first(LIST, (), has_file=False)) == ()


def test_nothing_is_asked_where_only_the_optional_is_missing() -> None:
    known = known_at_first(LIST, {"where", "tried", "expected", "happened", "urgency"}, has_file=False)
    assert to_ask(LIST, INCIDENT, known) == ()


def test_the_message_ticks_off_what_arrives_and_says_when_all_is_there() -> None:
    asked = ("tried", "urgency")
    assert message(asked, {"where"}, WORDS) == "Please add to BC-1:\n☐ Tried\n☐ Urgency"
    assert message(asked, {"where", "urgency"}, WORDS) == "Please add to BC-1:\n☐ Tried\n☑ Urgency"
    assert message(asked, {"tried", "urgency"}, WORDS) == "BC-1 has all we need.\n☑ Tried\n☑ Urgency"


def test_a_file_counts_as_a_screenshot_and_nothing_is_added_twice() -> None:
    assert known_at_first(LIST, (), has_file=True) == {"workspace", "screenshot"}
    assert newly_known({"where"}, ["where", "urgency"], has_file=True) == ("screenshot", "urgency")
    assert newly_known({"where", "screenshot"}, ["where"], has_file=True) == ()


LABELS = {
    "where": "Where in the app you were: the screen",
    "tried": "What you tried: the action you took",
    "expected": "What you expected: the result you wanted",
    "screenshot": "Screenshot, if there's anything visual",
}


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("What you tried: saving it", {"tried"}),
        ("☐ where: Orders\n- EXPECTED: a saved order", {"where", "expected"}),
        ("Tried:", set()),
        ("What: saving it", set()),
        ("I tried: nothing", set()),
        ("See https://example.org", set()),
        ("Screenshot: below", {"screenshot"}),
    ],
)
def test_lines_that_are_headed_as_the_list_is_say_what_they_are_about(text: str, items: set[str]) -> None:
    assert labelled(text, LABELS) == items


def provides(text: str) -> set[str]:
    """A triage of four words."""
    signs = {"in Orders": "where", "I clicked": "tried", "Error": "happened", "urgent": "urgency"}
    return {item for sign, item in signs.items() if sign in text}


def test_a_report_has_of_each_field_the_sentences_that_say_it() -> None:
    text = "Hello. I clicked Save in Orders.\nError 500!  It is urgent."
    assert learned(text, provides) == {
        "where": "I clicked Save in Orders.",
        "steps": "I clicked Save in Orders.",
        "actual": "Error 500!",
        "urgency": "It is urgent.",
    }


def test_what_only_the_whole_text_says_is_the_whole_text_and_what_is_not_said_is_left_out() -> None:
    def only_together(text: str) -> set[str]:
        return {"where"} if "Orders" in text and "page" in text else set()

    assert learned("The page. Orders.", only_together) == {"where": "The page. Orders."}
    assert learned("Hello.", provides) == {}


def test_the_report_of_a_case_joins_what_its_messages_say_in_order() -> None:
    report = together([learned("Error 500.", provides), learned("Error 502, in Orders.", provides)])
    assert report == {
        "where": "Error 502, in Orders.",
        "steps": "",
        "expected": "",
        "actual": "Error 500.\nError 502, in Orders.",
        "urgency": "",
    }
