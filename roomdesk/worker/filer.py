"""Filing what was said for search: when nothing more urgent waits, and a little now and then when something always does."""

from __future__ import annotations

import time
from collections.abc import Callable

from roomdesk.record import finding

#: Seconds between two looks at an empty queue.
EVERY = 1.0
#: While events are worked off: messages of one turn, and seconds from one to the next. More than people say in a homeserver at its best.
TURN, TURN_EVERY = 200, 2.0
_LOOK_AGAIN = 0.2


class Filer:
    """`step` is a loop's step; any number of workers may do this. `is_busy` says whether events are being worked off just now.

    Making words of texts takes the same interpreter as the pipeline, and who waits for an answer comes before who looks something up.
    """

    def __init__(self, is_busy: Callable[[], bool], file: Callable[[int], int] = finding.file_waiting) -> None:
        self._is_busy = is_busy
        self._file = file
        self._turn_at = 0.0

    def step(self) -> float:
        if not self._is_busy():
            return 0.0 if self._file(finding.BATCH) else EVERY
        if time.monotonic() >= self._turn_at:
            self._turn_at = time.monotonic() + TURN_EVERY
            self._file(TURN)
        return _LOOK_AGAIN
