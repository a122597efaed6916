"""What whoever is woken should know of consents: those that wait for the customer's word, and those that were given and are not used yet."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from roomdesk.channels.pagerduty.event import Trigger
from roomdesk.consent.models import Request
from roomdesk.oncall.models import Page
from roomdesk.queues.reading import Rows
from roomdesk.rules.consent_answer import State
from roomdesk.runtime import clock

#: So many are named; the console has the others.
_NAMED = 5


def with_consents(page: Page, told: Trigger) -> Trigger:
    """The same with the workspace's open consents: reference and kind only, and none about a restricted case (D22)."""
    lines = _lines(page.workspace_id, clock.now()) if page.workspace_id else []
    return replace(told, details={**told.details, "consents": "; ".join(lines)}) if lines else told


def _lines(workspace_id: int, now: datetime) -> list[str]:
    rows = Rows(Request, _OPEN, workspace_id, [state.value for state in _STANDING], now, _NAMED + 1)
    found = [f"{one.ref} {one.kind} {_STANDING[State(one.state)]}" for one in rows]
    return [*found[:_NAMED], "more in the console"] if len(found) > _NAMED else found


_OPEN = """workspace_id = %s AND state = ANY(%s::text[]) AND expires_at > %s
  AND (case_id IS NULL OR case_id IN (SELECT c.id FROM cases_case c WHERE NOT c.is_restricted))
  ORDER BY id LIMIT %s"""
_STANDING = {State.OPEN: "waits for their word", State.GRANTED: "is given and not used"}
