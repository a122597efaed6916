"""What a worker makes ready as it starts: else the first P0 after it waits for more than a second until somebody is called."""

from __future__ import annotations

import logging
import threading

from roomdesk.cases import ready

_LOG = logging.getLogger("roomdesk.worker")


def begin() -> threading.Thread:
    """Beside what is being worked on."""
    return ready.beside(ready.make_ready, _LOG, "The first messages make ready what they need")
