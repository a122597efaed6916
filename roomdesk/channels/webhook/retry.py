"""When to try again: one pure function for this channel."""

from __future__ import annotations

from datetime import timedelta

from roomdesk.channels.webhook.errors import HookError
from roomdesk.rules.webhook import delay_after

#: As for every channel: a fault of our own does not go away by itself.
_OWN_FAULTS = 8


def retry_delay(error: Exception, attempt: int, key: str) -> timedelta | None:
    """How long to wait after the failed `attempt` (from 1), or None where it is given up."""
    if isinstance(error, HookError):
        return None if error.permanent else delay_after(attempt, key, asked=error.retry_after)
    return None if attempt >= _OWN_FAULTS else delay_after(attempt, key)
