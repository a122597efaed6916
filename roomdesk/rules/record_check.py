"""Whether the record holds what a room holds: what an event that is not on record is, and how one that is differs. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

#: What was said so shortly ago may be on its way.
YOUNG = timedelta(seconds=30)

#: What `difference` says where only the newest edit differs.
OTHER_VERSION = "another newest version on record than in the room"

#: `missing` is a gap; `set_aside` one that always failed when it was worked on. The others are none: `waiting` is on its way,
#: `history` is older than the desk's time in the room, `ignored` was put away by somebody's word.
Fate = Literal["missing", "set_aside", "waiting", "history", "ignored"]


@dataclass(frozen=True, slots=True)
class Stored:
    """An event in the inbox. `has_lane`: its room was known when it was worked on."""

    state: str
    has_lane: bool


def fate(stored: Stored | None, at: datetime, kept_since: datetime | None, now: datetime) -> Fate:
    """What an event is that is not on record. `kept_since`: when the desk began to keep the room (None: it does not)."""
    if stored is not None and (stored.has_lane or (stored.state == "pending" and kept_since is not None)):
        # What waits in an address that leads somewhere has its lane in a moment.
        by_state: dict[str, Fate] = {"pending": "waiting", "set_aside": "set_aside", "ignored": "ignored"}
        return by_state.get(stored.state, "missing")
    if kept_since is None or at < kept_since:
        return "history"
    return "waiting" if now - at < YOUNG else "missing"


@dataclass(frozen=True, slots=True)
class InRoom:
    """An event as the homeserver has it now. `text` is that of its newest edit by its author (None: there is none)."""

    content: Mapping[str, Any]
    is_removed: bool
    text: str | None


@dataclass(frozen=True, slots=True)
class OnRecord:
    """The same on record; `content` is None where it was written by another way than the room."""

    content: Mapping[str, Any] | None
    is_removed: bool
    text: str | None


def difference(there: InRoom, here: OnRecord) -> str:
    """How the record says something else than the room, in words; empty where it does not."""
    if there.is_removed != here.is_removed:
        return "removed in the room, not on record" if there.is_removed else "removed on record, still in the room"
    if there.is_removed:
        # The homeserver has nothing left to compare.
        return ""
    if here.content is not None and here.content != there.content:
        return "other content on record than in the room"
    return OTHER_VERSION if there.text != here.text else ""
