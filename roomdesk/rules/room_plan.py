"""What a workspace's room should be, and what must be done so that it is just that (R01, R02, R04, R05, D32). Pure.

Complete: settings, power, alias and everybody's membership. Minimal: a room that is right gives an empty plan. Safe: the
desk's own users are only ever seated, never removed, and one pass removes a bounded number of people.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from roomdesk.rules.room_succession import Candidate, refusal

#: Memberships that need nothing more from us: in the room, or asked to come.
ARRIVED = frozenset({"join", "invite", "asked"})
#: Our removal is under way: the person reads on until the homeserver says otherwise, and who belongs again is asked in behind it.
GOING = "going"
#: Memberships of those who are in the room or on their way into it or out of it.
THERE = ARRIVED | {GOING}
#: Memberships that end when somebody is removed; who knocks is shown the door too.
INSIDE = THERE | {"knock"}

#: Power of vendor staff in the room: they may pin and redact, nothing else beyond a customer (matrix-facts §1).
STAFF_POWER = 50

#: People whom one pass removes without an operator's word: a wrong import must not empty a room at a stroke.
MOST_REMOVALS = 10

POWER = "m.room.power_levels"
ENCRYPTION = "m.room.encryption"
TOMBSTONE = "m.room.tombstone"

_STRANGER = "no longer belongs to this room"

#: What is set first: who could undo the rest, then who could come in, then what the room is called.
_ORDER = (POWER, "m.room.join_rules", "m.room.guest_access", "m.room.history_visibility", "m.room.server_acl")
#: Nobody but the desk may set these, and the desk never does: pages within the room, invitations by mail address.
_NEVER = frozenset({"im.vector.modular.widgets", "m.widget", "m.room.third_party_invite"})

_TOO_MANY_GONE = (
    "The room was deleted in the homeserver. So many were in the last hour that this one waits for its turn, or for "
    "`roomdesk rooms remake`."
)
#: What a space holds, and which spaces a room says that it stands in: the desk's to say, and of the latter it says nothing.
CHILD, PARENT = "m.space.child", "m.space.parent"

Content = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A person who belongs in the room."""

    user_id: str
    power: int = 0


@dataclass(frozen=True, slots=True)
class Desired:
    """The room as it should be. `state` by event type, `{}` where there should be nothing; `is_ours` knows the desk's own users."""

    state: Mapping[str, Content]
    people: Mapping[str, Wanted]
    bot: str
    keeper: str
    is_ours: Callable[[str], bool]
    alias: str = ""
    slug: str = ""
    #: The type of the room itself: empty for one to talk in.
    type: str = ""
    #: Rooms that stand in this one, a space, by id, each with the content of its link.
    children: Mapping[str, Content] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Actual:
    """The room as it was read. `state` by type and key without members; `alias_room`: which room the alias names, if any.

    `is_gone`: the homeserver knows for certain that there is no such room. `successor`: the room that its tombstone names, if
    the desk can read it.
    """

    room_id: str
    state: Mapping[tuple[str, str], Content]
    members: Mapping[str, str]
    alias_room: str = ""
    is_gone: bool = False
    successor: Candidate | None = None


@dataclass(frozen=True, slots=True)
class Admit:
    user_id: str
    power: int


@dataclass(frozen=True, slots=True)
class Remove:
    user_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class SetPower:
    """Staff of the room, in order; everybody else has none."""

    staff: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Seat:
    """Bot or keeper comes back in: the other one invites, this one joins."""

    user_id: str


@dataclass(frozen=True, slots=True)
class SetState:
    """Content of one state event; `{}` takes away what it said."""

    type: str
    key: str
    content: Content


@dataclass(frozen=True, slots=True)
class PointAlias:
    """The alias names this room again; from `taken_by`, if another room has it."""

    alias: str
    taken_by: str = ""


@dataclass(frozen=True, slots=True)
class Remake:
    """Another room is made in the place of this one, which no longer exists."""


@dataclass(frozen=True, slots=True)
class Adopt:
    """The room that an upgrade has made takes the place of this one."""

    room_id: str


Action = Admit | Remove | SetPower | Seat | SetState | PointAlias | Remake | Adopt


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do, in order. `held`: removals that wait for the next pass or an operator's word; `problem`: what no action mends."""

    actions: tuple[Action, ...] = ()
    held: tuple[Remove, ...] = ()
    problem: str = ""

    @property
    def is_empty(self) -> bool:
        return not (self.actions or self.held or self.problem)


def plan(desired: Desired, actual: Actual, *, allow_mass_removal: bool = False, may_remake: bool = True) -> Plan:
    """From the room as it is to the room as it should be; carried out once, the next plan is empty.

    But for what the removals' bound holds back, and what no action mends: then nothing is planned, and `problem` says why.
    A room that is replaced (`Remake`, `Adopt`) is only replaced; the rest of the plan is the next one's, for the new room.
    """
    if actual.is_gone:
        return Plan(actions=(Remake(),)) if may_remake else Plan(problem=_TOO_MANY_GONE)
    if actual.state.get((TOMBSTONE, "")):
        return _after_upgrade(desired, actual)
    problem = _problem(desired, actual)
    if problem:
        return Plan(problem=problem)
    people = people_plan(desired, actual.members, allow_mass_removal=allow_mass_removal)
    # The alias before the event that names it: the homeserver refuses one that names another room.
    actions = (*_seats(desired, actual), *_alias(desired, actual), *_settings(desired, actual), *people.actions)
    return Plan(actions, people.held)


def people_plan(
    desired: Desired, members: Mapping[str, str], *, allow_mass_removal: bool = False, leaving: Collection[str] = ()
) -> Plan:
    """Who must go and who must come, in this order: a stranger reads on until gone.

    `members` maps user ids to memberships (`asked` where our invitation is under way, `going` where our removal is). Bans of strangers stay. `leaving` are
    those whom somebody has just removed by name: they go first, and no bound holds them.
    """
    strangers = [
        user
        for user in sorted(members)
        if members[user] in INSIDE and user not in desired.people and not _is_ours(desired, user)
    ]
    named = [Remove(user, _STRANGER) for user in strangers if user in leaving]
    going = [Remove(user, _STRANGER) for user in strangers if user not in leaving]
    most = len(going) if allow_mass_removal else MOST_REMOVALS
    coming = [
        Admit(user, desired.people[user].power)
        for user in sorted(desired.people)
        if members.get(user) not in ARRIVED and not _is_ours(desired, user)
    ]
    return Plan((*named, *going[:most], *coming), tuple(going[most:]))


def members_plan(
    desired: Desired, members: Mapping[str, str], powered: tuple[str, ...], leaving: Collection[str] = ()
) -> Plan:
    """The people's part of the plan after a change of ours, from what is known without asking the homeserver.

    `powered` are those whom our newest power levels name, `leaving` as in `people_plan`.
    """
    staff = staff_of(desired.people)
    people = people_plan(desired, members, leaving=leaving)
    return Plan((*([SetPower(staff)] if staff != powered else []), *people.actions), people.held)


def staff_of(people: Mapping[str, Wanted]) -> tuple[str, ...]:
    return tuple(sorted(user for user, want in people.items() if want.power))


def _is_ours(desired: Desired, user: str) -> bool:
    return user in (desired.bot, desired.keeper) or desired.is_ours(user)


def _problem(desired: Desired, actual: Actual) -> str:
    """What makes a room useless for good (matrix-facts §2, §7)."""
    if (ENCRYPTION, "") in actual.state:
        return "The room is encrypted, which nobody can undo."
    if all(actual.members.get(user) != "join" for user in (desired.bot, desired.keeper)):
        return "Neither the desk nor its keeper is in the room any more."
    return ""


def _after_upgrade(desired: Desired, actual: Actual) -> Plan:
    """Whoever could write the tombstone could name any room in it: it proves nothing about that one."""
    named = actual.state[TOMBSTONE, ""].get("replacement_room") or "no room"
    why = refusal(
        actual.successor, desired.bot, desired.keeper, desired.slug, before=(actual.room_id,), kind=desired.type
    )
    if why or actual.successor is None:
        return Plan(problem=f"The room was replaced by {named}, which is not taken over: {why}")
    return Plan(actions=(Adopt(actual.successor.room_id),))


def _seats(desired: Desired, actual: Actual) -> Iterable[Action]:
    """The bot before the keeper, and both before anything else: the bot does the rest."""
    return [Seat(user) for user in (desired.bot, desired.keeper) if actual.members.get(user) != "join"]


def _settings(desired: Desired, actual: Actual) -> Iterable[Action]:
    for kind in sorted(desired.state, key=_place):
        wanted = desired.state[kind]
        if not _agrees(kind, wanted, actual.state.get((kind, ""), {})):
            yield SetPower(staff_of(desired.people)) if kind == POWER else SetState(kind, "", wanted)
    for kind, key in sorted(actual.state):
        if kind in _NEVER and actual.state[kind, key]:
            yield SetState(kind, key, {})
    yield from _links(desired.children, actual.state)


def _links(children: Mapping[str, Content], state: Mapping[tuple[str, str], Content]) -> Iterable[Action]:
    for room, content in sorted(children.items()):
        if dict(state.get((CHILD, room), {})) != dict(content):
            yield SetState(CHILD, room, content)
    for kind, key in sorted(state):
        if state[kind, key] and (kind == PARENT or (kind == CHILD and key not in children)):
            yield SetState(kind, key, {})


def _place(kind: str) -> tuple[int, str]:
    return (_ORDER.index(kind) if kind in _ORDER else len(_ORDER), kind)


def _agrees(kind: str, wanted: Content, found: Content) -> bool:
    """Equal, but that a topic may lack its richer form (spec v1.15, `m.topic`): older homeservers make rooms without it."""
    if kind == "m.room.topic" and wanted and set(found) == {"topic"}:
        return bool(found["topic"] == wanted.get("topic"))
    return dict(found) == dict(wanted)


def _alias(desired: Desired, actual: Actual) -> Iterable[Action]:
    if not desired.alias or actual.alias_room == actual.room_id:
        return []
    return [PointAlias(desired.alias, actual.alias_room)]
