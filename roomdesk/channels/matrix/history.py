"""Looking back in a room: for what an earlier life of ours already sent, and for what was never pushed to us."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime

from roomdesk.channels.matrix.client import Json, Matrix
from roomdesk.channels.matrix.errors import Forbidden, NotFound
from roomdesk.channels.matrix.names import MARKER, path
from roomdesk.channels.matrix.receive import arrival
from roomdesk.queues.inbox import Arrival
from roomdesk.runtime import clock

_PAGE = "100"


def find_sent(matrix: Matrix, room: str, kind: str, sender: str, key: str, since: datetime) -> str | None:
    """The id of the event of this kind and sender that carries our marker `key`, sent at or after `since` (outside time)."""
    wanted = json.dumps({"types": [kind], "senders": [sender]})
    params = {"dir": "b", "limit": _PAGE, "filter": wanted}
    while True:
        page = matrix.call("GET", path("rooms", room, "messages"), params=params)
        for event in page.get("chunk", []):
            if event.get("content", {}).get(MARKER) == key:
                return str(event["event_id"])
        if "end" not in page or _reaches_before(page.get("chunk", []), since):
            return None
        params = {**params, "from": str(page["end"])}


def since_then(matrix: Matrix, room: str, since: datetime) -> list[Arrival]:
    """Everything said in the room since `since` (outside time), oldest first, with some that is older.

    For what the homeserver owes us: it forgets events that it had taken up for pushing, and not yet written down as a
    transaction, when it is killed or its database goes away (synapse/handlers/appservice.py, appservice/scheduler.py).
    """
    found: list[Arrival] = []
    params = {"dir": "b", "limit": _PAGE}
    while True:
        page = matrix.call("GET", path("rooms", room, "messages"), params=params)
        events = page.get("chunk", [])
        found += [arrival(event, matrix.bot) for event in events]
        if "end" not in page or _reaches_before(events, since):
            return found[::-1]
        params = {**params, "from": str(page["end"])}


def reader_of(matrix: Matrix, room: str) -> str | None:
    """Who of bot and keeper may read what was said in the room; None where neither may, or there is no such room."""
    for user in (matrix.bot, matrix.keeper):
        try:
            matrix.call("GET", path("rooms", room, "messages"), user=user, params={"dir": "f", "limit": "1"})
        except (Forbidden, NotFound):
            continue
        return user
    return None


def pages(matrix: Matrix, room: str, reader: str) -> Iterator[list[Json]]:
    """Everything that the homeserver still has of the room, oldest first, page by page. Raises `MatrixError`."""
    params = {"dir": "f", "limit": _PAGE}
    while True:
        page = matrix.call("GET", path("rooms", room, "messages"), user=reader, params=params)
        yield page.get("chunk", [])
        following = page.get("end")
        if not following or following == params.get("from"):
            return
        params = {**params, "from": str(following)}


def _reaches_before(events: list[dict[str, object]], since: datetime) -> bool:
    stamps = [stamp for event in events if isinstance(stamp := event.get("origin_server_ts"), int)]
    return bool(stamps) and clock.from_ms(min(stamps)) < since
