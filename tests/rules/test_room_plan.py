"""The room plan: from any room to the right one in one pass, nothing in a second, never at the desk's own cost."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from roomdesk.rules.room_plan import (
    MOST_REMOVALS,
    Action,
    Actual,
    Admit,
    Desired,
    Plan,
    PointAlias,
    Remove,
    Seat,
    SetPower,
    SetState,
    Wanted,
    members_plan,
    plan,
)

BOT, KEEPER, GHOST = "@support:hs", "@support_keeper:hs", "@support_p_1:hs"
OURS = frozenset({BOT, KEEPER, GHOST})
OLGA, ASEN, IVAN, OTO = "@olga:hs", "@asen:hs", "@ivan:hs", "@oto:hs"
ROOM, ALIAS = "!room", "#support-acme:hs"
MEMBERSHIPS = ("join", "invite", "leave", "ban", "knock")


def levels(*staff: str) -> dict[str, Any]:
    return {"users": {user: 50 for user in sorted(staff)}, "invite": 100, "events": {"m.room.encryption": 101}}


def desired(*people: str, staff: tuple[str, ...] = (IVAN,), alias: str = ALIAS) -> Desired:
    wanted = {user: Wanted(user, 50 if user in staff else 0) for user in (*people, *staff)}
    state = {
        "m.room.name": {"name": "Acme · Support"},
        "m.room.topic": {"topic": "Ask us", "m.topic": {"m.text": [{"body": "Ask us"}]}},
        "m.room.avatar": {},
        "m.room.join_rules": {"join_rule": "invite"},
        "m.room.guest_access": {"guest_access": "forbidden"},
        "m.room.history_visibility": {"history_visibility": "shared"},
        "m.room.server_acl": {"allow": ["hs"], "deny": []},
        "m.room.canonical_alias": {"alias": alias} if alias else {},
        "m.room.power_levels": levels(*staff),
    }
    return Desired(state, wanted, BOT, KEEPER, OURS.__contains__, alias)


def right(wanted: Desired) -> Actual:
    """The room just as it is wanted."""
    state = {(kind, ""): content for kind, content in wanted.state.items() if content}
    state |= {("m.space.child", room): content for room, content in wanted.children.items()}
    members = {user: "join" for user in (BOT, KEEPER, *wanted.people)}
    return Actual(ROOM, state, members, ROOM if wanted.alias else "")


def carried_out(wanted: Desired, actual: Actual, actions: tuple[Action, ...]) -> Actual:
    """A model of a room: what the homeserver makes of these actions, one after another."""
    state, members, alias_room = dict(actual.state), dict(actual.members), actual.alias_room
    for action in actions:
        match action:
            case Seat(user):
                assert members.get(BOT if user == KEEPER else KEEPER) == "join", "nobody there to invite"
                members[user] = "join"
                continue
            case _:
                assert members[BOT] == "join", "the desk acts only while it is in the room"
        match action:
            case SetState(kind, key, content):
                state[kind, key] = content
            case SetPower(staff):
                state["m.room.power_levels", ""] = levels(*staff)
            case PointAlias(_, taken_by):
                assert taken_by == alias_room
                alias_room = ROOM
            case Admit(user, _):
                members[user] = "join"
            case Remove(user, _):
                members[user] = "leave"
    return Actual(ROOM, state, members, alias_room)


users = st.sampled_from([f"@{name}:hs" for name in ("olga", "asen", "mira", "ivan", "ana", "oto", "nina")])
many = st.integers(0, 40).map(lambda number: f"@stranger{number}:hs")
contents = st.dictionaries(
    st.sampled_from(["name", "topic", "url", "join_rule", "users", "alias", "allow", "invite"]),
    st.one_of(
        st.sampled_from(["", "Acme", "public", "mxc://hs/x", "#other:hs"]),
        st.integers(0, 150),
        st.dictionaries(users, st.integers(0, 100), max_size=3),
    ),
    max_size=3,
)
kinds = st.one_of(
    st.sampled_from(sorted(desired().state)).map(lambda kind: (kind, "")),
    st.tuples(st.sampled_from(["im.vector.modular.widgets", "m.room.third_party_invite"]), st.sampled_from("ab")),
    st.just(("m.room.pinned_events", "")),
    st.tuples(st.sampled_from(["m.space.child", "m.space.parent"]), st.sampled_from(["!one", "!two", "!three"])),
)
links = st.dictionaries(st.sampled_from(["!one", "!two"]), st.just({"via": ["hs"]}))


@st.composite
def wishes(draw: st.DrawFn) -> Desired:
    staff = draw(st.sets(users, max_size=3))
    people = draw(st.sets(users, max_size=5))
    found = desired(*people - staff, staff=tuple(sorted(staff)), alias=draw(st.sampled_from([ALIAS, ""])))
    return replace(found, children=draw(links))


@st.composite
def rooms(draw: st.DrawFn, wanted: Desired) -> Actual:
    """A room that began right, or not, and had anything done to it; one of the desk's two is still there."""
    base = draw(st.sampled_from([right(wanted), Actual(ROOM, {}, {}, "")]))
    state = {**base.state, **draw(st.dictionaries(kinds, contents, max_size=6))}
    strangers = draw(st.dictionaries(st.one_of(users, many, st.just(GHOST)), st.sampled_from(MEMBERSHIPS), max_size=25))
    ours = draw(st.sampled_from([("join", "join"), ("leave", "join"), ("join", "leave"), ("join", "invite")]))
    members = {**base.members, **strangers, BOT: ours[0], KEEPER: ours[1]}
    return Actual(ROOM, state, members, draw(st.sampled_from(["", ROOM, "!elsewhere"])))


wished_rooms = wishes().flatmap(lambda wanted: st.tuples(st.just(wanted), rooms(wanted)))


@settings(max_examples=150, derandomize=True, deadline=None)
@given(wished_rooms)
def test_one_pass_is_enough_and_a_second_finds_nothing(drawn: tuple[Desired, Actual]) -> None:
    wanted, actual = drawn
    found = plan(wanted, actual, allow_mass_removal=True)
    after = carried_out(wanted, actual, found.actions)
    assert plan(wanted, after) == Plan()
    inside = {user for user, membership in after.members.items() if membership in ("join", "invite", "knock")}
    assert inside - OURS == set(wanted.people)
    for kind, content in wanted.state.items():
        assert {**content, **after.state.get((kind, ""), {})} == content
    assert not wanted.alias or after.alias_room == ROOM


@settings(max_examples=150, derandomize=True, deadline=None)
@given(wished_rooms)
def test_a_pass_removes_few_people_and_never_the_desks_own(drawn: tuple[Desired, Actual]) -> None:
    wanted, actual = drawn
    found = plan(wanted, actual)
    removed = [action.user_id for action in found.actions if isinstance(action, Remove)]
    assert len(removed) <= MOST_REMOVALS
    assert not {BOT, KEEPER, GHOST} & {*removed, *(one.user_id for one in found.held)}
    allowed = plan(wanted, actual, allow_mass_removal=True)
    assert {*removed, *(one.user_id for one in found.held)} == {
        action.user_id for action in allowed.actions if isinstance(action, Remove)
    }
    # What is held back is all that the next pass still finds, and enough passes remove everybody.
    again = plan(wanted, carried_out(wanted, actual, found.actions))
    assert {*again.actions, *again.held} == set(found.held)


@settings(max_examples=150, derandomize=True, deadline=None)
@given(wished_rooms)
def test_every_action_is_needed(drawn: tuple[Desired, Actual]) -> None:
    wanted, actual = drawn
    found = plan(wanted, actual, allow_mass_removal=True).actions
    assert len(set(map(repr, found))) == len(found)
    for left_out in found:
        if isinstance(left_out, Seat):
            continue
        others = tuple(action for action in found if action is not left_out)
        assert plan(wanted, carried_out(wanted, actual, others), allow_mass_removal=True).actions == (left_out,)


def test_a_room_that_is_right_gives_an_empty_plan() -> None:
    wanted = desired(OLGA, ASEN)
    assert plan(wanted, right(wanted)) == Plan()
    assert plan(wanted, right(wanted)).is_empty


def test_power_goes_before_strangers_and_strangers_before_newcomers() -> None:
    wanted = desired(OLGA, ASEN)
    actual = right(wanted)
    actual = replace(
        actual,
        state={**actual.state, ("m.room.power_levels", ""): levels(OTO), ("m.room.name", ""): {"name": "Mine"}},
        members={**actual.members, ASEN: "ban", OTO: "join", BOT: "leave"},
        alias_room="!elsewhere",
    )
    assert plan(wanted, actual).actions == (
        Seat(BOT),
        PointAlias(ALIAS, "!elsewhere"),
        SetPower((IVAN,)),
        SetState("m.room.name", "", {"name": "Acme · Support"}),
        Remove(OTO, "no longer belongs to this room"),
        Admit(ASEN, 0),
    )


def test_what_should_not_be_there_is_emptied() -> None:
    wanted = desired(OLGA)
    actual = right(wanted)
    extra = {("m.room.avatar", ""): {"url": "mxc://hs/x"}, ("im.vector.modular.widgets", "w"): {"url": "https://x"}}
    actual = replace(actual, state={**actual.state, **extra})
    assert plan(wanted, actual).actions == (
        SetState("m.room.avatar", "", {}),
        SetState("im.vector.modular.widgets", "w", {}),
    )


def test_a_topic_may_lack_its_rich_form_but_not_carry_another() -> None:
    wanted = desired(OLGA)
    actual = right(wanted)
    other = {"topic": "Ask us", "m.topic": {"m.text": [{"body": "Ask them"}]}}
    for topic, is_right in (({"topic": "Ask us"}, True), (other, False), ({"topic": "Ask them"}, False)):
        found = plan(wanted, replace(actual, state={**actual.state, ("m.room.topic", ""): topic}))
        assert found.is_empty is is_right


def test_what_no_action_mends_is_said_and_nothing_is_done() -> None:
    wanted = desired(OLGA)
    actual = right(wanted)
    broken = {
        "encrypted": replace(actual, state={**actual.state, ("m.room.encryption", ""): {"algorithm": "x"}}),
        "replaced by !new": replace(
            actual, state={**actual.state, ("m.room.tombstone", ""): {"replacement_room": "!new"}}
        ),
        "Neither the desk nor its keeper": replace(actual, members={OLGA: "join", BOT: "leave"}),
    }
    for words, room in broken.items():
        found = plan(wanted, room)
        assert words in found.problem and not found.actions and not found.is_empty


def test_after_a_change_of_ours_only_people_and_power_are_looked_at() -> None:
    wanted = desired(OLGA, ASEN)
    members = {OLGA: "asked", OTO: "invite", GHOST: "join", BOT: "join"}
    assert members_plan(wanted, members, ()).actions == (
        SetPower((IVAN,)),
        Remove(OTO, "no longer belongs to this room"),
        Admit(ASEN, 0),
        Admit(IVAN, 50),
    )
    assert members_plan(wanted, {user: "join" for user in wanted.people}, (IVAN,)) == Plan()


def test_who_was_removed_by_name_goes_at_once_whatever_their_number() -> None:
    wanted = desired(OLGA)
    leavers = [f"@leaver{number:02}:hs" for number in range(MOST_REMOVALS + 5)]
    strangers = [f"@stranger{number:02}:hs" for number in range(MOST_REMOVALS + 1)]
    members = {user: "join" for user in (OLGA, IVAN, *leavers, *strangers)}
    found = members_plan(wanted, members, (IVAN,), leaving=[*leavers, OLGA, BOT])
    removed = [action.user_id for action in found.actions if isinstance(action, Remove)]
    assert removed == [*leavers, *strangers[:MOST_REMOVALS]], "the named first; who belongs there is never removed"
    assert [one.user_id for one in found.held] == strangers[MOST_REMOVALS:]
