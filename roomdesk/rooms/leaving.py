"""Where somebody who left still is: the report of an off-boarding, by the homeserver's own word where the desk may ask for it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q

from roomdesk.bootstrap import settings
from roomdesk.channels.matrix import membership
from roomdesk.channels.matrix.client import Matrix, current
from roomdesk.channels.matrix.errors import MatrixError
from roomdesk.directory.errors import Conflict
from roomdesk.directory.models import Person
from roomdesk.queues.models import OutboxRow
from roomdesk.rooms import naming
from roomdesk.rooms.desired import belong
from roomdesk.rooms.homes import destination, home_of, whose
from roomdesk.rooms.models import Room, RoomMember
from roomdesk.rooms.planning import product_for
from roomdesk.rules.room_plan import THERE

Json = dict[str, Any]
_POLL = 0.2


@dataclass(frozen=True, slots=True)
class Account:
    """The account at the homeserver: `rooms` it is in, and whether it is locked; None where nobody may ask."""

    rooms: frozenset[str] | None
    locked: bool | None


def known_rooms(person: Person) -> list[Room]:
    """The desk's rooms, workspaces' and the staff's own, that the person is in, or asked into, by what we were told last."""
    user = naming.person_id(person, settings.matrix_server_name)
    rows = RoomMember.objects.filter(user_id=user, membership__in=THERE)
    return sorted((row.room for row in rows.select_related("room__workspace", "room__person")), key=_place)


def report(person: Person, before: Iterable[Room], now: datetime, *, matrix: Matrix | None = None) -> Json:
    """What became of the rooms that the person was in `before`, and of the account; every other room is `elsewhere`.

    A room's `result` is `left`, `belongs` (the person has another role there) or `not_done`, with its `problem`; the
    account's is `locked`, `not_locked`, `unknown` without an admin token, or `kept` where it is not the desk's to lock, or
    still needed. `complete`: nothing is left to do. Conflict where the homeserver does not answer.
    """
    user = naming.person_id(person, settings.matrix_server_name)
    account = _account(matrix or current(), user)
    rooms = {room.pk: room for room in (*before, *_still_in(account))}
    items = [_item(room, person, user, account, now) for room in sorted(rooms.values(), key=_place)]
    state = _account_state(person, account)
    ours = {room.room_id for room in rooms.values()}
    return {
        "rooms": items,
        "elsewhere": sorted((account.rooms or frozenset()) - ours),
        "account": state,
        "problem": None,
        "complete": state != "not_locked" and all(item["result"] != "not_done" for item in items),
    }


def awaited(person: Person, before: list[Room], seconds: float, now: Callable[[], datetime]) -> Json:
    """The report as soon as it is complete, or after so many seconds as it is then; `problem` where nothing could be asked."""
    until = time.monotonic() + seconds
    while not (found := _tried(person, before, now()))["complete"] and time.monotonic() < until:
        time.sleep(_POLL)
    return found


def _tried(person: Person, before: list[Room], now: datetime) -> Json:
    """The removal is written and will be carried out, whether or not the homeserver answers now."""
    try:
        return report(person, before, now)
    except Conflict as error:
        return {"rooms": [], "elsewhere": [], "account": "unknown", "problem": str(error), "complete": False}


def lines(found: Json) -> list[str]:
    """The report for people."""
    said = {"left": "has left", "belongs": "stays in, by another role,", "not_done": "is still in"}
    told = [f"{said[item['result']]} {_room_words(item)}" for item in found["rooms"]]
    told = [
        f"{line}: {item['problem']}" if item["problem"] else line
        for line, item in zip(told, found["rooms"], strict=True)
    ]
    told += [f"is still in {room}, which is no room of the desk" for room in found["elsewhere"]]
    told += [found["problem"]] if found["problem"] else []
    return [*told, f"account: {found['account'].replace('_', ' ')}"]


def _room_words(item: Json) -> str:
    return f"the room of {item['workspace']}" if item["workspace"] else f"the staff's room {item['staff_room']}"


def _account(matrix: Matrix, user: str) -> Account:
    if not matrix.has_admin:
        return Account(None, None)
    try:
        found = membership.account(matrix, user)
        rooms = membership.rooms_of(matrix, user) if found else []
    except MatrixError as error:
        raise Conflict(f"{error} What was removed stays removed; ask again later.") from error
    # Who has no account can sign in as little as who is locked.
    return Account(frozenset(rooms), bool(found.get("locked")) if found else True)


def _still_in(account: Account) -> Iterable[Room]:
    """The desk's rooms that the homeserver names and we knew nothing of."""
    return Room.objects.filter(room_id__in=account.rooms or ()).select_related("workspace", "person")


def _place(room: Room) -> tuple[bool, str]:
    """Workspaces' rooms first, each kind by name."""
    return (room.workspace_id is None, home_of(room).slug)


def _item(room: Room, person: Person, user: str, account: Account, now: datetime) -> Json:
    head = {**whose(home_of(room)), "room_id": room.room_id}
    if user in _belonging(room, now):
        return {**head, "result": "belongs", "problem": None}
    if account.rooms is not None:
        inside = room.room_id in account.rooms
    else:
        inside = RoomMember.objects.filter(room=room, user_id=user, membership__in=THERE).exists()
    problem = _problem(room, user) if inside else None
    return {**head, "result": "not_done" if inside else "left", "problem": problem}


def _belonging(room: Room, now: datetime) -> Iterable[str]:
    home = home_of(room)
    return belong(home, product_for(home), settings.matrix_server_name, now)


def _problem(room: Room, user: str) -> str | None:
    """Why the removal was refused, if it was."""
    rows = OutboxRow.objects.filter(destination=destination(home_of(room)), kind="remove").order_by("-pk")
    last = next((row for row in rows[:50] if json.loads(row.payload)["user_id"] == user), None)
    return last.last_error or None if last is not None else None


def _account_state(person: Person, account: Account) -> str:
    open_roles = Q(valid_to=None)
    needed = person.memberships.filter(open_roles).exists() or person.staff_roles.filter(open_roles).exists()
    if settings.accounts != "managed" or needed:
        return "kept"
    if account.locked is None:
        return "unknown"
    return "locked" if account.locked else "not_locked"
