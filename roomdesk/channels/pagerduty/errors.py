"""What PagerDuty answers instead of taking an event (contracts §1)."""

from __future__ import annotations

from datetime import timedelta

#: Statuses that say "not now" although they begin with a 4.
_LATER = frozenset({408, 425, 429})


class PagerDutyError(Exception):
    """It was not taken. `permanent`: trying again cannot help, another way must be found at once."""

    permanent = False
    status: int | None = None
    retry_after = timedelta()


class Unreachable(PagerDutyError):
    """Nobody answered, or not in time: the event may have been taken or not."""


class NotConfigured(PagerDutyError):
    """No routing key fits this product and severity."""

    permanent = True


class Awaited(PagerDutyError):
    """An answer of staff is waiting in the inbox: it is heard first (D26)."""


class Answered(PagerDutyError):
    """An answer that is no success. A 429 means that the event was not taken."""

    def __init__(self, status: int, text: str, retry_after: timedelta = timedelta()) -> None:
        super().__init__(f"PagerDuty answered {status}{f': {text}' if text else '.'}")
        self.status, self.retry_after = status, retry_after

    @property
    def permanent(self) -> bool:  # type: ignore[override]
        return 400 <= self.status < 500 and self.status not in _LATER  # type: ignore[operator]
