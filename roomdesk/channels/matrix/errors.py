"""What the homeserver answers instead of doing what it was asked: one class per refusal that a caller tells apart."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, ClassVar, TypeVar

#: Statuses that say "not now" although they begin with a 4 (RFC 9110 §15.5.9, RFC 8470, RFC 6585).
_LATER = frozenset({408, 425, 429})


class MatrixError(Exception):
    """An answer that is not a success. `permanent`: asking again cannot help.

    An answer without errcode is not Matrix's own but of something between (a proxy), a wrong token is the installation's
    fault: both are outages, no row is given up for them.
    """

    def __init__(self, status: int, errcode: str, message: str, body: dict[str, Any] | None = None) -> None:
        super().__init__(f"The homeserver answered {status} {errcode}: {message}".rstrip(": "))
        self.status = status
        self.errcode = errcode
        self.message = message
        self.body = body or {}

    @property
    def permanent(self) -> bool:
        return 400 <= self.status < 500 and self.status not in _LATER and self.errcode != "" and self.status != 401


class Unreachable(MatrixError):
    """Nobody answered, or the answer broke off: the call may have been carried out or not."""

    def __init__(self, reason: str) -> None:
        super().__init__(0, "", reason)
        self.args = (f"The homeserver could not be reached ({reason}).",)


class Refused(MatrixError):
    """The desk itself will not make this call, or must not accept its result; the text says why. Always permanent."""

    def __init__(self, sentence: str) -> None:
        super().__init__(400, "DESK_REFUSED", sentence)
        self.args = (sentence,)

    @property
    def permanent(self) -> bool:
        return True


class NotKeptYet(MatrixError):
    """The file that is to be given is still being looked over."""

    def __init__(self) -> None:
        super().__init__(0, "", "not kept yet")
        self.args = ("The file is still being looked over.",)


E = TypeVar("E", bound=type[MatrixError])
_CLASSES: dict[str, type[MatrixError]] = {}


def _errcode(code: str) -> Callable[[E], E]:
    """Registers a class for answers with this errcode (habit of mautrix-python)."""

    def register(cls: E) -> E:
        _CLASSES[code] = cls
        return cls

    return register


@_errcode("M_FORBIDDEN")
class Forbidden(MatrixError):
    """The caller may not, or the world is not as the call assumes (kicking somebody who is not in)."""


@_errcode("M_NOT_FOUND")
class NotFound(MatrixError):
    """No such thing."""


@_errcode("M_ROOM_IN_USE")
class AliasTaken(MatrixError):
    """createRoom: the alias names a room already."""


@_errcode("M_USER_IN_USE")
class UserExists(MatrixError):
    """register: the user exists."""


@_errcode("M_CANNOT_OVERWRITE_MEDIA")
class MediaFilled(MatrixError):
    """upload: something lies at this address already."""


@_errcode("M_UNKNOWN_DEVICE")
class UnknownDevice(MatrixError):
    """The device named with the call does not exist (any more: the person's `logout/all` removes it)."""


@_errcode("M_BAD_STATE")
class BadState(MatrixError):
    """The membership forbids it: inviting somebody who is banned."""


@_errcode("M_LIMIT_EXCEEDED")
class RateLimited(MatrixError):
    """Too many requests; `retry_after` is what the homeserver asks for, at least zero."""

    LEAST: ClassVar[timedelta] = timedelta(0)

    @property
    def retry_after(self) -> timedelta:
        asked = self.body.get("retry_after_ms", 0)
        is_number = isinstance(asked, int | float) and not isinstance(asked, bool) and 0 < asked < 3_600_000
        return timedelta(milliseconds=asked) if is_number else self.LEAST


def from_answer(status: int, body: object, header_retry_after: str = "") -> MatrixError:
    """The error of an answer; `body` is its JSON, or anything else where it was none."""
    known = body if isinstance(body, dict) else {}
    code = known.get("errcode") if isinstance(known.get("errcode"), str) else ""
    message = known.get("error") if isinstance(known.get("error"), str) else ""
    if status == 429 and "retry_after_ms" not in known and header_retry_after.isdecimal():
        known = {**known, "retry_after_ms": int(header_retry_after) * 1000}
    cls = RateLimited if status == 429 else _CLASSES.get(str(code), MatrixError)
    return cls(status, str(code), str(message)[:500], known)
