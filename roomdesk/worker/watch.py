"""Fetching what the homeserver never pushed because it died, or lost its database, with events in its hands."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db.models import Max

from roomdesk.channels.matrix import history
from roomdesk.channels.matrix.client import Matrix
from roomdesk.channels.matrix.errors import MatrixError
from roomdesk.queues import holds
from roomdesk.queues.models import InboxEvent, Route
from roomdesk.runtime import clock
from roomdesk.worker.identity import Identity

_LOG = logging.getLogger("roomdesk.worker")

#: Seconds between two looks; a homeserver needs longer than that to start.
EVERY = 2.0
#: How long before the last good look events may have been in the homeserver's hands: while we answer slowly they wait.
MARGIN = timedelta(minutes=5)
#: How long reading may go on before the next look.
_SLICE = 1.0
#: Rooms looked up at once; of several workers each takes its own by chance.
_AT_ONCE = 20


class Watcher:
    """`step` is a loop's step. Looks whether the homeserver and our database were away; after that all rooms are read back.

    Also once at the start: nobody looked before. What came from a room meanwhile is held until the room has been read, so that
    what was forgotten stands before it. Which rooms are left stands in the database: workers share the reading.
    """

    def __init__(self, matrix: Callable[[], Matrix], identity: Identity) -> None:
        self._matrix = matrix
        self._identity = identity
        self._number: int | None = None
        self._place: object = None
        self._good_at: datetime | None = None
        self._is_away = False
        self._found = 0

    def step(self) -> float:
        return 0.0 if self.look() and self._read() else EVERY

    def look(self) -> bool:
        """Whether the homeserver is there; notices that it, or the database, was away meanwhile."""
        try:
            place = self._matrix().reach()
        except MatrixError:
            if not self._is_away:
                self.suspect()
            self._is_away = True
            return False
        if (place, self._identity.number) != (self._place, self._number):
            self.suspect()
        self._place, self._number, self._is_away = place, self._identity.number, False
        self._good_at = _outside_now()
        return True

    def suspect(self) -> None:
        """Whatever was said since the last good look may be missing: all rooms are to be read, and held until then."""
        holds.begin("matrix", (self._good_at or _last_heard()) - MARGIN, MARGIN)

    def _read(self) -> bool:
        """Reads rooms for a while; True when it should go on at once."""
        until = time.monotonic() + _SLICE
        while rooms := holds.unread("matrix", _AT_ONCE):
            for room in rooms:
                if not self._read_one(room):
                    return False
                if time.monotonic() > until:
                    return True
        self._tell()
        return False

    def _read_one(self, room: Route) -> bool:
        assert room.unread_from is not None
        try:
            arrivals = history.since_then(self._matrix(), room.address, room.unread_from)
        except MatrixError as error:
            if not error.permanent:
                return False
            _LOG.info("The room %s could not be read: %s", room.address, error)
            arrivals = []
        self._found += holds.read_back(room, arrivals)
        return True

    def _tell(self) -> None:
        if self._found:
            _LOG.warning("%d events that the homeserver had not pushed were fetched from its rooms.", self._found)
        self._found = 0


def _outside_now() -> datetime:
    return clock.to_outside(clock.now())


def _last_heard() -> datetime:
    """When anything came from the homeserver last; now where nothing ever did."""
    last = InboxEvent.objects.filter(source="matrix").aggregate(at=Max("received_at"))["at"]
    return _outside_now() if last is None else min(_outside_now(), clock.to_outside(last))
