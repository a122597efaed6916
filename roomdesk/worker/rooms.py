"""Comparing rooms with what they should be, slowly."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from roomdesk.bootstrap import settings
from roomdesk.channels.matrix.client import Matrix
from roomdesk.channels.matrix.errors import MatrixError
from roomdesk.rooms import sweep
from roomdesk.runtime import clock

#: Longest wait in seconds between two looks at which rooms are due.
EVERY = 5.0


def step(matrix: Callable[[], Matrix]) -> float:
    """A loop's step: one round, and how long to wait for the next. A homeserver that is away is asked again later."""
    every = timedelta(seconds=settings.room_sweep_seconds)
    try:
        full = sweep.sweep(matrix(), clock.now(), every) == sweep.AT_ONCE
    except MatrixError:
        return EVERY
    return 0.0 if full else min(EVERY, every.total_seconds())
