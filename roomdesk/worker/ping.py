"""Telling the homeserver that we are here, so that its back-off (up to 512 s) ends."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from django.db.models import Max

from roomdesk.channels.matrix.client import Matrix
from roomdesk.channels.matrix.errors import MatrixError
from roomdesk.queues.models import AppserviceTransaction
from roomdesk.runtime import clock

_LOG = logging.getLogger("roomdesk.worker")

#: Seconds of silence after which we ask whether it is one.
SILENCE = 60.0
_RETRY = (0.5, 10.0)


class Pinger:
    """`step` is a loop's step: asks at the start, after every failure, and when nothing has come in for a while."""

    def __init__(self, matrix: Callable[[], Matrix]) -> None:
        self._matrix = matrix
        self._retry = _RETRY[0]
        self._ok_at: float | None = None

    def step(self) -> float:
        quiet = min(_silence(), time.monotonic() - self._ok_at) if self._ok_at is not None else SILENCE
        return self._ping() if quiet >= SILENCE else SILENCE - quiet

    def _ping(self) -> float:
        try:
            self._matrix().ping()
        except MatrixError as error:
            if self._retry == _RETRY[0]:
                _LOG.warning("The homeserver and our endpoint do not reach each other yet: %s", error)
            seconds, self._retry, self._ok_at = self._retry, min(self._retry * 2, _RETRY[1]), None
            return seconds
        if self._ok_at is None:
            _LOG.info("The homeserver reaches our endpoint.")
        self._retry, self._ok_at = _RETRY[0], time.monotonic()
        return SILENCE


def _silence() -> float:
    """Seconds since the last transaction; endless where there was none."""
    last = AppserviceTransaction.objects.aggregate(at=Max("received_at"))["at"]
    return float("inf") if last is None else float((clock.now() - last).total_seconds())
