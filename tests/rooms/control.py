"""The control room as staff see it, on the real homeserver; what people say is brought to the desk by reading the rooms back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from roomdesk import timers
from roomdesk.cases import writing
from roomdesk.cases.models import Case
from roomdesk.channels.matrix.names import path
from roomdesk.channels.matrix.receive import arrival
from roomdesk.queues import inbox
from roomdesk.rooms.models import Room
from roomdesk.runtime import clock
from tests.rooms.place import ACTOR, PRODUCT, Place

Json = dict[str, Any]


@dataclass
class Control:
    """Beside `place`: what its product's control room says, and people who speak there."""

    place: Place
    #: Who reads along and writes, where nobody else is named.
    name: str = "ivan"

    @property
    def room(self) -> str:
        return Room.objects.get(kind="control", product=PRODUCT).room_id

    def settle(self) -> None:
        """Works everything off, until the rooms say nothing that the desk has not heard."""
        self.place.settle()
        while self._hear():
            self.place.settle()

    def _hear(self) -> int:
        events = [event for room in (self.place.room, self.room) for event in self.events(room, self.place.matrix.bot)]
        return inbox.store([arrival(event, self.place.matrix.bot) for event in events], clock.now())

    def events(self, room: str, reader: str) -> list[Json]:
        """All that a room has said, in its order, as the reader gets it."""
        where = path("rooms", room, "messages")
        params = {"dir": "f", "limit": "500"}
        return [
            {**event, "room_id": room}
            for event in self.place.matrix.call("GET", where, user=reader, params=params)["chunk"]
        ]

    def say(self, name: str, text: str, *, room: str | None = None, thread: str = "", **content: Any) -> str:
        """A person writes; gives the event id. The desk has not heard it yet."""
        body = {"msgtype": "m.text", "body": text, **content}
        if thread:
            body["m.relates_to"] = {"rel_type": "m.thread", "event_id": thread}
        where = path(
            "rooms", room or self.place.room, "send", "m.room.message", f"t{clock.now().timestamp()}{text[:5]}"
        )
        return str(self.place.matrix.call("PUT", where, body, user=self.place.user(name))["event_id"])

    def open(self, text: str, severity: str | None = None) -> Case:
        """Olga opens a case through a face of the desk, and everybody hears what is said of it."""
        case = self.begin(text, severity)
        self.settle()
        return case

    def begin(self, text: str, severity: str | None = None) -> Case:
        """The same, before anybody has heard of it."""
        return writing.do_open_case(
            workspace=self.place.slug,
            author=self.place.id("olga"),
            text=text,
            channel="api",
            severity=severity,
            actor=ACTOR,
            now=clock.now(),
        )

    def order(self, text: str, case: Case | None = None, name: str = "", **content: Any) -> str:
        """Somebody writes a command, in the case's thread or the main line, and it is carried out; gives the event id."""
        thread = self.roots(case)[0]["event_id"] if case else ""
        event = self.say(name or self.name, text, room=self.room, thread=thread, **content)
        self.settle()
        while timers.fire():
            self.settle()
        return event

    def answers(self, event: str) -> list[str]:
        """What the desk answered to an event of this room: words, or a sign."""
        found = [e for e in self.events(self.room, self.place.user(self.name)) if e["sender"] == self.place.matrix.bot]
        signs = [_relation(e)["key"] for e in found if _about(e, "m.annotation") == event]
        return signs + [e["content"]["body"] for e in found if _replied(e) == event and "body" in e["content"]]

    def messages(self, reader: str = "") -> list[Json]:
        """What stands in the control room, in its order, as somebody there reads it; what was removed is not there."""
        found = self.events(self.room, self.place.user(reader or self.name))
        return [event for event in found if event["type"] == "m.room.message" and event["content"]]

    def roots(self, case: Case) -> list[Json]:
        """The messages of the desk that begin a thread for this case."""
        return [e for e in self.messages() if e["content"]["body"].startswith(case.ref) and not _relation(e)]

    def card(self, case: Case) -> str:
        """The card as a client shows it: with the newest edit."""
        (root,) = self.roots(case)
        edits = [e for e in self.messages() if _about(e, "m.replace") == root["event_id"]]
        newest = edits[-1]["content"]["m.new_content"] if edits else root["content"]
        return str(newest["body"])

    def thread(self, case: Case) -> list[Json]:
        """What the desk has told in the case's thread."""
        (root,) = self.roots(case)
        bot = self.place.matrix.bot
        return [
            e["content"] for e in self.messages() if _about(e, "m.thread") == root["event_id"] and e["sender"] == bot
        ]

    def told(self, case: Case) -> list[str]:
        return [content["body"] for content in self.thread(case)]


def _relation(event: Json) -> Json:
    found: Json = event.get("content", {}).get("m.relates_to", {})
    return found


def _replied(event: Json) -> str | None:
    relation = _relation(event)
    return None if relation.get("is_falling_back") else relation.get("m.in_reply_to", {}).get("event_id")


def _about(event: Json, kind: str) -> str | None:
    relation = _relation(event)
    return relation["event_id"] if relation.get("rel_type") == kind else None
