"""Which room may take the place of a workspace's room, and when another one is made."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from roomdesk.rules.room_plan import Actual, Adopt, Desired, Plan, Remake, plan
from roomdesk.rules.room_succession import Candidate, refusal

BOT, KEEPER, OLGA = "@support:hs", "@support_keeper:hs", "@olga:hs"
GOOD = Candidate("!new", "12", (BOT, KEEPER), {BOT: "join"}, before="!old")
DESIRED = Desired({}, {}, BOT, KEEPER, lambda user: False, slug="acme")

FAULTS: tuple[tuple[dict[str, Any], str], ...] = (
    ({"creators": (BOT, KEEPER, OLGA)}, "made by @olga:hs"),
    ({"creators": (KEEPER,)}, "own user is not among those"),
    ({"version": "11"}, "room version 11"),
    ({"before": "!other"}, "does not name the room before it"),
    ({"before": ""}, "does not name the room before it"),
    ({"owner": "beta"}, "belongs to the workspace beta"),
    ({"marked": "beta"}, "belongs to the workspace beta"),
    ({"is_encrypted": True}, "encrypted"),
    ({"is_federated": True}, "other homeservers"),
    ({"kind": "m.space"}, "m.space"),
    ({"room_id": "!old"}, "It is, or was, this workspace's room."),
)


@pytest.mark.parametrize(("fault", "words"), FAULTS, ids=[words for _, words in FAULTS])
def test_one_fault_is_enough(fault: dict[str, Any], words: str) -> None:
    assert refusal(GOOD, BOT, KEEPER, "acme", before=("!old",)) == ""
    faulty = replace(GOOD, **fault)
    assert words in refusal(faulty, BOT, KEEPER, "acme", before=("!old",))
    found = plan(DESIRED, upgraded(faulty))
    assert words in found.problem and not found.actions


def test_an_operator_may_name_a_marked_room_and_not_one_that_was_replaced() -> None:
    marked = replace(GOOD, before="", marked="acme")
    assert refusal(marked, BOT, KEEPER, "acme", before=("!old",)) != ""
    assert refusal(marked, BOT, KEEPER, "acme", before=("!old",), by_operator=True) == ""
    unmarked = refusal(replace(GOOD, before=""), BOT, KEEPER, "acme", before=("!old",), by_operator=True)
    assert unmarked == "Nothing in it says that it is a room of this workspace."
    again = replace(GOOD, replaced_by="!newer")
    assert refusal(again, BOT, KEEPER, "acme", before=("!old",)) == "", "upgrades are followed step by step"
    assert "itself replaced by !newer" in refusal(again, BOT, KEEPER, "acme", before=("!old",), by_operator=True)


def test_a_room_of_another_or_unreadable_is_never_taken() -> None:
    for by_operator in (False, True):
        assert "is in it" in refusal(None, BOT, KEEPER, "acme", before=("!old",), by_operator=by_operator)
        taken = replace(GOOD, marked="acme", owner="beta")
        assert "beta" in refusal(taken, BOT, KEEPER, "acme", before=("!old",), by_operator=by_operator)


def test_upgrades_are_followed_and_what_is_gone_is_made_again_within_bounds() -> None:
    assert plan(DESIRED, upgraded(GOOD)) == Plan(actions=(Adopt("!new"),))
    assert "which is not taken over" in plan(DESIRED, upgraded(None)).problem
    gone = Actual("!old", {}, {}, is_gone=True)
    assert plan(DESIRED, gone) == Plan(actions=(Remake(),))
    held = plan(DESIRED, gone, may_remake=False)
    assert not held.actions and "rooms remake" in held.problem
    # An empty tombstone says nothing, and an encrypted room that was upgraded is followed to its successor.
    encrypted = replace(upgraded(GOOD), state={**upgraded(GOOD).state, ("m.room.encryption", ""): {"algorithm": "x"}})
    assert plan(DESIRED, encrypted) == Plan(actions=(Adopt("!new"),))
    assert plan(DESIRED, replace(upgraded(GOOD), state={("m.room.tombstone", ""): {}})) == Plan()


def upgraded(successor: Candidate | None) -> Actual:
    state = {("m.room.tombstone", ""): {"replacement_room": "!new"}}
    return Actual("!old", state, {BOT: "join", KEEPER: "join"}, successor=successor)
