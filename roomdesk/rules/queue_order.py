"""Which open case comes next, and why there (R23).

What waits for us comes before what waits for the customer, and that before what is snoozed. Within each: P0, then what is
late, then by due time, then what nobody was promised a time for, by arrival; last what has been answered and has no clock
any more. Misuse comes last among its like. Equal cases come by arrival, then by id, so the order is total and stable.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from roomdesk.rules.why import Why

OURS, CUSTOMERS, SNOOZED = range(3)
P0, LATE, DUE, UNPROMISED, ANSWERED = range(5)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: Stands for the due time of what has none.
NEVER = 2**63 - 1

Key = tuple[int, int, int, int, int, int]
"""Turn, rank, misuse, due and arrival in microseconds since 1970, id. Smaller is sooner; cases never share one."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """What the order of an open case depends on. `arrived_at` is when its present cycle began.

    `promised_at` is the earliest due time of its unmet clocks that can be breached, `aimed_at` of those that are only aims;
    None where it has none. `is_answered`: staff have the last word.
    """

    id: int
    product: str
    arrived_at: datetime
    is_p0: bool = False
    promised_at: datetime | None = None
    aimed_at: datetime | None = None
    is_answered: bool = False
    waits_for_customer: bool = False
    snoozed_until: datetime | None = None
    is_misuse: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """Where a case stands: `position` counts from 1 among the open cases of its product."""

    id: int
    key: Key
    position: int
    why: Why


def order(cases: Iterable[Waiting], now: datetime) -> list[Place]:
    """Every case once, the next one first, whatever order they are given in."""
    counts: dict[str, int] = {}
    places = []
    for key, case in sorted(((key_of(case, now), case) for case in cases), key=lambda pair: pair[0]):
        counts[case.product] = position = counts.get(case.product, 0) + 1
        places.append(Place(case.id, key, position, why_of(key)))
    return places


def key_of(case: Waiting, now: datetime) -> Key:
    """What the case is sorted by at `now`."""
    due = min((at for at in (case.promised_at, case.aimed_at) if at is not None), default=None)
    turn = _turn(case, now)
    return turn, _rank(case, due, now), int(case.is_misuse), _number(due), _number(case.arrived_at), case.id


def _turn(case: Waiting, now: datetime) -> int:
    if case.snoozed_until is not None and case.snoozed_until > now:
        return SNOOZED
    return CUSTOMERS if case.waits_for_customer else OURS


def _rank(case: Waiting, due: datetime | None, now: datetime) -> int:
    if case.is_p0:
        return P0
    if case.promised_at is not None and case.promised_at < now:
        return LATE
    if due is not None:
        return DUE
    return ANSWERED if case.is_answered else UNPROMISED


def _number(at: datetime | None) -> int:
    return NEVER if at is None else (at - _EPOCH) // timedelta(microseconds=1)


_RANKS = (
    Why("p0", "It is a P0: these come before everything else."),
    Why("late", "A promised time has passed: what is late comes before what is still due, by the time it was due."),
    Why("due", "It has a due time: what is due earlier comes first."),
    Why("arrival", "Nothing is due at a certain time for it: such cases come by arrival, after those with a due time."),
    Why("answered", "It is answered and nothing is due for it: such cases come after those that wait for an answer."),
)
_TURNS = (
    Why("", ""),
    Why("customer", "It waits for the customer: such cases come after those that wait for us."),
    Why("snoozed", "It is snoozed: such cases come after all others."),
)
_MISUSE = Why("misuse", "Its urgency was misused before: such cases come last among their like.")


def why_of(key: Key) -> Why:
    """The reasons for a place in the order, the strongest first: one code, and one or two sentences."""
    turn, rank, misuse = key[:3]
    reasons: Sequence[Why] = [why for why, holds in ((_TURNS[turn], turn), (_MISUSE, misuse)) if holds]
    if not reasons:
        return _RANKS[rank]
    return Why(reasons[0].code, " ".join(why.words for why in (*reasons, _RANKS[rank])))


def ordinal(position: int) -> str:
    """`1st`, `2nd`, `3rd`, `11th` …"""
    last = position % 10 if position % 100 // 10 != 1 else 0
    return f"{position}{('th', 'st', 'nd', 'rd')[last] if last < 4 else 'th'}"
