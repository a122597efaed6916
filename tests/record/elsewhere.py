"""A room that the desk does not keep and its bot can read: where a customer was helped before there was a desk."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from roomdesk.channels.matrix.names import path
from roomdesk.record import finding
from tests.rooms.place import Place

Json = dict[str, Any]


@dataclass
class Elsewhere:
    """Olga, Asen, Ivan and Mira talk there."""

    place: Place
    room: str = ""

    def build(self) -> Elsewhere:
        self.place.matrix.ensure_desk()
        body = {"preset": "private_chat", "name": "Help for Acme", "invite": [self.place.user(n) for n in PEOPLE]}
        self.room = str(self.place.matrix.call("POST", path("createRoom"), body)["room_id"])
        for name in PEOPLE:
            self.place.matrix.call("POST", path("rooms", self.room, "join"), {}, user=self.place.user(name))
        return self

    def send(self, name: str, content: Json, kind: str = "m.room.message") -> str:
        where = path("rooms", self.room, "send", kind, uuid.uuid4().hex)
        user = self.place.matrix.bot if name == "support" else self.place.user(name)
        return str(self.place.matrix.call("PUT", where, content, user=user)["event_id"])

    def say(self, name: str, text: str, **more: Any) -> str:
        return self.send(name, {"msgtype": "m.text", "body": text, **more})

    def edit(self, name: str, event: str, text: str) -> str:
        new = {"msgtype": "m.text", "body": text}
        return self.say(name, f"* {text}", **{"m.new_content": new, "m.relates_to": relation("m.replace", event)})

    def react(self, name: str, event: str, key: str) -> str:
        return self.send(name, {"m.relates_to": {**relation("m.annotation", event), "key": key}}, "m.reaction")

    def redact(self, name: str, event: str) -> str:
        where = path("rooms", self.room, "redact", event, uuid.uuid4().hex)
        answer = self.place.matrix.call("PUT", where, {"reason": "by mistake"}, user=self.place.user(name))
        return str(answer["event_id"])


PEOPLE = ("olga", "asen", "ivan")


def relation(kind: str, event: str) -> Json:
    return {"rel_type": kind, "event_id": event}


def filed() -> None:
    """What the worker does for search."""
    while finding.file_waiting():
        pass
