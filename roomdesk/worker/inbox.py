"""Working off what came in, in order also when the database has died in between."""

from __future__ import annotations

from collections.abc import Callable

from django.db import InterfaceError, OperationalError, connection

_IDLE = 1.0


class Drainer:
    """`step` is a loop's step. `drain` works off pending events and returns how many; `suspect` holds all rooms (0009).

    A database that dies takes along what the homeserver was about to write down, and the first events after it are newer.
    The watcher looks only every few seconds; so whoever works events off holds the rooms before it goes on.
    """

    def __init__(self, drain: Callable[[], int], suspect: Callable[[], None]) -> None:
        self._drain = drain
        self._suspect = suspect
        self._is_broken = False

    def step(self) -> float:
        if self._is_broken:
            self._suspect()
            self._is_broken = False
        try:
            return 0.0 if self._drain() else _IDLE
        except (OperationalError, InterfaceError):
            # A deadlock or a time-out is an error of this kind too, and leaves the connection as it was.
            self._is_broken = not connection.is_usable()
            raise
