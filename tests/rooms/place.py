"""One workspace on the real homeserver, worked off in this thread: what the worker does, but only when the test says so."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from roomdesk import pipeline
from roomdesk.audit.models import Content, Entry
from roomdesk.audit.work import Actor
from roomdesk.channels.matrix.client import Matrix
from roomdesk.channels.matrix.errors import MatrixError
from roomdesk.channels.matrix.names import path
from roomdesk.channels.matrix.retry import retry_delay
from roomdesk.channels.matrix.send import send
from roomdesk.channels.ways import Way
from roomdesk.directory import services
from roomdesk.directory.models import Workspace
from roomdesk.queues import outbox
from roomdesk.queues.models import InboxEvent, OutboxRow
from roomdesk.rooms import planning, sweep
from roomdesk.rooms.models import Drift, Room
from roomdesk.runtime import clock
from roomdesk.worker.outbox import send_one
from tests.harness.live import eventually

ACTOR = Actor("cli", "tests")
PRODUCT = "plana-business-cloud"
ADMIN = "/_synapse/admin/v1"
Json = dict[str, Any]


def purge_room(matrix: Matrix, room_id: str) -> None:
    """What an administrator's slip does to a room; done when this returns.

    The homeserver fails (500) where it is still writing something of the room; asked again it goes on.
    """

    def is_gone() -> bool:
        try:
            matrix.admin("DELETE", path("rooms", room_id, base=ADMIN), {"purge": True})
        except MatrixError as error:
            if error.status < 500:
                raise
            return False
        return True

    eventually(is_gone, "the end of the room")


@dataclass
class Place:
    """Owner Olga, admin Asen, member Mira (no access), engineer Ivan; their ids end with the workspace's slug."""

    matrix: Matrix
    slug: str = field(default_factory=lambda: f"w{uuid.uuid4().hex[:8]}")

    def build(self) -> Place:
        services.do_put_staff(id=self.id("ivan"), roles=["engineer"], product=PRODUCT, actor=ACTOR, now=clock.now())
        self.put(product=PRODUCT, tier="pro", locale="en", display_name="Acme")
        for name, role in (("olga", "owner"), ("asen", "admin"), ("mira", "member")):
            services.do_put_member(workspace=self.slug, id=self.id(name), role=role, actor=ACTOR, now=clock.now())
        self.settle()
        assert self.plan() == {"actions": [], "held": [], "problem": None}, "a new room is right"
        return self

    def put(self, **wanted: Any) -> None:
        services.do_put_workspace(slug=self.slug, **wanted, actor=ACTOR, now=clock.now())

    def id(self, name: str) -> str:
        return f"{name}-{self.slug}"

    def user(self, name: str) -> str:
        return f"@{self.id(name)}:{self.matrix.server}"

    @property
    def workspace(self) -> Workspace:
        return Workspace.objects.get(slug=self.slug)

    @property
    def row(self) -> Room:
        return Room.objects.get(workspace__slug=self.slug)

    @property
    def room(self) -> str:
        return self.row.room_id

    def settle(self) -> None:
        """Works off all that waits, in the flow and on its way out."""
        ways = {"matrix": Way(lambda row: send(row, self.matrix), retry_delay)}
        while (rows := outbox.claim(1, 20, clock.now())) or pipeline.drain():
            for row in rows:
                send_one(row, ways)
        assert not OutboxRow.objects.filter(state__in=OutboxRow.ACTIVE).exists()
        left = InboxEvent.objects.filter(state__in=["pending", "set_aside"], lane__isnull=False)
        assert [event.reason for event in left] == []

    def sweep(self) -> None:
        """One whole sweep of a worker, the staff's own rooms included."""
        there = Room.objects.filter(state=Room.State.READY).count()
        assert sweep.sweep(self.matrix, clock.now() + timedelta(seconds=1), timedelta()) == there
        self.settle()

    def reconcile(self, **more: Any) -> None:
        assert planning.do_reconcile([self.workspace], ACTOR, clock.now(), **more) == [self.slug]
        self.settle()

    def plan(self) -> Json:
        (item,) = planning.plans([self.workspace], clock.now(), matrix=self.matrix)
        return {name: item[name] for name in ("actions", "held", "problem")}

    def state(self, reader: str = "olga") -> dict[tuple[str, str], Json]:
        """The room as a person in it reads it."""
        return {(e["type"], e["state_key"]): e["content"] for e in self.matrix.state(self.room, self.user(reader))}

    def members(self) -> dict[str, str]:
        """Name → membership of everybody of this workspace who ever was there."""
        found = {key: content["membership"] for (kind, key), content in self.state().items() if kind == "m.room.member"}
        return {user[1:].partition(":")[0].removesuffix(f"-{self.slug}"): how for user, how in found.items()}

    def call(self, method: str, *parts: str, user: str | None = None, **body: Any) -> Json:
        """A call about the room as the bot, or as somebody else."""
        given = None if method == "GET" else body
        return self.matrix.call(method, path("rooms", self.room, *parts), given, user=user)

    def make_admin(self, name: str) -> None:
        """What an administrator of the homeserver can do to any room."""
        where = path("rooms", self.room, "make_room_admin", base=ADMIN)
        self.matrix.admin("POST", where, {"user_id": self.user(name)})

    def drifts(self) -> list[Drift]:
        return list(Drift.objects.filter(room__workspace__slug=self.slug).order_by("pk"))

    def audited(self, action: str) -> list[Json]:
        entries = Entry.objects.filter(scope=f"workspace:{self.slug}", action=action).order_by("seq")
        contents = Content.objects.in_bulk([entry.pk for entry in entries])
        return [json.loads(contents[entry.pk].data) for entry in entries]
