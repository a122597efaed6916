"""When to try a call again: one pure function for this channel."""

from __future__ import annotations

import hashlib
from datetime import timedelta

from roomdesk.channels.matrix.errors import MatrixError, RateLimited

FIRST = timedelta(milliseconds=500)
LONGEST = timedelta(seconds=60)
#: An exception that is not the homeserver's is a fault in our code or data: it does not go away by itself, nor may it
#: block its room for ever.
OWN_FAULTS = 8


def retry_delay(error: Exception, attempt: int, key: str) -> timedelta | None:
    """How long to wait after the failed `attempt` (from 1), or None where trying again cannot help.

    Outages are waited for without end. The jitter follows from `key`, so that rows that failed together do not return together.
    """
    if isinstance(error, RateLimited):
        return max(error.retry_after, _growing(attempt, key))
    if isinstance(error, MatrixError):
        return None if error.permanent else _growing(attempt, key)
    return None if attempt >= OWN_FAULTS else _growing(attempt, key)


def _growing(attempt: int, key: str) -> timedelta:
    """Half a second, doubling up to a minute, less up to a quarter of it."""
    full = min(FIRST * 2 ** min(attempt - 1, 16), LONGEST) if attempt > 1 else FIRST
    digest = hashlib.sha256(f"{key}:{attempt}".encode()).digest()
    return full * (1 - 0.25 * digest[0] / 255)
