"""Whose room it is: a workspace's, or the staff's own. What keeping a room right asks of either."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from roomdesk.audit.work import VENDOR
from roomdesk.directory.models import Person, Workspace
from roomdesk.rooms.models import Room


@dataclass(frozen=True, slots=True)
class House:
    """A room of the staff: the Staff Space (no product), the space of a product within it, a product's control room, or one
    person's for direct messages with the desk."""

    kind: str
    product: str
    lane_id: int
    person: Person | None = None

    @property
    def slug(self) -> str:
        """Its name in commands, in the audit and as the outbox's destination."""
        whose = self.person.slug if self.person else self.product
        return f"{self.kind}-{whose}" if whose else self.kind

    @property
    def is_space(self) -> bool:
        return self.kind == Room.Kind.SPACE


Home: TypeAlias = Workspace | House


def home_of(room: Room) -> Home:
    if room.workspace is not None:
        return room.workspace
    assert room.lane_id is not None, "a room without a workspace has a lane of its own"
    return House(room.kind, room.product, room.lane_id, room.person)


def named(home: Home) -> str:
    """Whose room it is, in one word: a workspace's slug, or for a room of the staff what no slug can be."""
    return subject_of(home) if isinstance(home, House) else home.slug


def whose(home: Home) -> dict[str, str | None]:
    """The room's name as commands and REST give it."""
    if isinstance(home, House):
        return {"workspace": None, "staff_room": home.slug}
    return {"workspace": home.slug}


def destination(home: Home) -> str:
    """The outbox destination of everything that happens in the room: in order, one at a time."""
    return f"matrix:{'staff' if isinstance(home, House) else 'room'}:{home.slug}"


def scope_of(home: Home) -> str:
    """The audit chain that keeps what happens to the room."""
    return VENDOR if isinstance(home, House) else f"workspace:{home.slug}"


def subject_of(home: Home) -> str:
    """What an audit entry about the room speaks of."""
    return f"{'staff_room' if isinstance(home, House) else 'workspace'}:{home.slug}"
