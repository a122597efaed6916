"""Finding single events that the homeserver took and never pushed, however that came about (docs/decisions/0011)."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from roomdesk.channels.matrix import stream
from roomdesk.channels.matrix.client import Matrix
from roomdesk.channels.matrix.errors import MatrixError
from roomdesk.channels.matrix.stream import Said
from roomdesk.queues import holds, inbox, positions
from roomdesk.runtime import clock

_LOG = logging.getLogger("roomdesk.worker")

#: Seconds between two looks. What is pushed in the ordinary way is here long before the second one.
EVERY = 10.0
#: How far before the first missing event a room is read: the homeserver's times are those of whoever sent them.
MARGIN = timedelta(minutes=1)
#: A look that takes long, because there are many rooms or little time, is followed by so many times its length without one.
_REST = 50
#: How Synapse answers for a position that it did not give.
BAD_PLACE = 400


@dataclass(frozen=True, slots=True)
class _Look:
    """Up to where the stream was read, when (outside time), and what of it was not stored just then."""

    token: str
    at: datetime
    unsure: list[Said]


class GapFinder:
    """`step` is a loop's step: compares the homeserver's stream with the inbox, twice before it calls an event missing.

    A room with a gap is marked unread, and the watcher reads it. Every worker compares for itself; where to begin is kept in
    the database when everything before it is settled, so that nothing is passed over when a worker dies. `lost` is called
    where the homeserver does not know our place any more.
    """

    def __init__(self, matrix: Callable[[], Matrix], lost: Callable[[], None]) -> None:
        self._matrix = matrix
        self._lost = lost
        self._last: _Look | None = None
        self._is_told = False

    def step(self) -> float:
        began = time.monotonic()
        try:
            self._last = self._look(self._last or self._begin())
            self._is_told = False
        except MatrixError as error:
            self._refused(error)
        return max(EVERY, (time.monotonic() - began) * _REST)

    def _begin(self) -> _Look:
        kept = positions.find(stream.SOURCE)
        if kept is not None:
            return _Look(kept.token, kept.at, [])
        return _Look(stream.position(self._matrix()), _outside_now(), [])

    def _look(self, last: _Look) -> _Look:
        for room in last.unsure:
            self._settle(room, last)
        positions.keep(stream.SOURCE, last.token, last.at)
        self._last = replace(last, unsure=[])
        now = _outside_now()
        rooms, token = stream.said_since(self._matrix(), last.token)
        return _Look(token, now, [room for room in rooms if room.is_cut or _missing(room)])

    def _settle(self, room: Said, last: _Look) -> None:
        missing = _missing(room)
        if not missing and not room.is_cut:
            return
        since = min(room.events[event] for event in missing) if missing else last.at
        # A room that leads nowhere is none of ours, or is being made: its events wait in the inbox all the same.
        if holds.begin_at(stream.SOURCE, room.room, since - MARGIN) and missing:
            _LOG.warning("The homeserver has not pushed %d events of %s; it is read.", len(missing), room.room)

    def _refused(self, error: MatrixError) -> None:
        if not error.permanent:
            return
        if not self._is_told:
            _LOG.warning("The homeserver's stream cannot be read: %s", error)
        self._is_told = True
        if self._last is not None and error.status == BAD_PLACE:
            self._start_over()

    def _start_over(self) -> None:
        """Its database is another one: what lies between is looked for in the rooms."""
        self._lost()
        positions.forget(stream.SOURCE)
        self._last = None


def _missing(room: Said) -> set[str]:
    return room.events.keys() - inbox.known(stream.SOURCE, room.events)


def _outside_now() -> datetime:
    return clock.to_outside(clock.now())
