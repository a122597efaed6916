"""Who belongs in a workspace's room, and what must be done so that just they are in it (R02, R04, D32). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

#: Memberships that need nothing more from us: in the room, or asked to come.
ARRIVED = frozenset({"join", "invite", "asked"})

#: Power of vendor staff in the room: they may pin and redact, nothing else beyond a customer (matrix-facts §1).
STAFF_POWER = 50


@dataclass(frozen=True, slots=True)
class Wanted:
    """A person who belongs in the room."""

    user_id: str
    power: int = 0


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


Action = Admit | Remove | SetPower


def members_plan(
    wanted: Mapping[str, Wanted], actual: Mapping[str, str], powered: tuple[str, ...], ours: frozenset[str]
) -> list[Action]:
    """Actions from the actual memberships to the wanted ones, nothing if they agree.

    `actual` maps user ids to memberships (`asked` where our invitation is under way), `powered` are those with staff
    power now, `ours` the desk's own users, which are never touched.
    """
    staff = tuple(sorted(user for user, want in wanted.items() if want.power))
    actions: list[Action] = []
    if staff != powered:
        actions.append(SetPower(staff))
    for user in sorted(wanted):
        if actual.get(user) not in ARRIVED:
            actions.append(Admit(user, wanted[user].power))
    for user in sorted(actual):
        if user not in wanted and user not in ours and actual[user] in ARRIVED:
            actions.append(Remove(user, "no longer belongs to this room"))
    return actions
