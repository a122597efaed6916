"""Comparing the record with the rooms, event by event, and handing the flow what it never got (R05, R08)."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from roomdesk.audit.models import Content, Entry
from roomdesk.audit.work import VENDOR, Actor, Work
from roomdesk.cases import versions
from roomdesk.cases.reading import Event, related, said_in
from roomdesk.channels.matrix import history
from roomdesk.channels.matrix.client import Json, Matrix
from roomdesk.channels.matrix.errors import MatrixError
from roomdesk.channels.matrix.receive import SOURCE
from roomdesk.channels.matrix.rooms import is_gone
from roomdesk.directory.models import Workspace
from roomdesk.queues import inbox, lanes
from roomdesk.queues.models import InboxEvent, Route
from roomdesk.record.models import Message
from roomdesk.record.unquoting import MARK
from roomdesk.refusals import Conflict
from roomdesk.rooms.models import FormerRoom, Room
from roomdesk.rules.record_check import OTHER_VERSION, InRoom, OnRecord, Stored, difference, fate

#: Gaps and differences that are named in a report; all of them are counted.
MOST_NAMED = 100
_POLL = 0.2
#: The audit's subject of a comparison of all workspaces.
SUBJECT = "record"
ACTION = "record.verified"


@dataclass(slots=True)
class Verdict:
    """What comparing one room found. `state`: `compared`, `gone` (the homeserver has it no more), or `unreadable`.

    `counts`: `in_room` (said there in the desk's time), `on_record` of those, `missing`, `set_aside`, `waiting`, `ignored`, `differing`,
    `removed` (on both sides), `purged` (on record, no more in the room), `history` (older than the desk's time, not imported),
    `handed` (given to the flow now), `mended` (say now the version that counts by the record, and in the room).
    """

    workspace: str
    room_id: str
    is_former: bool
    state: str = "compared"
    counts: Counter[str] = field(default_factory=Counter)
    gaps: list[Json] = field(default_factory=list)

    @property
    def is_complete(self) -> bool:
        """Nothing of the room is missing on record, or said otherwise there; what the room lost meanwhile is no loss."""
        return self.state != "unreadable" and not any(self.counts[name] for name in GAPS)

    def shown(self) -> Json:
        return {
            "workspace": self.workspace,
            "room_id": self.room_id,
            "former": self.is_former,
            "state": self.state,
            "complete": self.is_complete,
            **{name: self.counts[name] for name in COUNTS},
            "gaps": self.gaps,
        }

    def name(self, kind: str, event_id: str, at: datetime, what: str) -> None:
        self.counts[kind] += 1
        if len(self.gaps) < MOST_NAMED:
            self.gaps.append({"event_id": event_id, "at": at, "what": what})


GAPS = ("missing", "set_aside", "differing")
COUNTS = ("in_room", "on_record", *GAPS, "waiting", "ignored", "removed", "purged", "history", "handed", "mended")


def do_verify(
    workspaces: Iterable[Workspace],
    *,
    actor: Actor,
    now: Callable[[], datetime],
    matrix: Matrix,
    fill: bool = False,
    wait: float = 0,
    is_all: bool = False,
    progress: Callable[[Verdict], None] = lambda _: None,
) -> list[Verdict]:
    """Compares every room of the workspaces, the former ones too, with the record, and notes the outcome in the audit.

    `fill` hands what is missing to the flow, which records it with its own time, has what shows another version than the record itself
    says show that one, and looks again once that is done (`wait`: for how many seconds at most). `is_all`: of the whole installation.
    Conflict where the homeserver does not answer.
    """
    try:
        found = [
            verdict
            for w in workspaces
            for verdict in _verified(w, now, matrix, actor if fill else None, wait, progress)
        ]
    except MatrixError as error:
        raise Conflict(f"{error} The record can be compared only with what the homeserver says; try again.") from error
    _note(found, actor, now(), is_all)
    return found


def _verified(
    workspace: Workspace,
    now: Callable[[], datetime],
    matrix: Matrix,
    filler: Actor | None,
    wait: float,
    progress: Callable[[Verdict], None],
) -> Iterable[Verdict]:
    for room_id, is_former in _rooms(workspace):
        verdict = _compare(workspace, room_id, is_former, now(), matrix, filler)
        if done := {name: verdict.counts[name] for name in ("handed", "mended") if verdict.counts[name]}:
            _await(room_id, wait)
            verdict = _compare(workspace, room_id, is_former, now(), matrix, None)
            verdict.counts.update(done)
        progress(verdict)
        yield verdict


def _rooms(workspace: Workspace) -> list[tuple[str, bool]]:
    """The room and those before it, the oldest first."""
    former = FormerRoom.objects.filter(room__workspace=workspace).order_by("left_at", "pk")
    rooms = [(address, True) for address in former.values_list("address", flat=True)]
    now = Room.objects.filter(workspace=workspace).exclude(room_id="").values_list("room_id", flat=True)
    return [*rooms, *((room_id, False) for room_id in now)]


def _await(room_id: str, seconds: float) -> None:
    """Until the flow has worked off what it was handed, or the time is over."""
    until = time.monotonic() + seconds
    waiting = InboxEvent.objects.filter(source=SOURCE, address=room_id, state=InboxEvent.State.PENDING)
    while waiting.exists() and time.monotonic() < until:
        time.sleep(_POLL)


def _compare(
    workspace: Workspace, room_id: str, is_former: bool, now: datetime, matrix: Matrix, filler: Actor | None
) -> Verdict:
    verdict = Verdict(workspace.slug, room_id, is_former)
    recorded = Message.objects.filter(workspace=workspace, address=room_id, recorded_at__lte=now).exclude(
        external_id=""
    )
    total, matched = recorded.count(), 0
    reader = history.reader_of(matrix, room_id)
    if reader is None:
        verdict.state = "gone" if is_former or is_gone(matrix, room_id) else "unreadable"
        verdict.counts["purged"] = total if verdict.state == "gone" else 0
        return verdict
    route = Route.objects.filter(source=SOURCE, address=room_id).first()
    for page in history.pages(matrix, room_id, reader):
        matched += _compare_page(verdict, workspace, list(said_in(page, now, matrix.bot)), route, now, filler)
    verdict.counts["purged"] = max(0, total - matched)
    return verdict


def _compare_page(
    verdict: Verdict,
    workspace: Workspace,
    events: Sequence[Event],
    route: Route | None,
    now: datetime,
    filler: Actor | None,
) -> int:
    """How many of what was recorded before are there."""
    ids = [event.heard.event_id for event in events]
    # The inbox before the record: what is done there by then has its entry by the time that this is read.
    stored = {e.external_id: e for e in InboxEvent.objects.filter(source=SOURCE, external_id__in=ids).defer("raw")}
    rows = {row.external_id: row for row in Message.objects.filter(workspace=workspace, external_id__in=ids)}
    missing, outdated = [], []
    for event in events:
        row = rows.get(event.heard.event_id)
        if row is not None:
            if _compare_one(verdict, event, row) == OTHER_VERSION:
                outdated.append(event)
        elif _is_missing(verdict, event, stored.get(event.heard.event_id), route, now):
            missing.append(event)
    if filler and missing and route is not None:
        verdict.counts["handed"] += _hand_over(missing, route, now)
    if filler and outdated:
        verdict.counts["mended"] += _mend(workspace, outdated, filler, now)
    return sum(row.recorded_at <= now for row in rows.values())


def _is_missing(verdict: Verdict, event: Event, stored: InboxEvent | None, route: Route | None, now: datetime) -> bool:
    known = Stored(stored.state, stored.lane_id is not None) if stored else None
    what = fate(known, event.at, route.since if route else None, now)
    verdict.counts["in_room"] += what != "history"
    if what in ("missing", "set_aside"):
        words = "not on record" if what == "missing" else "set aside: `roomdesk inbox list --set-aside` says why"
        verdict.name(what, event.heard.event_id, event.at, words)
    else:
        verdict.counts[what] += 1
    return what == "missing"


def _compare_one(verdict: Verdict, event: Event, row: Message) -> str:
    verdict.counts.update(("in_room", "on_record"))
    there = _in_room(event, row.author_ref)
    verdict.counts["removed"] += there.is_removed and row.redacted_at is not None
    content = json.loads(row.content) if row.channel == SOURCE and row.content else None
    here = OnRecord(
        # What was erased of others in it still stands in the room.
        content=None if content is None or MARK in content else content,
        is_removed=row.redacted_at is not None,
        text=row.edited_body if row.edited_at is not None else None,
    )
    if words := difference(there, here):
        verdict.name("differing", event.heard.event_id, event.at, words)
    return words


def _in_room(event: Event, author: str) -> InRoom:
    newest = related(event.given, "m.replace")
    # Anybody may send an edit of anybody's message; only the author's counts.
    text = newest.body if newest is not None and newest.sender == author else None
    is_removed = related(event.given, "redacted_because") is not None
    return InRoom(json.loads(event.heard.content), is_removed, text)


def _hand_over(missing: Sequence[Event], route: Route, now: datetime) -> int:
    """Into the inbox, in the room's order, as if they had been pushed: the flow records them with their own time (D13)."""
    with transaction.atomic(durable=True):
        lanes.lock(route.lane_id)
        return inbox.hand_over([event.arrival for event in missing], route.lane_id, now)


def _mend(workspace: Workspace, events: Sequence[Event], actor: Actor, now: datetime) -> int:
    """Has messages show the version that counts by the record, where that is what the room shows; how many."""
    with transaction.atomic(durable=True):
        lanes.lock(workspace.lane_id)
        work, there = Work(now, actor), {event.heard.event_id: event for event in events}
        rows = list(Message.objects.filter(workspace=workspace, external_id__in=there))
        edits = list(Message.objects.filter(workspace=workspace, target__in=there, kind__in=versions.MAY_EDIT))
        mended = 0
        for row in rows:
            version = versions.newest(row, edits)
            if (version.body if version else None) == _in_room(there[row.external_id], row.author_ref).text:
                versions.show(work, row, version)
                mended += 1
        work.flush()
    return mended


def _note(found: Sequence[Verdict], actor: Actor, now: datetime, is_all: bool) -> None:
    with transaction.atomic(durable=True):
        work = Work(now, actor)
        for verdict in found:
            place = f"workspace:{verdict.workspace}"
            data = {"room_id": verdict.room_id, "state": verdict.state, **verdict.counts}
            work.audit(ACTION, place, data, scope=place)
        if is_all:
            work.audit(ACTION, SUBJECT, summed(found), scope=VENDOR)
        work.flush()


def summed(found: Sequence[Verdict]) -> dict[str, int]:
    """Rooms, those that could not be read, and every count over all of them."""
    total: Counter[str] = Counter()
    for verdict in found:
        total.update(verdict.counts)
    unreadable = sum(verdict.state == "unreadable" for verdict in found)
    return {"rooms": len(found), "unreadable": unreadable, **{name: total[name] for name in COUNTS}}


def last_verified() -> tuple[datetime, dict[str, Any]] | None:
    """When the whole record was last compared with the rooms, and the sums; None: never, or they were erased."""
    entry = Entry.objects.filter(subject=SUBJECT, action=ACTION).order_by("-at", "-seq").first()
    content = Content.objects.filter(pk=entry.pk).first() if entry else None
    return (entry.at, json.loads(content.data)) if entry and content else None
