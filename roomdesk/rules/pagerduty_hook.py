"""Webhooks v3 of PagerDuty (contracts §2): whether one is genuine, and what it says. Pure."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

_HUMANS = frozenset({"user", "user_reference"})


@dataclass(frozen=True, slots=True)
class Hook:
    """What one delivery is about. `by` is who did it, empty for anything but a human: automation takes no page off anybody's hands."""

    kind: str
    incident_id: str
    incident_key: str
    by: str


def is_genuine(secrets: Iterable[str], header: str, body: bytes) -> bool:
    """Whether one signature of version 1 was made over exactly these bytes with one of the secrets; there are several while one is changed."""
    given = [part.strip()[3:] for part in header.split(",") if part.strip().startswith("v1=")]
    wanted = [hmac.new(secret.encode(), body, hashlib.sha256).hexdigest() for secret in secrets]
    found = [hmac.compare_digest(one.encode(), other.encode()) for one in given for other in wanted]
    return any(found)


def read(body: Mapping[str, Any]) -> Hook:
    """What it says; whatever is missing or odd reads as empty."""
    event = _table(body.get("event"))
    about = _table(event.get("data"))
    incident = about if about.get("type") == "incident" else _table(about.get("incident"))
    agent = _table(event.get("agent"))
    by = _text(agent.get("summary")) or _text(agent.get("id")) if agent.get("type") in _HUMANS else ""
    key = _text(about.get("incident_key"))
    return Hook(_text(event.get("event_type")), _text(incident.get("id"))[:80], key, by[:200])


def _table(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return value.replace("\x00", "\ufffd") if isinstance(value, str) else ""
