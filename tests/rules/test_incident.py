"""What may be attached to what in an incident over several cases."""

from dataclasses import replace

import pytest

from roomdesk.rules.incident import Side, refusal

CASE, TO = Side("BC-2", "p", "new", True), Side("BC-1", "p", "investigating", True)


def test_open_cases_of_a_product_are_attached_and_stay_so():
    assert refusal(CASE, TO) is None
    assert refusal(CASE, replace(TO, attached=5)) is None
    assert refusal(replace(CASE, leader="BC-1", is_open=False), TO) is None


@pytest.mark.parametrize(
    ("case", "to", "field", "sentence"),
    [
        (TO, TO, "to", "BC-1 cannot be attached to itself."),
        (replace(CASE, is_open=False), TO, "ref", "BC-2 is new; only open cases make up an incident."),
        (CASE, replace(TO, is_open=False), "to", "BC-1 is investigating; only open cases make up an incident."),
        (replace(CASE, is_restricted=True), TO, "ref", "BC-2 is restricted; it is part of no incident."),
        (CASE, replace(TO, is_restricted=True), "to", "BC-1 is restricted; it is part of no incident."),
        (CASE, replace(TO, product="q"), "to", "BC-1 belongs to another product."),
        (CASE, replace(TO, leader="BC-9"), "to", "BC-1 is attached to BC-9 itself; attach BC-2 to that."),
        (replace(CASE, attached=2), TO, "ref", "BC-2 leads an incident itself, of 2 more; attach BC-1 to it instead."),
        (replace(CASE, leader="BC-9"), TO, "ref", "BC-2 is attached to BC-9; detach it first."),
    ],
)
def test_what_is_refused_says_what_to_do(case, to, field, sentence):
    assert refusal(case, to) == (field, sentence)
