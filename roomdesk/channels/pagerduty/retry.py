"""When to try again: one pure function for this channel (contracts §1)."""

from __future__ import annotations

import hashlib
from datetime import timedelta

from roomdesk.channels.pagerduty.errors import Awaited, PagerDutyError

#: First wait and longest, in seconds: after an outage or a time-out, and after a 429, where haste keeps the gate shut.
_OUTAGE, _RATE = (1.0, 60.0), (20.0, 180.0)
#: How soon it is looked again whether the answer of staff is heard.
_AWAITED = timedelta(seconds=1)
#: As for every channel: a fault of our own does not go away by itself.
_OWN_FAULTS = 8


def retry_delay(error: Exception, attempt: int, key: str) -> timedelta | None:
    """How long to wait after the failed `attempt` (from 1), or None where it is given up. While a page is open it never is, but by a refusal."""
    if isinstance(error, Awaited):
        return _AWAITED
    if not isinstance(error, PagerDutyError):
        return None if attempt >= _OWN_FAULTS else _growing(_OUTAGE, attempt, key)
    if error.permanent:
        return None
    return max(error.retry_after, _growing(_RATE if error.status == 429 else _OUTAGE, attempt, key))


def _growing(waits: tuple[float, float], attempt: int, key: str) -> timedelta:
    """Doubling, less up to a quarter by a jitter that follows from `key`: what failed together does not return together."""
    first, longest = waits
    digest = hashlib.sha256(f"{key}:{attempt}".encode()).digest()
    return timedelta(seconds=min(longest, first * 2 ** min(attempt - 1, 12)) * (1 - 0.25 * digest[0] / 255))
