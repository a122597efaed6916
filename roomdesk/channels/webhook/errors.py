"""What a receiver of webhooks answers instead of taking one."""

from __future__ import annotations

from datetime import timedelta


class HookError(Exception):
    """It was not taken. `permanent`: trying again cannot help; `is_answer`: somebody answered, so others may well be taken there."""

    permanent = False
    is_answer = False
    status: int | None = None
    retry_after = timedelta()


class Unreachable(HookError):
    """Nobody answered, or not in time."""


class Forbidden(HookError):
    """The desk does not send to this address: it is not public, or not https. Tried again, for names may change."""


class Switched(HookError):
    """The endpoint is switched off or gone; nothing is sent to it."""

    permanent = True


class Answered(HookError):
    """An answer that is no success."""

    is_answer = True

    def __init__(self, status: int, text: str, retry_after: timedelta = timedelta()) -> None:
        super().__init__(f"It answered {status}{f': {text}' if text else '.'}")
        self.status, self.retry_after = status, retry_after

    @property
    def is_gone(self) -> bool:
        """The receiver wants nothing any more (Standard Webhooks, "410 Gone")."""
        return self.status == 410
