"""What was said in a workspace's room, as its page shows it: the newest last, paged by key, with what belongs to each message."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from django.db.models import Q, QuerySet

from roomdesk.cases.files import files_of
from roomdesk.cases.models import Case
from roomdesk.directory.models import Person, Workspace
from roomdesk.directory.queries import Viewer, access_workspace
from roomdesk.queues.models import OutboxRow
from roomdesk.record.models import File, Message
from roomdesk.refusals import NotFound

PAGE = 50
#: The most that the page of one thread shows.
THREAD = 200
_SAID = (Message.Kind.MESSAGE, Message.Kind.FILE, Message.Kind.UNREADABLE)
#: How long what could not be sent is told of.
UNSENT = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Said:
    """One message. `thread` is the event that its thread hangs from, empty in the main line; `root` and `answers` what it speaks of."""

    message: Message
    thread: str
    root: Message | None
    answers: Message | None
    file: File | None
    reactions: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Talk:
    """Messages in order of time. `before` is the key of the page of older ones (empty at the beginning)."""

    messages: Sequence[Said]
    before: str
    is_newest: bool


@dataclass(frozen=True, slots=True)
class Sending:
    """What the person wrote here and the room does not have yet, or never will: then `problem` says why."""

    text: str
    at: datetime
    problem: str = field(default="")


def access_talk(viewer: Viewer, slug: str, *, before: str = "", limit: int = PAGE) -> Talk:
    """A page of the room. NotFound for a workspace that is not the viewer's to read. Six queries at most.

    What belongs to a restricted case is told as such, without its text (`is_hidden`).
    """
    workspace = access_workspace(slug, viewer)
    key = _key(before)
    rows = _said_in(workspace)
    if key is not None:
        at, pk = key
        rows = rows.filter(Q(at__lt=at) | Q(at=at, pk__lt=pk), at__lte=at)
    found = list(rows.order_by("-at", "-pk")[: limit + 1])
    shown = found[:limit][::-1]
    older = _word(shown[0]) if len(found) > limit else ""
    return Talk(_with_all(workspace, shown), older, key is None)


def access_thread(viewer: Viewer, slug: str, number: int) -> tuple[Said, Talk]:
    """The message that a thread hangs from and what was said in it. NotFound where there is no such message here."""
    workspace = access_workspace(slug, viewer)
    root = _said_in(workspace).filter(pk=number).first() if 0 < number < 1 << 63 else None
    if root is None or not root.external_id:
        raise NotFound("There is no such message, or it is not yours to see.")
    event = root.external_id
    rows = _said_in(workspace).filter(at__gte=root.at).exclude(pk=root.pk)
    rows = rows.filter(Q(thread_root=event) | Q(thread_root="", case__root_event_id=event, channel__in=_FACES))
    found = list(rows.order_by("at", "pk")[:THREAD])
    head, *rest = _with_all(workspace, [root, *found])
    return head, Talk(rest, "", True)


def is_hidden(message: Message, security: Iterable[str] = ()) -> bool:
    """Whether the message belongs to a restricted case, and the reader has no security role for its product (D22)."""
    case: Case | None = message.case
    return case is not None and case.is_restricted and not {"", case.product} & set(security)


#: Ways in through the desk's own pages and programs: said in the room as the person, in the thread of their case.
_FACES = ("console", "control", "portal", "rest", "cli", "api", "form")


def _said_in(workspace: Workspace) -> QuerySet[Message]:
    rows = Message.objects.filter(workspace=workspace, kind__in=_SAID)
    return rows.select_related("author", "case")


def _with_all(workspace: Workspace, rows: Sequence[Message]) -> list[Said]:
    if not rows:
        return []
    around = _around(workspace, {*map(thread_of, rows), *(row.reply_to for row in rows)} - {""}, rows)
    files, reactions = files_of(rows), _reactions(workspace, rows)
    return [
        Said(
            row,
            thread_of(row),
            around.get(thread_of(row)),
            around.get(row.reply_to),
            None if row.redacted_at else files.get(row.pk),
            reactions.get(row.external_id, {}),
        )
        for row in rows
    ]


def thread_of(message: Message) -> str:
    """The event that the message's thread hangs from; what was written through our pages stands in the thread of its case."""
    if message.thread_root:
        return message.thread_root
    root = message.case.root_event_id if message.case and message.channel in _FACES else ""
    return "" if root == message.external_id else root


def _around(workspace: Workspace, events: set[str], rows: Sequence[Message]) -> dict[str, Message]:
    """The messages of these events, which may be on other pages."""
    known = {row.external_id: row for row in rows if row.external_id in events}
    missing = events - known.keys()
    if not missing:
        return known
    found = Message.objects.filter(external_id__in=missing, workspace=workspace, kind__in=_SAID)
    return known | {row.external_id: row for row in found.select_related("author", "case")}


def _reactions(workspace: Workspace, rows: Sequence[Message]) -> dict[str, Counter[str]]:
    """How often people reacted with what, by event."""
    targets = [row.external_id for row in rows if row.external_id]
    made = Message.objects.filter(workspace=workspace, kind=Message.Kind.REACTION, redacted_at=None)
    made = made.filter(at__gte=min(row.at for row in rows), target__in=targets)
    found: dict[str, Counter[str]] = {}
    for target, key in made.values_list("target", "body"):
        found.setdefault(target, Counter())[key] += 1
    return found


def sending(workspace: Workspace, person: Person, now: datetime) -> list[Sending]:
    """What this person wrote on the room's page and is not on record yet, oldest first. One query."""
    days = {f"{(now - back).astimezone(UTC):%Y%m%d}" for back in (timedelta(), UNSENT)}
    mine = Q()
    for day in days:
        mine |= Q(once__startswith=once_prefix(workspace, person, day))
    rows = OutboxRow.objects.filter(mine, confirmed_at=None, created_at__gt=now - UNSENT).order_by("pk")
    given_up = (OutboxRow.State.FAILED, OutboxRow.State.DROPPED)
    return [
        Sending(
            json.loads(row.payload)["content"]["body"],
            row.created_at,
            (row.last_error or "It was not sent.") if row.state in given_up else "",
        )
        for row in rows
    ]


def once_prefix(workspace: Workspace, person: Person, day: str) -> str:
    """How rows of what a person wrote on the page begin; the day keeps the search for them short."""
    return f"chat:{workspace.pk}:{person.pk}:{day}:"


def _word(message: Message) -> str:
    return f"{message.at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}~{message.pk}"


def _key(before: str) -> tuple[datetime, int] | None:
    """A key that makes no sense is the end of the talk."""
    at, _, pk = before.partition("~")
    if not (pk.isascii() and pk.isdecimal() and len(pk) < 19):
        return None
    try:
        return datetime.strptime(at, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC), int(pk)
    except ValueError:
        return None
