"""How far people have read on the room's page, and who writes there just now (docs/decisions/0045).

Told by the page. It decides nothing, is on no record and in no audit, and is heard of by the room's other readers only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from roomdesk.bootstrap import settings
from roomdesk.cases.models import Reading
from roomdesk.cases.room_talk import SAID, access_said
from roomdesk.directory.models import Person, Workspace
from roomdesk.directory.queries import Viewer
from roomdesk.queues.signals import live
from roomdesk.rooms import naming
from roomdesk.rooms.models import Room, RoomMember

#: How long a page is believed that somebody writes; it says so every four seconds.
WRITES = timedelta(seconds=10)
#: Where counting unread messages ends.
MOST_UNREAD = 100


@dataclass(frozen=True, slots=True)
class Others:
    """What a reader sees of the others: who writes, and who has read up to which message (its number), both by name."""

    writing: Sequence[Person]
    read: Sequence[tuple[int, Person]]


def do_read(viewer: Viewer, workspace: Workspace, person: Person, number: int) -> bool:
    """The person has seen everything up to the message of this number; False where that is nothing new.

    It never goes back: of two pages that say so at the same time the further one stands. NotFound for a message that is not there.
    """
    seen = access_said(viewer, workspace.slug, number)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_READ, [workspace.pk, person.pk, seen.at, seen.pk])
        is_new = cursor.fetchone() is not None
        if is_new:
            live([workspace.lane_id])
    return is_new


_READ = """
INSERT INTO cases_reading (workspace_id, person_id, read_at, message_id) VALUES (%s, %s, %s, %s)
ON CONFLICT (workspace_id, person_id) DO UPDATE SET read_at = excluded.read_at, message_id = excluded.message_id
WHERE cases_reading.read_at IS NULL OR (cases_reading.read_at, cases_reading.message_id) < (excluded.read_at, excluded.message_id)
RETURNING 1
"""


def note_writing(workspace: Workspace, person: Person, *, is_writing: bool, now: datetime) -> None:
    """The person writes, or has stopped; the others' pages hear of it where that is new. The caller may read the room."""
    until = now + WRITES if is_writing else None
    with transaction.atomic(), connection.cursor() as cursor:
        before = (
            Reading.objects.filter(workspace=workspace, person=person).values_list("writes_until", flat=True).first()
        )
        cursor.execute(_WRITES, [workspace.pk, person.pk, until])
        if (before is not None and before > now) != is_writing:
            live([workspace.lane_id])


_WRITES = """
INSERT INTO cases_reading (workspace_id, person_id, writes_until) VALUES (%s, %s, %s)
ON CONFLICT (workspace_id, person_id) DO UPDATE SET writes_until = excluded.writes_until
"""


def readings_of(workspace: Workspace) -> list[Reading]:
    """Everybody's in the room, by name. One query; what follows from them asks no more but who is in the room."""
    return list(Reading.objects.filter(workspace=workspace).select_related("person").order_by("person__name", "pk"))


def read_until(readings: Sequence[Reading], person: Person) -> datetime | None:
    """Until when the person has read; None where they never did."""
    return next((row.read_at for row in readings if row.person_id == person.pk), None)


def unread_in(person: Person, workspaces: Sequence[Workspace]) -> dict[int, int]:
    """How many messages of other people came in each room after what the person has read, by workspace id; at most `MOST_UNREAD`. One query."""
    values: dict[str, Any] = {
        "person": person.pk,
        "ids": [one.pk for one in workspaces],
        "kinds": list(SAID),
        "most": MOST_UNREAD,
    }
    with connection.cursor() as cursor:
        cursor.execute(_UNREAD, values)
        return dict(cursor.fetchall())


_UNREAD = """
SELECT w.id, (SELECT count(*) FROM (
  SELECT 1 FROM record_message m WHERE m.workspace_id = w.id AND m.at > COALESCE(r.read_at, '-infinity')
    AND m.kind = ANY(%(kinds)s) AND m.author_kind <> 'desk' AND m.author_id IS DISTINCT FROM %(person)s ORDER BY m.at LIMIT %(most)s) new)
FROM unnest(%(ids)s::bigint[]) w(id) LEFT JOIN cases_reading r ON r.workspace_id = w.id AND r.person_id = %(person)s
"""


def others(readings: Sequence[Reading], room: Room | None, person: Person, now: datetime) -> Others:
    """Of those who are in the room, without the reader. One query at most."""
    found = [row for row in readings if row.person_id != person.pk]
    joined = RoomMember.objects.filter(room=room, membership="join")
    inside = set(joined.values_list("user_id", flat=True)) if found else set()
    found = [row for row in found if naming.person_id(row.person, settings.matrix_server_name) in inside]
    writing = [row.person for row in found if row.writes_until is not None and row.writes_until > now]
    return Others(writing, [(row.message_id, row.person) for row in found if row.message_id is not None])


def mark_of(readings: Sequence[Reading], person: Person, now: datetime) -> list[tuple[int, int | None, bool]]:
    """What changes where the others read on, begin to write or stop."""
    return [
        (row.person_id, row.message_id, row.writes_until is not None and row.writes_until > now)
        for row in readings
        if row.person_id != person.pk
    ]
