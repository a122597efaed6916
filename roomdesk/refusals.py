"""Refusals: one class per failure that a caller must tell apart; the text says what happened and what to do next."""

from __future__ import annotations

from typing import Any


class DeskError(Exception):
    """A refusal. `code` is stable for programs, `status` the HTTP status, `field` the input at fault if there is one."""

    code = "refused"
    status = 409

    def __init__(self, sentence: str, *, field: str | None = None, **data: Any) -> None:
        super().__init__(sentence)
        self.field = field
        self.data = data


class NotFound(DeskError):
    """Missing or not yours: the same answer, so that nobody learns what exists."""

    code = "not_found"
    status = 404


class Invalid(DeskError):
    """The input is wrong; `field` says where."""

    code = "invalid"
    status = 422


class Forbidden(DeskError):
    """The caller is known, and may not."""

    code = "forbidden"
    status = 403


class Conflict(DeskError):
    """The input is fine, the state of things is against it."""

    code = "conflict"
    status = 409


class Gone(DeskError):
    """It is known, and nobody gets it any more; the text says why."""

    code = "gone"
    status = 410
