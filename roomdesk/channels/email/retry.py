"""When to try again: one pure function for this channel."""

from __future__ import annotations

import hashlib
from datetime import timedelta

from roomdesk.channels.email.errors import MailError

_FIRST, _LONGEST = timedelta(seconds=5), timedelta(minutes=30)
#: As for every channel: a fault of our own does not go away by itself.
_OWN_FAULTS = 8


def retry_delay(error: Exception, attempt: int, key: str) -> timedelta | None:
    """How long to wait after the failed `attempt` (from 1), or None where it is given up. Outages are waited for without end."""
    if isinstance(error, MailError) and error.permanent:
        return None
    if not isinstance(error, MailError) and attempt >= _OWN_FAULTS:
        return None
    full: timedelta = min(_FIRST * 2 ** min(attempt - 1, 16), _LONGEST)
    digest = hashlib.sha256(f"{key}:{attempt}".encode()).digest()
    return full * (1 - 0.25 * digest[0] / 255)
