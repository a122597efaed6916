"""Refusals of consents."""

from __future__ import annotations

from roomdesk.refusals import Conflict, Forbidden, Invalid, NotFound

__all__ = ["Conflict", "Forbidden", "Invalid", "NotFound", "NotUsable"]


class NotUsable(Conflict):
    """The consent may not be used; `data["reason"]` is the rule's word for why, and nothing was consumed."""

    code = "not_usable"
