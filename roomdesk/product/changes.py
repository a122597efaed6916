"""What differs between two versions of a product, in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from roomdesk.product.canonical import to_json
from roomdesk.product.schema import Product

ORDER = " (order)"


@dataclass(frozen=True)
class Change:
    """One value that differs. `before` or `after` is None where the key is new or gone."""

    key: str
    before: str | None
    after: str | None

    def __str__(self) -> str:
        if self.before is None:
            return f"{self.key}: added, {self.after}."
        if self.after is None:
            return f"{self.key}: removed, was {self.before}."
        return f"{self.key}: was {self.before}, is now {self.after}."


def diff(a: Product, b: Product) -> list[Change]:
    """The changes that lead from `a` to `b`, by key. Rows are matched by what names them; a new order is a change too."""
    before, after = dict(_leaves(to_json(a))), dict(_leaves(to_json(b)))
    keys = sorted(before.keys() | after.keys())
    changes = (Change(key, before.get(key), after.get(key)) for key in keys if before.get(key) != after.get(key))
    return [change for change in changes if not _only_follows(change)]


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(inner, f"{path}.{key}" if path else key)
    elif isinstance(value, list) and any(isinstance(row, dict) for row in value):
        names = [_row_name(row, position) for position, row in enumerate(value, 1)]
        yield f"{path}{ORDER}", ", ".join(names)
        for name, row in zip(names, value, strict=True):
            yield from _leaves(row, f"{path}[{name}]")
    elif value is not None:
        yield path, _words(value)


def _only_follows(change: Change) -> bool:
    """Whether an order differs only because rows came or went, which is said of the rows themselves."""
    if not change.key.endswith(ORDER):
        return False
    return sorted((change.before or "").split(", ")) != sorted((change.after or "").split(", "))


def _row_name(row: Any, position: int) -> str:
    """What tells a row from its neighbours, or its position."""
    if not isinstance(row, dict):
        return str(row)
    if "clock" in row:
        return " ".join(
            filter(None, (row["clock"], row["kind"] or row["severity"], row["tier"] or "all", row["addon"]))
        )
    return str(next((row[key] for key in ("slug", "date", "item", "pattern", "phrase") if key in row), position))


def _words(value: Any) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case list():
            return ", ".join(_words(item) for item in value) or "nothing"
        case str():
            return f'"{value}"'
    return str(value)
