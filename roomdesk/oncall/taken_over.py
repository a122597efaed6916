"""On-calls of PagerDuty as they are stored in `Rota.written`, and as the rules take them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from roomdesk.rules import imported_rota
from roomdesk.rules.imported_rota import OnCall
from roomdesk.rules.rota import Rota

_KEY = "on_call"


def read(told: Mapping[str, Any], slug: str) -> OnCall:
    """One on-call as PagerDuty told it. Who is nobody here keeps their name: no id of ours has a space."""
    start, end = (datetime.fromisoformat(told[name]) for name in ("start", "end"))
    return OnCall(told["level"], told["schedule"] or told["name"], start, end, slug or f"{told['name']} (PagerDuty)")


def written(found: Iterable[OnCall]) -> dict[str, Any]:
    return {_KEY: [_plain(one) for one in found]}


def _plain(one: OnCall) -> dict[str, Any]:
    return {
        "level": one.level,
        "layer": one.layer,
        "person": one.person,
        "start": one.start.isoformat(),
        "end": one.end.isoformat(),
    }


def known(stored: Mapping[str, Any]) -> list[OnCall]:
    return [
        OnCall(one["level"], one["layer"], datetime.fromisoformat(one["start"]), datetime.fromisoformat(one["end"]), one["person"])
        for one in stored[_KEY]
    ]  # fmt: skip


def rota(stored: Mapping[str, Any]) -> Rota:
    return imported_rota.rota(known(stored))
