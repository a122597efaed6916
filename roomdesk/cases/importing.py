"""Reading what was said in a room before the desk kept it: on record and found, deciding nothing (R08, DESIGN §5)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from roomdesk.audit.work import Actor, Work
from roomdesk.bootstrap import settings
from roomdesk.cases import loading
from roomdesk.cases.conversation import Conversation
from roomdesk.cases.hearing import Claimed
from roomdesk.cases.reading import Event, related, said_at, said_in
from roomdesk.cases.speaking import record_said
from roomdesk.cases.versions import take_effect
from roomdesk.channels.matrix import history
from roomdesk.channels.matrix.client import Json, Matrix
from roomdesk.channels.matrix.errors import MatrixError
from roomdesk.channels.matrix.receive import SOURCE
from roomdesk.directory.models import Person, Workspace
from roomdesk.queues import bulk, inbox, lanes
from roomdesk.queues.models import InboxEvent, Lane, Route
from roomdesk.queues.signals import live
from roomdesk.record.models import Message
from roomdesk.refusals import Conflict, Invalid
from roomdesk.rooms import naming, queries
from roomdesk.rooms.homes import named

SERVER = settings.matrix_server_name
#: `why_code` of what was read back: it belongs to no case, and nobody was told of it.
IMPORTED = "imported"
WHY = (IMPORTED, "It was said before the desk kept this room, and read back from it.")
_DONE = "Imported history: recorded, decides nothing."


@dataclass(slots=True)
class Imported:
    """What an import did, or with `dry_run` would do. Events are counted; `recorded` by the record's kinds.

    `known` were on record already, `kept` belong to the time from which on the desk keeps the room: the flow's, not history.
    `skipped` are the room's own settings and memberships, and what cannot be read.
    """

    workspace: str
    room_id: str
    is_dry_run: bool
    recorded: Counter[str] = field(default_factory=Counter)
    known: int = 0
    kept: int = 0
    skipped: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None

    def shown(self) -> dict[str, Any]:
        return {
            "workspace": self.workspace,
            "room_id": self.room_id,
            "dry_run": self.is_dry_run,
            "recorded": dict(sorted(self.recorded.items())),
            "total": self.recorded.total(),
            "known": self.known,
            "kept_by_the_desk": self.kept,
            "skipped": self.skipped,
            "first_at": self.first_at,
            "last_at": self.last_at,
        }


Progress = Callable[[Imported], None]


def do_import_room(
    workspace: Workspace,
    room_id: str,
    *,
    actor: Actor,
    now: datetime,
    matrix: Matrix,
    dry_run: bool = False,
    progress: Progress = lambda _: None,
) -> Imported:
    """Records what was said in the room before the desk kept it, a page at a time. Idempotent: run again it goes on.

    Conflict where the room is another's, or cannot be read; Invalid for what is no room's id.
    """
    _check_room(workspace, room_id)
    reader = _reader(matrix, room_id)
    until = _kept_since(workspace, room_id)
    done = Imported(workspace.slug, room_id, dry_run)
    if not dry_run:
        _note("record.import_began", workspace, done, actor, now)
    try:
        for page in history.pages(matrix, room_id, reader):
            _take_page(workspace, page, until, done, actor, now)
            progress(done)
    except MatrixError as error:
        raise Conflict(f"{error} What was read until then is on record; run the import again to go on.") from error
    if not dry_run:
        _note("record.imported", workspace, done, actor, now)
    return done


def _check_room(workspace: Workspace, room_id: str) -> None:
    if not (room_id.startswith("!") and room_id.isprintable() and 1 < len(room_id) <= 255):
        raise Invalid(f'"{room_id[:60]}" is no id of a Matrix room; it begins with "!".', field="room_id")
    home = queries.home_at(room_id)
    if home is not None and home != workspace:
        raise Conflict(
            f"{room_id} is the room of {named(home)}; its history is not {workspace.slug}'s.", field="room_id"
        )
    if Route.objects.filter(source=SOURCE, address=room_id).exclude(lane_id=workspace.lane_id).exists():
        raise Conflict(f"{room_id} belongs to another workspace; nothing was imported.", field="room_id")


def _reader(matrix: Matrix, room_id: str) -> str:
    try:
        reader = history.reader_of(matrix, room_id)
    except MatrixError as error:
        raise Conflict(f"{error} Nothing was imported; try again.") from error
    if reader is None:
        who = f"{matrix.bot} cannot read {room_id}: it is not in that room, or there is none."
        raise Conflict(f"{who} Have somebody with power there invite it, and let it join.", field="room_id")
    return reader


def _kept_since(workspace: Workspace, room_id: str) -> datetime | None:
    """From when on the flow has what is said there; None for a room that the desk does not keep."""
    route = Route.objects.filter(source=SOURCE, address=room_id, lane_id=workspace.lane_id).first()
    return route.since if route else None


def _note(action: str, workspace: Workspace, done: Imported, actor: Actor, now: datetime) -> None:
    with transaction.atomic(durable=True):
        work = Work(now, actor)
        data = {"room_id": done.room_id, "recorded": dict(done.recorded), "known": done.known}
        work.audit(action, f"workspace:{workspace.slug}", data, scope=f"workspace:{workspace.slug}")
        work.flush()


def _take_page(
    workspace: Workspace, page: Sequence[Json], until: datetime | None, done: Imported, actor: Actor, now: datetime
) -> None:
    events = list(said_in(page, now))
    said = [event for event in events if until is None or event.at < until]
    done.skipped += len(page) - len(events)
    done.kept += len(events) - len(said)
    with transaction.atomic(durable=True):
        lane = lanes.lock(workspace.lane_id)
        ids = [event.arrival.external_id for event in said]
        if inbox.elsewhere(SOURCE, ids, lane.pk):
            raise Conflict(f"What was said in {done.room_id} is on record of another workspace.", field="room_id")
        if done.is_dry_run:
            new = _would_take(said)
        else:
            new = inbox.take([event.arrival for event in said], [event.at for event in said], lane.pk, _DONE, now)
            _record(lane, [event for event in said if event.arrival.external_id in new], actor, now)
    _count(done, said, new)


def _would_take(said: Sequence[Event]) -> set[str]:
    ids = {event.arrival.external_id for event in said}
    theirs = InboxEvent.objects.filter(source=SOURCE, external_id__in=ids).exclude(
        lane_id__isnull=True, state__in=(InboxEvent.State.PENDING, InboxEvent.State.IGNORED)
    )
    return ids - set(theirs.values_list("external_id", flat=True))


def _count(done: Imported, said: Sequence[Event], new: set[str]) -> None:
    taken = [event for event in said if event.arrival.external_id in new]
    done.known += len(said) - len(taken)
    done.recorded.update(event.heard.kind for event in taken)
    times = [event.at for event in taken]
    done.first_at = min([*times, *filter(None, [done.first_at])], default=None)
    done.last_at = max([*times, *filter(None, [done.last_at])], default=None)


def _record(lane: Lane, events: Sequence[Event], actor: Actor, now: datetime) -> None:
    """Plans and writes the entries of one page, under the lane's lock: no case, no clock, no call."""
    if not events:
        return
    work = Work(now, actor, id_block=len(events))
    people = {naming.localpart_of(event.heard.sender, SERVER) for event in events}
    targets = {event.heard.target for event in events}
    facts = loading.load({lane.pk: lane}, localparts=people - {""}, event_ids=targets - {""}, earliest=events[0].at)
    conversation = facts[lane.pk]
    for event in events:
        _keep(work, conversation, event)
    work.flush()
    bulk.update(Lane, [conversation.lane], Lane.NUMBERS)
    live([lane.pk])


def _keep(work: Work, conversation: Conversation, event: Event) -> None:
    heard = event.heard
    claimed = Claimed(InboxEvent(source=SOURCE, received_at=work.now), heard=heard)
    claimed.at = event.at
    person, kind = _author(conversation, event, work.now)
    message = record_said(work, conversation, heard, claimed, person, kind, None, WHY)
    _as_it_stands(message, event.given)
    take_effect(work, heard.kind, message, conversation.messages)


def _author(conversation: Conversation, event: Event, now: datetime) -> tuple[Person | None, str]:
    """Who it was by what the desk knows of that time, or else of today: nobody had a role before the desk was there."""
    sender, workspace = event.heard.sender, conversation.workspace.pk
    if naming.is_ours(sender, SERVER):
        return None, Message.Author.DESK
    standing = conversation.people.get(naming.localpart_of(sender, SERVER))
    if standing is None:
        return None, Message.Author.OTHER
    kinds = [standing.kind(workspace, at) for at in (event.at, now)]
    return standing.person, next((kind for kind in kinds if kind != "other"), Message.Author.OTHER)


def _as_it_stands(message: Message, given: Json) -> None:
    """What has become of it since by the homeserver's word: its edit or removal may belong to the time that the flow has."""
    removal, newest = related(given, "redacted_because"), related(given, "m.replace")
    if removal is not None:
        message.redacted_at, message.redacted_by = said_at(removal, message.recorded_at), removal.sender
    if newest is not None and newest.sender == message.author_ref:
        message.edited_at, message.edited_body = said_at(newest, message.recorded_at), newest.body
