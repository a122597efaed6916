"""The queue (R23): S3's order, what comes before what, and that it is an order at all."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from roomdesk.rules.queue_order import Waiting, key_of, order, ordinal

NOW = datetime(2026, 3, 11, 8, 0, tzinfo=UTC)


def after(minutes: float) -> datetime:
    return NOW + timedelta(minutes=minutes)


def case(number: int, **given: object) -> Waiting:
    """A case that arrived `number` minutes after eight, without any promise."""
    facts = {"id": number, "product": "power", "arrived_at": after(number - 600), **given}
    return Waiting(**facts)  # type: ignore[arg-type]


def ids(*cases: Waiting) -> list[int]:
    return [place.id for place in order(cases, NOW)]


def test_basic_is_answered_by_arrival_and_enterprise_before_it_by_due_time() -> None:
    basic = [case(1), case(2)]
    enterprise = [case(3, promised_at=after(60)), case(4, promised_at=after(30))]
    assert ids(*basic, *enterprise) == [4, 3, 1, 2]


def test_everything_in_its_place() -> None:
    ordered = [
        case(21, is_p0=True, promised_at=after(-5)),
        case(20, is_p0=True, promised_at=after(50)),
        case(19, is_p0=True, promised_at=after(10), is_misuse=True),
        case(18, promised_at=after(-90)),
        case(17, promised_at=after(-1)),
        case(16, promised_at=after(-200), is_misuse=True),
        case(15, aimed_at=after(-300)),
        case(14, promised_at=after(3)),
        case(13, promised_at=after(40), aimed_at=after(4)),
        case(1),
        case(2),
        case(0, is_misuse=True),
        case(3, is_answered=True),
        case(4, waits_for_customer=True, promised_at=after(-9)),
        case(5, waits_for_customer=True, promised_at=after(9)),
        case(6, waits_for_customer=True),
        case(7, snoozed_until=after(1), promised_at=after(-9), is_p0=True),
        case(8, snoozed_until=after(1), waits_for_customer=True),
    ]
    assert ids(*reversed(ordered)) == [one.id for one in ordered]


def test_a_snooze_ends_by_itself_and_what_is_due_now_is_not_late_yet() -> None:
    assert ids(case(2, snoozed_until=NOW), case(3)) == [2, 3]
    codes = [place.why.code for place in order([case(1, promised_at=NOW), case(2, promised_at=after(-0.0001))], NOW)]
    assert codes == ["late", "due"]


def test_equals_come_by_arrival_and_then_by_id() -> None:
    same = [case(number, promised_at=after(5)) for number in (3, 1, 2)]
    assert ids(*same) == [1, 2, 3]
    assert ids(*(replace(one, arrived_at=NOW) for one in same)) == [1, 2, 3]
    assert ids(replace(same[0], arrived_at=after(-1)), replace(same[1], arrived_at=NOW)) == [3, 1]


def test_positions_count_for_each_product() -> None:
    cases = [case(1), case(2, product="cloud"), case(3), case(4, product="cloud", promised_at=NOW)]
    found = {place.id: place.position for place in order(cases, NOW)}
    assert found == {1: 1, 3: 2, 4: 1, 2: 2}


def test_the_reason_says_what_decided() -> None:
    def why(**given: object) -> tuple[str, str]:
        found = order([case(1, **given)], NOW)[0].why
        return found.code, found.words

    assert why()[0] == "arrival"
    assert why(is_p0=True) == ("p0", "It is a P0: these come before everything else.")
    assert why(promised_at=after(1))[0] == "due"
    assert why(aimed_at=after(-1))[0] == "due", "an aim is never late"
    assert why(promised_at=after(-1))[0] == "late"
    assert why(is_answered=True)[0] == "answered"
    code, words = why(waits_for_customer=True, is_p0=True)
    assert code == "customer" and words.startswith("It waits for the customer") and "P0" in words
    assert why(snoozed_until=after(1), waits_for_customer=True)[0] == "snoozed"
    assert why(is_misuse=True, is_p0=True)[0] == "misuse"


def test_ordinals() -> None:
    said = [ordinal(number) for number in (1, 2, 3, 4, 10, 11, 12, 13, 21, 22, 101, 111, 113, 1002)]
    expected = ["1st", "2nd", "3rd", "4th", "10th", "11th", "12th", "13th", "21st", "22nd", "101st", "111th", "113th"]
    assert said == [*expected, "1002nd"]


#: Few values, so that cases meet in everything but their ids.
_moments = st.none() | st.sampled_from([after(minutes) for minutes in (-60, -1, 0, 1, 60)])
_cases = st.builds(
    Waiting,
    id=st.integers(1, 10**9),
    product=st.sampled_from(["power", "cloud"]),
    arrived_at=st.sampled_from([after(minutes) for minutes in (-300, -60, -1)]),
    is_p0=st.booleans(),
    promised_at=_moments,
    aimed_at=_moments,
    is_answered=st.booleans(),
    waits_for_customer=st.booleans(),
    snoozed_until=_moments,
    is_misuse=st.booleans(),
)
_queues = st.lists(_cases, max_size=12, unique_by=lambda one: one.id)


@given(_queues, st.randoms(use_true_random=False))
def test_the_order_does_not_depend_on_the_inputs_order_and_loses_nobody(cases: list[Waiting], random: object) -> None:
    shuffled = list(cases)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    places = order(shuffled, NOW)
    assert places == order(cases, NOW)
    assert sorted(place.id for place in places) == sorted(one.id for one in cases)
    for product in ("power", "cloud"):
        mine = {one.id for one in cases if one.product == product}
        assert [place.position for place in places if place.id in mine] == [*range(1, len(mine) + 1)]


@given(_cases, _cases, _cases)
def test_it_is_total_and_transitive(one: Waiting, other: Waiting, third: Waiting) -> None:
    def first(a: Waiting, b: Waiting) -> bool:
        """By the order of the two alone."""
        return order([a, b], NOW)[0].id == a.id

    trio = {case.id: case for case in (one, other, third)}
    if len(trio) == 3:
        a, b, c = (trio[place.id] for place in order(trio.values(), NOW))
        assert first(a, b) and first(b, c) and first(a, c)


@given(_queues.filter(bool))
def test_neighbours_keep_their_order_when_others_go(cases: list[Waiting]) -> None:
    whole = [place.id for place in order(cases, NOW)]
    assert [place.id for place in order(cases[1:], NOW)] == [one for one in whole if one != cases[0].id]


@given(_queues.filter(bool))
def test_becoming_p0_never_moves_a_case_back(cases: list[Waiting]) -> None:
    def index(changed: Waiting) -> int:
        return [place.id for place in order([changed, *cases[1:]], NOW)].index(changed.id)

    assert index(replace(cases[0], is_p0=True)) <= index(cases[0])


@given(_queues, _moments.filter(bool))
def test_an_earlier_promise_never_moves_a_case_back(cases: list[Waiting], at: datetime) -> None:
    for one in cases:
        if one.promised_at is None or at <= one.promised_at:
            assert key_of(replace(one, promised_at=at), NOW) <= key_of(one, NOW)


@given(_queues)
def test_keys_rise_strictly(cases: list[Waiting]) -> None:
    assert all(a.key < b.key for a, b in pairwise(order(cases, NOW)))
