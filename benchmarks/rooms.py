"""Rooms provisioned and compared per second, beside Synapse's own rate for the same calls on the same machine in the same run.

Run: `python benchmarks/rooms.py [ROOMS]` (default 300). Everything runs in one folder that is removed afterwards. First Synapse alone makes
rooms by the calls that the desk needs (same version and state, two new accounts, three people asked in and joined), 1, 4, 16 and 32 at once; the best counts. Then so many
workspaces are put, and the worker makes their rooms. Then every room is compared with what it should be, twice: by the sweep, one after
another, and by `rooms reconcile` through the worker; beside it the same two calls a room by themselves.
"""

from __future__ import annotations

import os
import sys
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.support.installation import ROOT, installation

PRODUCT = "plana-business-cloud"
CUSTOMERS = ("owner", "admin")
MANAGER = "ivan"
AT_ONCE = (1, 4, 16, 32)
#: Rooms that Synapse makes by itself at each number at once.
ALONE = 32
PATIENCE = 1800.0


def main(rooms: int) -> None:
    with installation():
        _measure(rooms)


def _measure(rooms: int) -> None:
    matrix = _counting()
    manager = _manager()
    alone = {at_once: _alone(matrix, at_once, manager) for at_once in AT_ONCE}
    best = max(alone.values())
    each = ", ".join(f"{rate:.2f} at {at_once}" for at_once, rate in alone.items())
    print(
        f"Synapse alone: {best:.2f} rooms/s at best ({each}), with the accounts of {len(CUSTOMERS)} people made, and these, the account manager and the keeper asked in and joined"
    )
    rate = _provision(rooms)
    print(f"{rooms} workspaces provisioned: {rate:.2f} rooms/s ({rate / best:.0%} of Synapse alone)")
    bare = _bare(matrix)
    print(f"state and alias of each room, read and nothing else: {bare / rooms * 1000:.1f} ms a room")
    seconds, calls = _swept(matrix, rooms)
    print(_words("sweep without drift", seconds, rooms, bare) + f", {calls / rooms:.1f} calls a room")
    print(_words("`rooms reconcile` of all through the worker", _reconciled(), rooms, bare))


def _words(what: str, seconds: float, rooms: int, bare: float) -> str:
    return f"{what}: {seconds:.1f} s, {seconds / rooms * 1000:.1f} ms a room ({seconds / bare:.1f} x the bare calls one after another)"


def _counting() -> Any:
    """The installation's client, as a process that starts now has it, counting its calls."""
    from roomdesk.channels.matrix.client import Matrix
    from roomdesk.runtime.instance import resolve
    from roomdesk.runtime.settings import load

    class Counting(Matrix):
        calls = 0

        def _answer(self, *given: Any) -> object:
            self.calls += 1
            return super()._answer(*given)

    s = resolve(load(os.environ))
    tokens = {"as_token": s.as_token, "people_token": s.people_token, "admin_token": s.admin_token}
    return Counting(s.matrix_url, s.matrix_server_name, **tokens)


def _manager() -> str:
    """The user id of the account manager, who is in every room, however many there are (D32)."""
    from roomdesk.audit.work import Actor
    from roomdesk.directory import services
    from roomdesk.runtime import clock

    actor, now = Actor("cli", "bench"), clock.now() - timedelta(days=1)
    services.load_all(ROOT / "products", actor, now)
    services.do_put_staff(id=MANAGER, roles=["account_manager"], product=PRODUCT, actor=actor, now=now)
    _until(_quiet)
    return services.user_id(services.access_person(MANAGER))


def _alone(matrix: Any, at_once: int, manager: str) -> float:
    """Rooms a second by the same calls as the desk's, with nothing in between."""
    from roomdesk.channels.matrix import membership, room_body
    from roomdesk.channels.matrix.names import path

    def make(_: int) -> None:
        slug = f"alone-{uuid.uuid4().hex[:8]}"
        customers = [f"@{slug}-{role}:{matrix.server}" for role in CUSTOMERS]
        for user in customers:
            membership.provision(matrix, user, user, user)
        body = room_body.room_body(
            name=slug, topic="", server=matrix.server, workspace_slug=slug, alias_localpart=f"support-{slug}",
            staff=[manager],
        )  # fmt: skip
        room = str(matrix.call("POST", path("createRoom"), body)["room_id"])
        membership.join(matrix, room, matrix.keeper)
        for user in (manager, *customers):
            membership.invite(matrix, room, user)
            membership.join(matrix, room, user)

    with ThreadPoolExecutor(at_once) as pool:
        seconds = _timed(lambda: list(pool.map(make, range(ALONE))))
    return ALONE / seconds


def _provision(rooms: int) -> float:
    """Workspaces are put, and the worker does the rest; rooms a second until everybody is in."""
    from roomdesk.audit.work import Actor
    from roomdesk.directory import services
    from roomdesk.directory.services import MemberWish, PersonWish, WorkspaceWish
    from roomdesk.rooms.models import RoomMember
    from roomdesk.runtime import clock

    def wishes(slug: str) -> list[Any]:
        people = [MemberWish(workspace=slug, person=PersonWish(id=f"{slug}-{role}"), role=role) for role in CUSTOMERS]
        return [WorkspaceWish(slug=slug, product=PRODUCT, tier="pro", account_manager=MANAGER), *people]

    def everybody_is_in() -> bool:
        joined = (
            RoomMember.objects.filter(room__workspace__isnull=False, membership="join")
            .exclude(user_id__startswith="@support")
            .count()
        )
        return joined == rooms * (len(CUSTOMERS) + 1)

    def put() -> None:
        # As products put their customers: each by itself, while the rooms of those before are made.
        for number in range(rooms):
            services.grant(wishes(f"bench-{number}"), Actor("cli", "bench"), clock.now())
        _until(everybody_is_in)

    seconds = _timed(put)
    _until(_quiet)
    return rooms / seconds


def _bare(matrix: Any) -> float:
    """Seconds for the two calls a room without which nothing can be compared."""
    from roomdesk.channels.matrix.rooms import named_by
    from roomdesk.rooms.models import Room

    def read() -> None:
        for room in Room.objects.filter(workspace__isnull=False):
            matrix.state(room.room_id, matrix.bot)
            named_by(matrix, room.alias)

    return _timed(read)


def _swept(matrix: Any, rooms: int) -> tuple[float, int]:
    """Seconds and calls of one whole sweep that finds every room right."""
    from roomdesk.rooms import sweep
    from roomdesk.runtime import clock

    before, begun = matrix.calls, clock.now()
    seconds = _timed(lambda: sweep.sweep(matrix, begun + timedelta(seconds=1), timedelta(), limit=rooms))
    assert _quiet(), "a room was not right"
    return seconds, matrix.calls - before


def _reconciled() -> float:
    from roomdesk.audit.work import Actor
    from roomdesk.directory.models import Workspace
    from roomdesk.rooms import planning
    from roomdesk.runtime import clock

    def reconcile() -> None:
        planning.do_reconcile(Workspace.objects.all(), Actor("cli", "bench"), clock.now())
        _until(_quiet)

    return _timed(reconcile)


def _quiet() -> bool:
    """Whether nothing waits, neither to be worked on nor to be sent."""
    from roomdesk.queues.models import InboxEvent, OutboxRow

    waiting = InboxEvent.objects.filter(state=InboxEvent.State.PENDING, lane__isnull=False).exists()
    return not waiting and not OutboxRow.objects.filter(state__in=OutboxRow.ACTIVE).exists()


def _until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not done():
        if time.monotonic() > deadline:
            raise SystemExit(f"This was not done within {PATIENCE:.0f} s.")
        time.sleep(0.5)


def _timed(work: Callable[[], object]) -> float:
    begun = time.monotonic()
    work()
    return time.monotonic() - begun


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 300)
