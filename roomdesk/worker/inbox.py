"""Working off what came in, in order also when the database has died in between."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from django.db import InterfaceError, OperationalError, connection

_IDLE = 1.0
#: A step that finds so many events works off a backlog; so it is called until a step has found fewer, and for some seconds more.
_MANY, _LASTING = 100, 0.5
#: Seconds from one step that found a few events to the next: what comes in meanwhile is worked off together. The first figure holds where somebody
#: looks at the room, the last one where nobody waits for what comes in: the state of rooms, and reports of calls that were made.
_LOOKED_AT, _GATHERING, _AT_LEISURE = 0.03, 0.1, 0.25
#: After a step that found so many events the last one is twice as long: rooms are being made, and each step takes from their making.
_SEVERAL = 8
#: Seconds after which a step is not waited for: what it stands at is no backlog.
_PATIENCE = 30.0


class Drainer:
    """`step` is a loop's step. `drain` works off pending events and returns how many; `suspect` holds all rooms (0009). Who does not gather takes whatever comes at once.

    A database that dies takes along what the homeserver was about to write down, and the first events after it are newer.
    The watcher looks only every few seconds; so whoever works events off holds the rooms before it goes on.
    """

    def __init__(self, drain: Callable[[], int], suspect: Callable[[], None], *, gathers: bool = True) -> None:
        self._drain = drain
        self._gathers = gathers
        self._suspect = suspect
        #: To be set where something came in that somebody waits for.
        self.hurry = threading.Event()
        #: Beside `hurry`: somebody has a page of that room open.
        self.awaited = threading.Event()
        #: Set by each step that finds a backlog.
        self.backlog = threading.Event()
        self._is_broken = False
        #: Whether the last step found something to do: then more of it is likely to wait.
        self.is_busy = False
        self._behind_until = 0.0
        self._gathers_from: float | None = None
        self._leisure = _AT_LEISURE

    @property
    def is_behind(self) -> bool:
        """Whether a backlog is being worked off: after an outage, or while very much comes in at once."""
        return time.monotonic() < self._behind_until

    def step(self) -> float:
        """Works off what waits. The first event after a quiet moment is taken at once, those that follow it together.

        The homeserver pushes a room that is made, or a lively conversation, event by event; a step for each would cost more than they do.
        """
        self._gather()
        began = time.monotonic()
        if self._is_broken:
            self._suspect()
            self._is_broken = False
        try:
            done = self._drain()
        except (OperationalError, InterfaceError):
            # A deadlock or a time-out is an error of this kind too, and leaves the connection as it was.
            self._is_broken = not connection.is_usable()
            raise
        self.is_busy = done > 0
        if done >= _MANY:
            # The next step of a backlog may take long: a moment of all senders between two steps takes the core from both.
            self._behind_until = time.monotonic() + _PATIENCE
            self._gathers_from = None
            self.backlog.set()
        else:
            self._behind_until = min(self._behind_until, time.monotonic() + _LASTING)
            self._gathers_from = began if self.is_busy and self._gathers else None
            self._leisure = _AT_LEISURE * (2 if done >= _SEVERAL else 1)
        return 0.0 if self.is_busy else _IDLE

    def _gather(self) -> None:
        if self._gathers_from is not None:
            time.sleep(max(0.0, self._gathers_from + _LOOKED_AT - time.monotonic()))
            self.awaited.wait(max(0.0, self._gathers_from + _GATHERING - time.monotonic()))
            self.hurry.wait(max(0.0, self._gathers_from + self._leisure - time.monotonic()))
        # Cleared before the look, never after it: what comes in between is seen by that look.
        self.awaited.clear()
        self.hurry.clear()

    def second(self) -> Callable[[], float]:
        """The step of a loop beside this one's, woken by `backlog`: it takes other lanes of a backlog, and nothing at any other time.

        A third of a batch's time is the database's; meanwhile another batch is decided.
        """
        beside = Drainer(self._drain, self._suspect)
        return lambda: beside.step() if self.is_behind else _IDLE
