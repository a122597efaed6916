"""Asking PagerDuty who has an incident, where its webhooks may have been lost (contracts §1, mapping back). Needs a key of its REST API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from roomdesk.channels.pagerduty import rest

_HUMANS = frozenset({"user", "user_reference"})


@dataclass(frozen=True, slots=True)
class Known:
    """An incident as it is there. `by` is the human who acknowledged or ended it, empty for none."""

    incident_id: str
    status: str
    by: str


def ask(url: str | None, token: str, key: str) -> list[Known]:
    """The incidents whose alert has this key, the newest first. Raises `PagerDutyError`."""
    found = rest.get(url, token, "/incidents", [("incident_key", key), ("sort_by", "created_at:desc")])
    return [_known(one) for one in found.get("incidents", []) if isinstance(one, dict)]


def _known(one: dict[str, Any]) -> Known:
    acknowledged = [ack.get("acknowledger") for ack in one.get("acknowledgements") or [] if isinstance(ack, dict)]
    people = [*acknowledged, one.get("last_status_change_by")]
    names = [str(who.get("summary", "")) for who in people if isinstance(who, dict) and who.get("type") in _HUMANS]
    return Known(str(one.get("id", "")), str(one.get("status", "")), next((name for name in names if name), ""))
