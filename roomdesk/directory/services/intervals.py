"""Validity intervals: half-open, from `valid_from` until before `valid_to` (D5)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Q


def valid_at(at: datetime, prefix: str = "") -> Q:
    """Rows in force at `at`."""
    return Q(**{f"{prefix}valid_from__lte": at}) & (
        Q(**{f"{prefix}valid_to": None}) | Q(**{f"{prefix}valid_to__gt": at})
    )


def close(row: Any, now: datetime) -> None:
    """Ends an open row at `now`, at once: the partial unique indexes allow its successor only afterwards."""
    row.valid_to = max(now, row.valid_from)
    row.save(update_fields=["valid_to"])
