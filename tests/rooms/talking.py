"""Saying something in a workspace's room as its people's clients do, and handing the desk what was said, as a push would."""

from __future__ import annotations

import uuid

from roomdesk.channels.matrix import history
from roomdesk.channels.matrix.names import path
from roomdesk.queues import inbox
from roomdesk.runtime import clock
from tests.rooms.place import Json, Place


def say(place: Place, name: str, text: str, room: str = "", **more: object) -> str:
    """The event's id. `more` stands in its content, too."""
    where = path("rooms", room or place.room, "send", "m.room.message", uuid.uuid4().hex)
    content = {"msgtype": "m.text", "body": text, **more}
    return str(place.matrix.call("PUT", where, content, user=place.user(name))["event_id"])


def hear(place: Place, room: str = "") -> None:
    """Everything that the room has, stored and worked off; what is known already is not stored again."""
    inbox.store(history.since_then(place.matrix, room or place.room, clock.from_ms(0)), clock.now())
    place.settle()


def _said(place: Place) -> list[Json]:
    """Messages of the room, oldest first, as one of its people reads them."""
    where, params = path("rooms", place.room, "messages"), {"dir": "f", "limit": "200"}
    events = place.matrix.call("GET", where, user=place.user("olga"), params=params)["chunk"]
    return [event for event in events if event["type"] == "m.room.message"]


def notices(place: Place) -> list[str]:
    return [event["content"]["body"] for event in _said(place) if event["sender"] == place.matrix.bot]


def texts(place: Place, name: str) -> list[str]:
    return [event["content"]["body"] for event in _said(place) if event["sender"] == place.user(name)]
