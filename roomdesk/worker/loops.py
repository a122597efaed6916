"""A loop that outlives outages: a step, a wait that can be cut short, and what to do when the step fails."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from django.db import InterfaceError, OperationalError, connection

_LOG = logging.getLogger("roomdesk.worker")

#: First and longest wait, in seconds, while the database is away.
BACK_OFF = (0.2, 5.0)
#: Wait after an error that we do not know.
AFTER_ERROR = 1.0


def first_line(error: Exception) -> str:
    """PostgreSQL adds details in further lines."""
    return str(error).strip().partition("\n")[0]


class Stop:
    """Tells all loops to end, and wakes those that wait."""

    def __init__(self) -> None:
        self._asked = threading.Event()
        self._waiting: list[threading.Event] = []

    def wakes(self, event: threading.Event) -> threading.Event:
        self._waiting.append(event)
        return event

    def ask(self) -> None:
        self._asked.set()
        for event in self._waiting:
            event.set()

    @property
    def asked(self) -> bool:
        return self._asked.is_set()


class Loop(threading.Thread):
    """Runs `step` until asked to stop; it returns how many seconds to wait at most for `wake` (0: go on at once)."""

    def __init__(self, name: str, step: Callable[[], float], stop: Stop, wake: threading.Event | None = None) -> None:
        super().__init__(name=name, daemon=True)
        self._step = step
        self._stop_asked = stop
        self.wake = stop.wakes(wake or threading.Event())
        self._back_off = BACK_OFF[0]

    def run(self) -> None:
        while not self._stop_asked.asked:
            seconds = self._safely()
            if seconds > 0:
                self.wake.wait(seconds)
            # Cleared before the next look, never after it: what comes in between is seen by that look.
            self.wake.clear()
        connection.close()

    def _safely(self) -> float:
        try:
            seconds = self._step()
        except (OperationalError, InterfaceError) as error:
            return self._outage(error)
        except Exception:  # noqa: BLE001 - a loop never ends by an error
            _LOG.exception("%s failed; it goes on in %s s.", self.name, AFTER_ERROR)
            connection.close()
            self._back_off = BACK_OFF[0]
            return self._pause(AFTER_ERROR)
        self._back_off = BACK_OFF[0]
        return seconds

    def _outage(self, error: Exception) -> float:
        """One line an outage; the connection is thrown away, a new one is made at the next step."""
        if self._back_off == BACK_OFF[0]:
            _LOG.warning("%s waits for the database: %s", self.name, first_line(error))
        connection.close()
        seconds, self._back_off = self._back_off, min(self._back_off * 2, BACK_OFF[1])
        return self._pause(seconds)

    def _pause(self, seconds: float) -> float:
        """A wait that wake-ups do not cut short, only the end does."""
        until = time.monotonic() + seconds
        while not self._stop_asked.asked and time.monotonic() < until:
            time.sleep(0.05)
        return 0.0
