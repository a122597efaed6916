"""Who gets a new case by itself: in turn, among those present with room."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from roomdesk.rules.assignment import Candidate, choose, taken

ANA, BEA, CAT = Candidate(1, 0, 2), Candidate(2, 0, 2), Candidate(3, 0, 2)


def id_of(one: Candidate | None) -> int | None:
    return one.id if one else None


def test_whoever_got_one_longest_ago_is_next_and_newcomers_come_first():
    assert id_of(choose([ANA, BEA, CAT], [2, 1])) == 3
    assert id_of(choose([ANA, BEA, CAT], [2, 3, 1])) == 2
    assert taken([2, 3, 1], 2) == [3, 1, 2] and taken([2], 5) == [2, 5]


def test_who_is_away_or_full_is_passed_over_without_losing_the_turn():
    assert id_of(choose([replace(ANA, is_present=False), BEA], [1, 2])) == 2
    assert id_of(choose([replace(ANA, load=2), BEA], [1, 2])) == 2
    assert id_of(choose([ANA, BEA], taken([1, 2], 2))) == 1


def test_nobody_with_room_is_nobody():
    assert choose([], []) is None
    assert choose([replace(ANA, load=2), replace(BEA, is_present=False)], []) is None


def test_among_equals_the_lower_share_of_the_capacity_decides():
    assert id_of(choose([Candidate(1, 3, 4), Candidate(2, 3, 10)], [])) == 2


@given(
    st.lists(st.tuples(st.integers(0, 6), st.integers(1, 5), st.booleans()), max_size=6),
    st.integers(0, 30),
)
def test_nobody_gets_more_than_their_capacity_and_turns_go_round(people, cases):
    staff = {n: Candidate(n, load, capacity, present) for n, (load, capacity, present) in enumerate(people)}
    room = sum(max(0, one.capacity - one.load) for one in staff.values() if one.is_present)
    turns, given_to = [], []
    for _ in range(cases):
        chosen = choose(staff.values(), turns)
        if chosen is None:
            break
        given_to.append(chosen.id)
        turns = taken(turns, chosen.id)
        staff[chosen.id] = replace(chosen, load=chosen.load + 1)
    assert len(given_to) == min(cases, room)
    assert all(one.load <= one.capacity for one in staff.values() if one.id in given_to)
    free = [n for n, (load, capacity, present) in enumerate(people) if present and load < capacity]
    assert sorted(given_to[: len(free)]) == free[: len(given_to)] or len(given_to) < len(free), (
        "each once before anybody twice"
    )
