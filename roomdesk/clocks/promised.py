"""What is promised to a customer of a tier, for all severities at once (R17, D3): only what the vendor has made public."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

from roomdesk.clocks.measure import amount_text, measure
from roomdesk.clocks.models import Clock
from roomdesk.clocks.policy import calendar_of, target_rows
from roomdesk.product.promises import Measure
from roomdesk.product.queries import product_of
from roomdesk.rules.due_time import due
from roomdesk.rules.severity import TargetRow, choose_target

#: A request of no special kind.
_KIND = "other"


@dataclass(frozen=True, slots=True)
class Promised:
    """One promise. `due_at` is when it would fall if something were asked now; None where there is a queue instead."""

    severity: str
    clock: str
    measure: Measure
    due_at: datetime | None


def promised(version_id: int, tier: str, addons: Collection[str], now: datetime) -> list[Promised]:
    """Public promises, the highest severity first, each with its first response first. No query once the version is read."""
    return list(_promised(version_id, tier, addons, now))


def _promised(version_id: int, tier: str, addons: Collection[str], now: datetime) -> Iterator[Promised]:
    rows = target_rows(version_id)
    for severity in product_of(version_id).severities:
        for clock in Clock.Kind.values:
            chosen = choose_target(rows, tier, addons, severity.kind or _KIND, severity.slug, clock)
            if chosen is not None and chosen.row.public:
                target = chosen.row.target
                words = measure(target.kind, amount_text(target), target.soft)
                yield Promised(severity.slug, clock, words, _due(version_id, chosen.row, now))


def _due(version_id: int, row: TargetRow, now: datetime) -> datetime | None:
    if row.target.kind == "none":
        return None
    return due(calendar_of(version_id, row.calendar) if row.calendar else None, row.target, now)
