"""Who goes first: while a P0 is on its way, whatever else this process would begin waits a moment (D26)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

#: Nothing waits longer than this, in seconds, whatever becomes of the P0.
AT_MOST = 0.3


class Precedence:
    """Taken when a P0 may have come in, given back once its call went out, or there is none.

    The interpreter serves one thread at a time: a batch begun beside a P0 takes from it as long as it lasts.
    """

    def __init__(self) -> None:
        self._until = 0.0
        self._is_passed_on = False
        self._over = threading.Event()

    def take(self) -> bool:
        """False where it is taken already; then it lasts no longer for that."""
        if time.monotonic() < self._until:
            return False
        self._over.clear()
        self._until, self._is_passed_on = time.monotonic() + AT_MOST, False
        return True

    def pass_on(self) -> None:
        """To whoever makes the calls: they give it back by `called`."""
        self._is_passed_on = True

    def called(self) -> None:
        """A call was made, or there is none to be made; nothing where it was not passed on, for those who call look by themselves, too."""
        if self._is_passed_on:
            self.give_back()

    def give_back(self) -> None:
        self._until = 0.0
        self._over.set()

    def wait(self) -> None:
        """Waits while somebody has it, once: however many P0s follow each other, others go on after `AT_MOST`."""
        left = self._until - time.monotonic()
        if left > 0:
            self._over.wait(left)

    def after(self, do: Callable[[], int]) -> Callable[[], int]:
        """The same, done once nobody has it."""

        def done() -> int:
            self.wait()
            return do()

        return done
