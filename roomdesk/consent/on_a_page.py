"""What whoever is woken should know of consents: those that wait for the customer's word, and those that were given and are not used yet."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from django.db.models import Q

from roomdesk.channels.pagerduty.event import Trigger
from roomdesk.consent.models import Request
from roomdesk.oncall.models import Page
from roomdesk.rules.consent_answer import State
from roomdesk.runtime import clock

#: So many are named; the console has the others.
_NAMED = 5


def with_consents(page: Page, told: Trigger) -> Trigger:
    """The same with the workspace's open consents: reference and kind only, and none about a restricted case (D22)."""
    lines = _lines(page.workspace_id, clock.now()) if page.workspace_id else []
    return replace(told, details={**told.details, "consents": "; ".join(lines)}) if lines else told


def _lines(workspace_id: int, now: datetime) -> list[str]:
    rows = Request.objects.filter(workspace_id=workspace_id, state__in=[State.OPEN, State.GRANTED], expires_at__gt=now)
    rows = rows.filter(Q(case=None) | Q(case__is_restricted=False)).order_by("pk")
    found = [f"{one.ref} {one.kind} {_STANDING[State(one.state)]}" for one in rows[: _NAMED + 1]]
    return [*found[:_NAMED], "more in the console"] if len(found) > _NAMED else found


_STANDING = {State.OPEN: "waits for their word", State.GRANTED: "is given and not used"}
