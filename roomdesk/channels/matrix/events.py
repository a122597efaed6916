"""Reading one Matrix event as what it means for the record. Pure and tolerant: whatever is malformed reads as empty.

Source: client-server API v1.17 (`m.relates_to`, replies, threads, edits, reactions, redactions of room versions 1–12).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from roomdesk.channels.matrix.names import MARKER

_FILES = frozenset({"m.image", "m.file", "m.audio", "m.video"})
_UNPRINTABLE = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Heard:
    """One event. `kind` is a record kind, or `member` or `state`. `sent_ms` is the homeserver's time, None if it gives none.

    `body` is the text as sent (fallback included), `target` the event that an edit, reaction or redaction speaks of.
    """

    event_id: str
    room_id: str
    sender: str
    type: str
    kind: str
    sent_ms: int | None
    msgtype: str = ""
    body: str = ""
    formatted_body: str | None = None
    thread_root: str = ""
    reply_to: str = ""
    target: str = ""
    marker: str = ""
    state_key: str = ""
    membership: str = ""
    content: str = ""


def read_event(raw: str) -> Heard:
    """Reads stored raw text. Raises nothing for odd content; `raw` itself was checked when it was stored."""
    event = json.loads(raw)
    content = _mapping(event.get("content"))
    heard = _Reader(event, content)
    return heard.read()


class _Reader:
    def __init__(self, event: Mapping[str, Any], content: Mapping[str, Any]) -> None:
        self.event = event
        self.content = content
        self.relation = _mapping(content.get("m.relates_to"))
        self.rel_type = text(self.relation.get("rel_type"), 40)

    def read(self) -> Heard:
        event, content = self.event, self.content
        kind = self._kind()
        shown = self._shown(kind)
        sent = event.get("origin_server_ts")
        return Heard(
            event_id=text(event.get("event_id"), 255),
            room_id=text(event.get("room_id"), 255),
            sender=text(event.get("sender"), 255),
            type=text(event.get("type"), 255),
            kind=kind,
            sent_ms=sent if isinstance(sent, int) and 0 <= sent < 1 << 47 else None,
            msgtype=text(content.get("msgtype"), 80),
            body=self._body(kind, shown),
            formatted_body=_optional(shown.get("formatted_body")),
            thread_root=self._target_id() if self.rel_type == "m.thread" else "",
            reply_to=self._reply_to(),
            target=self._target(kind),
            marker=text(content.get(MARKER), 64),
            state_key=text(event.get("state_key"), 255),
            membership=text(content.get("membership"), 10) if kind == "member" else "",
            content=json.dumps(content),
        )

    def _kind(self) -> str:
        kind = text(self.event.get("type"), 255)
        if "state_key" in self.event:
            return "member" if kind == "m.room.member" else "state"
        if kind == "m.room.message" and self.rel_type == "m.replace":
            return "edit"
        if kind == "m.room.message":
            return "file" if self.content.get("msgtype") in _FILES else "message"
        return _KINDS.get(kind, "other")

    def _shown(self, kind: str) -> Mapping[str, Any]:
        return _mapping(self.content.get("m.new_content")) or self.content if kind == "edit" else self.content

    def _body(self, kind: str, shown: Mapping[str, Any]) -> str:
        if kind == "reaction":
            return text(self.relation.get("key"), 200)
        if kind == "redaction":
            return text(self.content.get("reason"), 2000)
        return text(shown.get("body"), 70_000)

    def _target_id(self) -> str:
        return text(self.relation.get("event_id"), 255)

    def _target(self, kind: str) -> str:
        if kind == "redaction":
            return text(self.content.get("redacts") or self.event.get("redacts"), 255)
        return self._target_id() if self.rel_type in ("m.replace", "m.annotation", "m.reference") else ""

    def _reply_to(self) -> str:
        if self.rel_type == "m.thread" and self.relation.get("is_falling_back") is True:
            return ""
        return text(_mapping(self.relation.get("m.in_reply_to")).get("event_id"), 255)


_KINDS = {
    "m.reaction": "reaction",
    "m.room.redaction": "redaction",
    "m.room.encrypted": "unreadable",
    "m.sticker": "file",
}


def text(value: object, limit: int) -> str:
    """Text that PostgreSQL can keep: strings only, NUL and lone surrogates shown as U+FFFD, cut at `limit`."""
    return _UNPRINTABLE.sub("\ufffd", value)[:limit] if isinstance(value, str) else ""


def _optional(value: object) -> str | None:
    return text(value, 70_000) if isinstance(value, str) else None


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
