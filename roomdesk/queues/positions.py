"""Remembering up to where another system's own stream has been compared with what is stored here."""

from __future__ import annotations

from datetime import datetime

from roomdesk.queues.models import Position


def keep(source: str, token: str, at: datetime) -> None:
    """Of several workers the last one stands; a position that goes back a little is only compared again."""
    Position.objects.update_or_create(source=source, defaults={"token": token, "at": at})


def find(source: str) -> Position | None:
    return Position.objects.filter(source=source).first()


def forget(source: str) -> None:
    """The other side does not know it any more."""
    Position.objects.filter(source=source).delete()
