"""DESIGN §6, D15, D19: the table of moves, what a resolution needs, and when a customer's word reopens."""

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from roomdesk.rules.case_states import MOVES, OPEN, STATES, check_move, check_resolution, reopens
from roomdesk.rules.errors import RuleError

AT = datetime(2026, 3, 9, 10, 0, tzinfo=UTC)
MONTH = timedelta(days=30)


@pytest.mark.parametrize(("before", "after"), list(product(STATES, STATES)))
def test_a_move_is_in_the_table_or_refused_in_a_sentence_that_says_what_is_possible(before, after):
    if before == after or after in MOVES[before]:
        check_move("BC-1", before, after)
        return
    with pytest.raises(RuleError) as refused:
        check_move("BC-1", before, after)
    assert str(refused.value).startswith(f"BC-1 is {before}, so it cannot become {after}: ")
    assert str(refused.value).endswith(".")


def test_nobody_goes_back_to_new_and_open_cases_can_always_be_resolved_but_never_closed_at_once():
    for state in OPEN:
        assert "resolved" in MOVES[state]
        assert not {"new", "closed", "merged", "deflected"} & set(MOVES[state])


def test_an_unknown_state_is_refused_with_the_list():
    with pytest.raises(RuleError, match='no state "done"; there are new, acknowledged,'):
        check_move("BC-1", "new", "done")


@pytest.mark.parametrize(
    ("given", "field"),
    [
        (("Restarted", "A full disk", False), None),
        (("Restarted", "", True), None),
        ((" ", "A full disk", False), "fix"),
        (("Restarted", " \n", False), "root_cause"),
        (("Restarted", "A full disk", True), "root_cause"),
        (("", "", False), "fix"),
    ],
)
def test_a_resolution_needs_the_fix_and_the_cause_or_that_it_is_unknown(given, field):
    lacks = check_resolution(*given)
    assert (lacks and lacks[0]) == field


@pytest.mark.parametrize(
    ("state", "resolved_at", "expected"),
    [
        ("resolved", AT - timedelta(days=400), True),
        ("resolved", None, True),
        ("closed", AT - MONTH, True),
        ("closed", AT - MONTH - timedelta(seconds=1), False),
        ("closed", None, False),
        ("merged", AT, False),
        ("deflected", AT, False),
        ("new", None, False),
    ],
)
def test_a_customers_word_reopens_what_is_resolved_or_was_closed_lately(state, resolved_at, expected):
    assert reopens(state, resolved_at, AT, MONTH) is expected
