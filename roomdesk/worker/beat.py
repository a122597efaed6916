"""What a worker leaves on disk for the watchdog: that it lives, what waits, and whom to call when it does not any more (D34)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.db.models import Min

from roomdesk.bootstrap import settings
from roomdesk.oncall.callers import people_for
from roomdesk.oncall.models import Page, Reach
from roomdesk.product.services import known
from roomdesk.queues.models import InboxEvent
from roomdesk.rules.call_order import FALLBACK
from roomdesk.runtime import clock, instance

#: Seconds between two notes.
_EVERY = 10.0
FILE = "watch.json"


def step() -> float:
    """Writes it anew. While the database is away the loop fails, the file grows old, and the watchdog sees that."""
    where = instance.create(settings.data).run / FILE
    instance.write_private(where, _noted())
    return _EVERY


def _noted() -> dict[str, Any]:
    """In the time of the outside: the watchdog knows no other."""
    waiting = InboxEvent.objects.filter(state=InboxEvent.State.PENDING, is_urgent=True, lane__isnull=False)
    oldest = waiting.aggregate(at=Min("received_at"))["at"]
    return {
        "at": clock.to_outside(clock.now()).isoformat(),
        "urgent_since": clock.to_outside(oldest).isoformat() if oldest else None,
        "routing": settings.pagerduty_routing or "",
        "call": _addresses(),
    }


def _addresses() -> list[str]:
    """Every way of Apprise of whoever is on call for any product now."""
    people = {one.pk for slug in known() for one in people_for(Page(product=slug), FALLBACK, clock.now())}
    rows = Reach.objects.filter(person_id__in=people, way=Reach.Way.APPRISE).order_by("person_id", "position")
    return list(rows.values_list("address", flat=True))


def read(folder: Path) -> dict[str, Any]:
    """What was noted last; empty where nothing can be read."""
    try:
        found = json.loads((folder / FILE).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
