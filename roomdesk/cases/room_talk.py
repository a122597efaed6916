"""What was said in a workspace's room, as its page shows it: the newest last, a window of it at a time, with what belongs to each message.

A window is found by keys (an instant and a message's number), so that it costs the same anywhere in a hundred thousand messages.
"""

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

#: Messages of one window.
PAGE = 80
#: The most that the page of one thread shows.
THREAD = 200
#: What people see of a room as messages.
SAID = (Message.Kind.MESSAGE, Message.Kind.FILE, Message.Kind.UNREADABLE)
#: How long what could not be sent is told of.
UNSENT = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Said:
    """One message. `thread` is the event that its thread hangs from, empty in the main line; `root` and `answers` what it speaks of.

    `reactions`: key → how many. `mine` are the keys that the reader reacted with.
    """

    message: Message
    thread: str
    root: Message | None
    answers: Message | None
    file: File | None
    reactions: Mapping[str, int]
    mine: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Talk:
    """Messages in order of time. `before` is the key of the window of older ones, `after` that of newer ones; empty where there are none.

    `up` and `down` lead to windows that share half of this one, so that whoever scrolls keeps what they look at.
    """

    messages: Sequence[Said]
    before: str = ""
    after: str = ""
    up: str = ""
    down: str = ""

    @property
    def is_newest(self) -> bool:
        return not self.after


@dataclass(frozen=True, slots=True)
class Window:
    """Which part of the talk: what is older than a key, newer than one, or around a message of this number; nothing: the latest."""

    before: str = ""
    after: str = ""
    around: int = 0


@dataclass(frozen=True, slots=True)
class Sending:
    """What the person wrote here and the room does not have yet, or never will: then `problem` says why."""

    text: str
    at: datetime
    problem: str = field(default="")


def access_talk(viewer: Viewer, slug: str, window: Window = Window(), *, limit: int = PAGE) -> Talk:
    """A window of the room. NotFound for a workspace that is not the viewer's to read, or a message that is not there. Eight queries at most.

    What belongs to a restricted case is told as such, without its text (`is_hidden`).
    """
    workspace = access_workspace(slug, viewer)
    rows, before, after = _said_in(workspace), _key(window.before), _key(window.after)
    if window.around:
        middle = _numbered(rows, window.around)
        older, newer = _older(rows, _place(middle), limit // 2), _newer(rows, _place(middle), limit - limit // 2)
        found = [*older.shown, middle, *newer.shown]
        has_older, has_newer = older.has_more, newer.has_more
    elif after is not None and (newer := _newer(rows, after, limit)).shown:
        found, has_older, has_newer = newer.shown, True, newer.has_more
    else:
        older = _older(rows, before, limit)
        found, has_older, has_newer = older.shown, older.has_more, before is not None
    if not found:
        return Talk([])
    middle_one = found[len(found) // 2]
    return Talk(
        _with_all(workspace, found, viewer.person_id),
        before=_word(found[0]) if has_older else "",
        after=_word(found[-1]) if has_newer else "",
        up=_word(middle_one) if has_older else "",
        down=_word(middle_one) if has_newer else "",
    )


@dataclass(frozen=True, slots=True)
class _Part:
    shown: list[Message]
    has_more: bool


def _older(rows: QuerySet[Message], key: tuple[datetime, int] | None, limit: int) -> _Part:
    """The last `limit` before the key (none: of all), in order of time."""
    if key is not None:
        at, pk = key
        rows = rows.filter(Q(at__lt=at) | Q(at=at, pk__lt=pk), at__lte=at)
    found = list(rows.order_by("-at", "-pk")[: limit + 1])
    return _Part(found[:limit][::-1], len(found) > limit)


def _newer(rows: QuerySet[Message], key: tuple[datetime, int], limit: int) -> _Part:
    """The first `limit` after the key."""
    at, pk = key
    found = list(rows.filter(Q(at__gt=at) | Q(at=at, pk__gt=pk), at__gte=at).order_by("at", "pk")[: limit + 1])
    return _Part(found[:limit], len(found) > limit)


def _place(message: Message) -> tuple[datetime, int]:
    return message.at, message.pk


def _numbered(rows: QuerySet[Message], number: int) -> Message:
    found = rows.filter(pk=number).first() if 0 < number < 1 << 63 else None
    if found is None:
        raise NotFound("There is no such message, or it is not yours to see.")
    return found


def access_said(viewer: Viewer, slug: str, number: int) -> Message:
    """One message of the room. NotFound where there is none of this number here."""
    return _numbered(_said_in(access_workspace(slug, viewer)), number)


def access_thread(viewer: Viewer, slug: str, number: int) -> tuple[Said, Talk]:
    """The message that a thread hangs from and what was said in it. NotFound where there is no such message here."""
    workspace = access_workspace(slug, viewer)
    root = _numbered(_said_in(workspace), number)
    if not root.external_id:
        raise NotFound("There is no such message, or it is not yours to see.")
    event = root.external_id
    rows = _said_in(workspace).filter(at__gte=root.at).exclude(pk=root.pk)
    rows = rows.filter(Q(thread_root=event) | Q(thread_root="", case__root_event_id=event, channel__in=_FACES))
    found = list(rows.order_by("at", "pk")[:THREAD])
    head, *rest = _with_all(workspace, [root, *found], viewer.person_id)
    return head, Talk(rest)


def is_hidden(message: Message, security: Iterable[str] = ()) -> bool:
    """Whether the message belongs to a restricted case, and the reader has no security role for its product (D22)."""
    case: Case | None = message.case
    return case is not None and case.is_restricted and not {"", case.product} & set(security)


#: Ways in through the desk's own pages and programs: said in the room as the person, in the thread of their case.
_FACES = ("console", "control", "portal", "rest", "cli", "api", "form")


def _said_in(workspace: Workspace) -> QuerySet[Message]:
    rows = Message.objects.filter(workspace=workspace, kind__in=SAID)
    return rows.select_related("author", "case")


def _with_all(workspace: Workspace, rows: Sequence[Message], reader: int | None) -> list[Said]:
    if not rows:
        return []
    around = _around(workspace, {*map(thread_of, rows), *(row.reply_to for row in rows)} - {""}, rows)
    files = files_of(rows)
    reactions, mine = _reactions(workspace, rows, reader)
    return [
        Said(
            row,
            thread_of(row),
            around.get(thread_of(row)),
            around.get(row.reply_to),
            None if row.redacted_at else files.get(row.pk),
            reactions.get(row.external_id, {}),
            frozenset(mine.get(row.external_id, ())),
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
    found = Message.objects.filter(external_id__in=missing, workspace=workspace, kind__in=SAID)
    return known | {row.external_id: row for row in found.select_related("author", "case")}


def _reactions(
    workspace: Workspace, rows: Sequence[Message], reader: int | None
) -> tuple[dict[str, Counter[str]], dict[str, set[str]]]:
    """How often people reacted with what, and what the reader did, by event."""
    targets = [row.external_id for row in rows if row.external_id]
    made = Message.objects.filter(workspace=workspace, kind=Message.Kind.REACTION, redacted_at=None)
    made = made.filter(at__gte=min(row.at for row in rows), target__in=targets)
    found: dict[str, Counter[str]] = {}
    mine: dict[str, set[str]] = {}
    for target, key, author in made.values_list("target", "body", "author_id"):
        found.setdefault(target, Counter())[key] += 1
        if reader is not None and author == reader:
            mine.setdefault(target, set()).add(key)
    return found, mine


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
            _words_of(row),
            row.created_at,
            (row.last_error or "It was not sent.") if row.state in given_up else "",
        )
        for row in rows
    ]


def _words_of(row: OutboxRow) -> str:
    """What the row brings into the room: words, or a file by its name."""
    payload = json.loads(row.payload)
    return str(payload["content"]["body"] if "content" in payload else payload["name"])


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
