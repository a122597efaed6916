"""Turning a plan's actions into calls of the outbox, each audited. In the caller's `Work`, under the lane's lock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from roomdesk.audit.work import Work
from roomdesk.queues.outbox import BEHIND
from roomdesk.rooms.desired import People, power_of
from roomdesk.rooms.homes import Home, destination, scope_of, subject_of
from roomdesk.rooms.models import Room, RoomMember
from roomdesk.rules.room_plan import CHILD, GOING, Action, Admit, PointAlias, Remove, Seat, SetPower, SetState


@dataclass(frozen=True, slots=True)
class Site:
    """A room at hand, with all that acting on it needs."""

    work: Work
    room: Room
    workspace: Home
    people: People
    members: dict[str, RoomMember]


def carry_out(site: Site, actions: Iterable[Action]) -> None:
    """Plans the calls in their order. Each may be repeated: it looks at the world first, or says what is true already."""
    for action in actions:
        match action:
            case Admit(user):
                _admit(site, user)
            case Remove(user, reason):
                _remove(site, user, reason)
            case SetPower(staff):
                _set_power(site, staff)
            case SetState(kind, key, content):
                _set_state(site, kind, key, content)
            case Seat(user):
                act(site, "seat", {"user_id": user}, "room.seating", {"user_id": user})
            case PointAlias(alias, taken_by):
                act(site, "alias", {"alias": alias}, "room.alias", {"alias": alias, "taken_by": taken_by})


def act(
    site: Site, kind: str, payload: Mapping[str, Any], action: str, data: Mapping[str, Any], *, priority: int = 0
) -> None:
    work, workspace = site.work, site.workspace
    full = {"room_id": site.room.room_id, **payload}
    work.send("matrix", kind, destination(workspace), full, lane_id=workspace.lane_id, priority=priority)
    site.room.acts += 1
    work.update(site.room, "acts")
    work.audit(action, subject_of(workspace), data, scope=scope_of(workspace))


def _admit(site: Site, user: str) -> None:
    person = site.people[user][0]
    payload = {"user_id": user, "display_name": person.name, "subject": person.slug, "join": True}
    act(site, "admit", payload, "room.admitting", {"person": person.slug, "user_id": user})
    note_member(site.work, site.room, site.members, user, "asked")


def _remove(site: Site, user: str, reason: str) -> None:
    gone = {"user_id": user, "reason": reason}
    act(site, "remove", gone, "room.removing", gone)
    # Not as gone: until the homeserver says so the person reads on, and nobody must take the room for right. Not as there either:
    # who belongs again a moment later would be taken for arrived, and then be removed.
    note_member(site.work, site.room, site.members, user, GOING)


def _set_power(site: Site, staff: tuple[str, ...]) -> None:
    content = power_of(site.room, site.workspace, staff)
    payload = {"type": "m.room.power_levels", "state_key": "", "content": content}
    act(site, "state", payload, "room.power", {"staff": list(staff)})
    site.room.powered = " ".join(staff)
    site.work.update(site.room, "powered")


def _set_state(site: Site, kind: str, key: str, content: Mapping[str, Any]) -> None:
    payload = {"type": kind, "state_key": key, "content": dict(content)}
    data = {"type": kind, "key": key, "content": dict(content)}
    # People get into a new room before staff find it in their Space.
    act(site, "state", payload, "room.setting", data, priority=BEHIND if kind == CHILD else 0)


def note_member(work: Work, room: Room, members: dict[str, RoomMember], user: str, membership: str) -> None:
    """Keeps what the homeserver (or our own plan: `asked`, `going`) says about somebody's membership."""
    known = members.get(user)
    if known is None:
        members[user] = work.insert(RoomMember(room=room, user_id=user, membership=membership, since=work.now))
    elif known.membership != membership:
        known.membership, known.since = membership, work.now
        work.update(known, "membership", "since")
