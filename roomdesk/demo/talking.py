"""Living conversations: each person speaks with a Matrix session of their own, as any client would; where there is no room, by the desk's form.

What stands on record already is not said again, so an interrupted demo goes on where it was.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count

import httpx

from roomdesk.cases import writing
from roomdesk.cases.models import Case
from roomdesk.channels.matrix.names import path
from roomdesk.demo.settling import ACTOR, Progress
from roomdesk.demo.world import Conversation, Line
from roomdesk.record.models import Message
from roomdesk.refusals import Conflict
from roomdesk.rooms.accounts import Login, do_matrix_login
from roomdesk.rooms.models import Room
from roomdesk.runtime import clock, http

_ON_RECORD_WITHIN = 30.0
_AT_ONCE = 6


@dataclass(slots=True)
class Talk:
    """A conversation while it goes on: what is left to say, and the event or case of its first line."""

    workspace: str
    lines: list[Line]
    room_id: str
    root: str = ""
    ref: str = ""
    sent: list[str] = field(default_factory=list)


def talk(conversations: Iterable[Conversation], progress: Progress) -> None:
    """Says everything that is not on record yet, line by line, all conversations side by side."""
    talks = _begin(conversations)
    total = sum(len(one.lines) for one in talks)
    if not total:
        return
    progress(f"{len(talks)} conversations begin, {total} messages.")
    sessions = _sign_in(sorted({line.by for one in talks if one.room_id for line in one.lines}))
    while talks:
        _say_next(talks, sessions)
        talks = [one for one in talks if one.lines]
    progress(f"{total} messages are said and on record.")


def _begin(conversations: Iterable[Conversation]) -> list[Talk]:
    wanted = list(conversations)
    said = _on_record({one.workspace for one in wanted})
    made = Room.objects.filter(workspace__isnull=False).exclude(room_id="")
    rooms = dict(made.values_list("workspace__slug", "room_id"))
    talks = []
    for one in wanted:
        begun = Talk(one.workspace, list(one.lines), rooms.get(one.workspace, ""))
        while begun.lines and (known := said.get((one.workspace, begun.lines[0].text))):
            begun.root, begun.ref = begun.root or known[0], begun.ref or known[1]
            begun.lines.pop(0)
        talks.append(begun)
    return [one for one in talks if one.lines]


def _on_record(workspaces: set[str]) -> dict[tuple[str, str], tuple[str, str]]:
    """Event id and case of everything that people said in these workspaces, by workspace and text."""
    rows = Message.objects.filter(workspace__slug__in=workspaces).exclude(author_kind=Message.Author.DESK)
    found = rows.values_list("workspace__slug", "body", "external_id", "case__ref")
    return {(slug, body): (event, ref or "") for slug, body, event, ref in found}


def _sign_in(people: Sequence[str]) -> dict[str, Login]:
    return {person: do_matrix_login(person=person, actor=ACTOR, now=clock.now()) for person in people}


def _say_next(talks: Sequence[Talk], sessions: dict[str, Login]) -> None:
    """The next line of every conversation; of one workspace only one new conversation at a time, so that none joins another."""
    in_rooms = [one for one in talks if one.room_id]
    for one in talks:
        if not one.room_id:
            _say_in_form(one, one.lines.pop(0))
    turns = list({one.workspace: one for one in reversed(in_rooms)}.values())
    with http.client(role="demo", timeout=30) as client, ThreadPoolExecutor(_AT_ONCE) as pool:

        def say(one: Talk) -> str:
            return _say_in_room(client, one, one.lines[0], sessions[one.lines[0].by])

        for one, event in zip(turns, pool.map(say, turns), strict=True):
            one.lines.pop(0)
            one.root = one.root or event
            one.sent.append(event)
    _await_record([one.sent[-1] for one in turns])


_numbers = count(1)


def _say_in_room(client: httpx.Client, one: Talk, line: Line, session: Login) -> str:
    """Sends one line as the person and returns its event id."""
    content: dict[str, object] = {"msgtype": "m.text", "body": line.text, "m.mentions": {}}
    if one.root:
        relation = {"rel_type": "m.thread", "event_id": one.root, "is_falling_back": True}
        content["m.relates_to"] = {**relation, "m.in_reply_to": {"event_id": one.root}}
    # The device is new in every run, and so are its transactions.
    where = session.homeserver.rstrip("/") + path(
        "rooms", one.room_id, "send", "m.room.message", f"demo-{next(_numbers)}"
    )
    answer = client.put(where, json=content, headers={"Authorization": f"Bearer {session.access_token}"})
    if answer.status_code != 200:
        raise Conflict(f"{line.by} cannot write in the room of {one.workspace}: {answer.text[:200]}")
    return str(answer.json()["event_id"])


def _say_in_form(one: Talk, line: Line) -> None:
    """A product without rooms hears its customers by a form, and answers in the console."""
    now = clock.now()
    if not one.ref:
        case = writing.do_open_case(
            workspace=one.workspace, author=line.by, text=line.text, channel="form", actor=ACTOR, now=now
        )
        one.ref = case.ref
    else:
        writing.do_say(ref=one.ref, author=line.by, text=line.text, channel="console", actor=ACTOR, now=now)


def _await_record(events: Sequence[str]) -> None:
    until = time.monotonic() + _ON_RECORD_WITHIN
    while Message.objects.filter(external_id__in=events).values("external_id").distinct().count() < len(set(events)):
        if time.monotonic() > until:
            raise Conflict(
                f"The messages are not on record after {_ON_RECORD_WITHIN:.0f} s; `roomdesk doctor` says why."
            )
        time.sleep(0.05)


def waiting_case(workspace: str) -> str:
    """A case to try things on: the workspace's newest open one that waits for an answer; empty when there is none."""
    waiting = Case.objects.filter(workspace__slug=workspace, state__in=Case.OPEN, answered_at=None)
    return waiting.order_by("-pk").values_list("ref", flat=True).first() or ""
