"""The arithmetic of the chain: what is hashed, and how a link follows from the one before. No database here.

    commitment = SHA-256(salt ‖ canonical JSON of the content)
    hash       = SHA-256(canonical JSON of {scope, seq, at, actor_kind, actor, action, subject, commitment, previous})

An erasure removes salt and content; the commitment stays, so the chain still verifies.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

#: What the first entry of every scope follows.
GENESIS = "0" * 64


def canonical(value: Any) -> str:
    """JSON with sorted keys, no white space and every non-ASCII character escaped: the same bytes everywhere."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, default=_plain)


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return instant(value)
    raise TypeError(f"{type(value).__name__} has no place in an audit entry.")


def instant(at: datetime) -> str:
    """UTC with microseconds, as it stands in the hash."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def commitment(salt: str, data: str) -> str:
    return hashlib.sha256(f"{salt}{data}".encode()).hexdigest()


def link(fields: Mapping[str, Any]) -> str:
    return hashlib.sha256(canonical(dict(fields)).encode()).hexdigest()
