"""Refusals, under the name by which the apps know them. They live below the products, which refuse too."""

from __future__ import annotations

from roomdesk.refusals import Conflict, DeskError, Forbidden, Invalid, NotFound

__all__ = ["Conflict", "DeskError", "Forbidden", "Invalid", "NotFound"]
