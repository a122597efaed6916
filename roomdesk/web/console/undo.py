"""What somebody did last on the console and can take back for ten minutes: kept in their session, offered on every page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest

from roomdesk.cases.many import Step

LASTS = timedelta(minutes=10)
_KEY = "undo"


def keep(request: HttpRequest, steps: Sequence[Step], words: str, now: datetime) -> None:
    """The last thing goes before the ones before it; one that changed nothing changes nothing here either."""
    if steps:
        rows = [[one.ref, one.field, one.before, one.after] for one in steps]
        request.session[_KEY] = {"at": now.isoformat(), "words": words, "steps": rows}


def kept(request: HttpRequest, now: datetime) -> dict[str, Any] | None:
    """What can be taken back now: its `words` and `steps`."""
    found = request.session.get(_KEY)
    if not found or not timedelta() <= now - datetime.fromisoformat(found["at"]) <= LASTS:
        return None
    return {"words": found["words"], "steps": [Step(*row) for row in found["steps"]]}


def forget(request: HttpRequest) -> None:
    request.session.pop(_KEY, None)
