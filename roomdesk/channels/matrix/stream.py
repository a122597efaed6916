"""The homeserver's own account of what was said in all our rooms: what any client's sync is made of.

It comes from the tables that the rooms themselves are read from, so nothing is missing in it, whatever became of the pushes.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from datetime import datetime

from roomdesk.channels.matrix.client import Json, Matrix
from roomdesk.channels.matrix.names import path
from roomdesk.channels.matrix.receive import SOURCE
from roomdesk.runtime import clock

__all__ = ["SOURCE", "Said", "position", "said_since"]

_NOTHING: Json = {"types": []}
_REST: Json = {"presence": _NOTHING, "account_data": _NOTHING}
_NO_ROOM = {**_REST, "room": {"rooms": []}}
#: Of a room in which more was said only the end is told (`is_cut`).
_TIMELINE = 100
_TIMELINES = {
    **_REST,
    "room": {
        "timeline": {"limit": _TIMELINE},
        "state": _NOTHING,
        "ephemeral": _NOTHING,
        "account_data": _NOTHING,
    },
}


@dataclass(frozen=True, slots=True)
class Said:
    """What one room holds since a position: event ids with their time (outside time), oldest first.

    `is_cut`: there is more before them.
    """

    room: str
    events: dict[str, datetime]
    is_cut: bool


def position(matrix: Matrix) -> str:
    """Where the homeserver stands now. Raises `MatrixError`."""
    # Synapse gives the same answer for minutes to who asks the same again; without `since` it does not wait for anything.
    return str(_sync(matrix, _NO_ROOM, timeout=str(time.time_ns() // 1_000_000))["next_batch"])


def said_since(matrix: Matrix, since: str) -> tuple[list[Said], str]:
    """What has been said since this position, by room, and the next position. Raises `MatrixError`."""
    answer = _sync(matrix, _TIMELINES, since=since)
    rooms = answer.get("rooms", {}).get("join", {})
    return [_said(room, found.get("timeline", {})) for room, found in rooms.items()], str(answer["next_batch"])


def _sync(matrix: Matrix, wanted: Json, **given: str) -> Json:
    """As the keeper, who sits in every room: Synapse refuses a registration's own sender here (handlers/sync.py)."""
    matrix.ensure_desk()
    # Asking for this must not show it as present.
    params = {"filter": json.dumps(wanted), "timeout": "0", "set_presence": "offline", **given}
    return matrix.call("GET", path("sync"), user=matrix.keeper, device=True, params=params)


def _said(room: str, timeline: Json) -> Said:
    events = {str(event["event_id"]): clock.from_ms(event["origin_server_ts"]) for event in timeline.get("events", [])}
    return Said(room, events, bool(timeline.get("limited")))
