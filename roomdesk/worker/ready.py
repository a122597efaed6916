"""What a worker makes ready as it starts: else the first P0 after it waits for more than a second until somebody is called."""

from __future__ import annotations

import logging
import threading

from django.db import Error, connection

from roomdesk.cases import ready
from roomdesk.runtime import heap

_LOG = logging.getLogger("roomdesk.worker")


def begin() -> threading.Thread:
    """Makes ready beside what is being worked on; the process ends without waiting for it."""
    thread = threading.Thread(target=_safely, name="ready", daemon=True)
    thread.start()
    return thread


def _safely() -> None:
    try:
        ready.make_ready()
    except Error as error:
        # What comes first waits instead.
        _LOG.warning("The first messages make ready what they need: %s", str(error).strip().partition("\n")[0])
    finally:
        connection.close()
    heap.settle()
