"""Events of the Events API v2 as they are written, within its limits (contracts §1). Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

#: Characters of a summary, characters of a key, bytes of the whole event.
SUMMARY, KEY, BYTES = 1024, 255, 512_000
SEVERITIES = ("critical", "error", "warning", "info")
_TOO_LONG = "The details are left out: with them the event would be longer than PagerDuty takes. Follow the link."


@dataclass(frozen=True, slots=True)
class Trigger:
    """What somebody is called for. `links` are address and text; `at` when it began, in the time of the outside."""

    summary: str
    source: str
    severity: str
    at: datetime
    component: str = ""
    group: str = ""
    kind: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)
    url: str = ""
    links: Sequence[tuple[str, str]] = ()


def trigger(told: Trigger, *, routing_key: str, key: str) -> bytes:
    """The body that opens an incident, or adds to the one that is open under `key`. ValueError for a severity or key that is none."""
    if told.severity not in SEVERITIES or not 0 < len(key) <= KEY:
        raise ValueError(f"{told.severity!r} is no severity of PagerDuty, or the key {key!r} is none.")
    event = {
        "routing_key": routing_key,
        "event_action": "trigger",
        "dedup_key": key,
        "client": "Roomdesk",
        "client_url": told.url,
        "links": [{"href": href, "text": text} for href, text in told.links],
        "payload": _payload(told),
    }
    body = _bytes(event)
    if len(body) <= BYTES:
        return body
    return _bytes({**event, "payload": {**_payload(told), "custom_details": {"error": _TOO_LONG}}})


def follow_up(action: str, *, routing_key: str, key: str) -> bytes:
    """The body that acknowledges or resolves what is open under `key`; where nothing is, PagerDuty takes and drops it."""
    return _bytes({"routing_key": routing_key, "event_action": action, "dedup_key": key})


def _payload(told: Trigger) -> dict[str, Any]:
    payload = {
        "summary": told.summary if len(told.summary) <= SUMMARY else f"{told.summary[: SUMMARY - 1]}…",
        "source": told.source,
        "severity": told.severity,
        "timestamp": told.at.isoformat(timespec="milliseconds"),
        "component": told.component,
        "group": told.group,
        "class": told.kind,
        "custom_details": dict(told.details),
    }
    return {name: value for name, value in payload.items() if value}


def _bytes(event: Mapping[str, Any]) -> bytes:
    kept = {name: value for name, value in event.items() if value}
    return json.dumps(kept, ensure_ascii=False).encode("utf-8", "replace")
