"""Which routing key calls for a product and a severity. Pure."""

from __future__ import annotations

import re

#: A routing key (contracts §1).
KEY = re.compile(r"[A-Za-z0-9]{32}")


def route_for(routing: str | None, product: str, severity: str) -> str:
    """The name of the routing: that of product and severity, else the product's, else the one for all; empty where none fits."""
    known = _table(routing)
    return next((name for name in (f"{product}/{severity}", product, "*") if name in known), "")


def key_of(routing: str | None, route: str) -> str:
    """The key that a routing's name stands for; empty for a name that stands in the settings no more."""
    return _table(routing).get(route, "")


def keys_of(routing: str | None) -> list[str]:
    """Every key, each once."""
    return list(dict.fromkeys(_table(routing).values()))


def _table(routing: str | None) -> dict[str, str]:
    parts = (part.rpartition("=") for part in (routing or "").split())
    return {name or "*": key for name, _, key in parts}
