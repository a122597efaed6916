"""R26: a case is escalated to a field that somebody is a specialist of."""

import pytest

from roomdesk.rules.escalation import refusal

FIELDS = ("database", "ai")
PEOPLE = {"database": 2, "tax": 1}


@pytest.mark.parametrize("field", ["database", "tax"])
def test_a_field_with_a_specialist(field):
    assert refusal("BC-1", "new", field, FIELDS, PEOPLE, is_open=True) is None


@pytest.mark.parametrize(
    ("field", "is_open", "name", "sentence"),
    [
        ("", True, "field", "To which field? This product has ai, database, tax."),
        ("plumbing", True, "field", 'There is no field "plumbing" here; this product has ai, database, tax.'),
        ("database", False, "state", "BC-1 is new; reopen it before you call specialists in."),
        ("ai", True, "field", 'Nobody is a specialist for "ai"; make somebody one, or escalate to database, tax.'),
    ],
)
def test_what_is_refused_says_what_there_is(field, is_open, name, sentence):
    assert refusal("BC-1", "new", field, FIELDS, PEOPLE, is_open=is_open) == (name, sentence)


def test_without_any_specialist_there_is_nobody_to_name():
    assert refusal("BC-1", "new", "ai", FIELDS, {}, is_open=True) == (
        "field",
        'Nobody is a specialist for "ai"; make somebody one, or escalate to none.',
    )
