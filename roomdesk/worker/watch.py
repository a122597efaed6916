"""Fetching what the homeserver never pushed because it died, or lost its database, with events in its hands."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Max

from roomdesk.channels.matrix import history
from roomdesk.channels.matrix.client import Matrix
from roomdesk.channels.matrix.errors import MatrixError
from roomdesk.queues import inbox
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


class Watcher:
    """`step` is a loop's step. Looks whether the homeserver and our database were away; when they are back, reads all rooms.

    Also once at the start: nobody looked before. What was pushed already is known by its event id, so reading again
    and by several workers at once changes nothing.
    """

    def __init__(self, matrix: Callable[[], Matrix], identity: Identity) -> None:
        self._matrix = matrix
        self._identity = identity
        self._number: int | None = None
        self._place: object = None
        self._good_at: datetime | None = None
        self._since: datetime | None = None
        self._left: list[tuple[str, datetime]] = []
        self._found = 0

    def step(self) -> float:
        if not self._look():
            return EVERY
        if self._since is not None and self._read():
            return 0.0
        return EVERY

    def _look(self) -> bool:
        """Whether the homeserver is there; notices that it, or the database, was away meanwhile."""
        try:
            place = self._matrix().reach()
        except MatrixError:
            self._suspect()
            return False
        if (place, self._identity.number) != (self._place, self._number):
            self._suspect()
        self._place, self._number = place, self._identity.number
        if self._since is None:
            self._good_at = _outside_now()
        return True

    def _suspect(self) -> None:
        if self._since is None:
            self._since = (self._good_at or _last_heard()) - MARGIN
        rooms = Route.objects.filter(source="matrix").values_list("address", "since")
        self._left = [(address, max(self._since, clock.to_outside(since) - MARGIN)) for address, since in rooms]

    def _read(self) -> bool:
        """Reads rooms for a while; True when it should go on at once."""
        until = time.monotonic() + _SLICE
        while self._left and time.monotonic() < until:
            try:
                self._found += self._fetch(*self._left[-1])
            except MatrixError as error:
                if not error.permanent:
                    return False
                _LOG.info("The room %s could not be read: %s", self._left[-1][0], error)
            self._left.pop()
        if not self._left:
            self._finish()
        return bool(self._left)

    def _fetch(self, room: str, since: datetime) -> int:
        arrivals = history.since_then(self._matrix(), room, since)
        with transaction.atomic(durable=True):
            return inbox.store(arrivals, clock.now())

    def _finish(self) -> None:
        if self._found:
            _LOG.warning("%d events that the homeserver had not pushed were fetched from its rooms.", self._found)
        self._since, self._good_at, self._found = None, _outside_now(), 0


def _outside_now() -> datetime:
    return clock.to_outside(clock.now())


def _last_heard() -> datetime:
    """When anything came from the homeserver last; now where nothing ever did."""
    last = InboxEvent.objects.filter(source="matrix").aggregate(at=Max("received_at"))["at"]
    return _outside_now() if last is None else min(_outside_now(), clock.to_outside(last))
