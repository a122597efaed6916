"""Policies as the vendor's chain tells them, and what a promise comes to by the tests' own oracle. Nothing of Roomdesk here.

Instants are whole microseconds since 1970; a pause without end lasts.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

from tests.rules import oracle
from tests.year.schedule import DAY, SECOND

Pauses = tuple[tuple[int, int | None], ...]
UNIX_DAY = oracle.UNIX_DAY


@dataclass(frozen=True)
class Policy:
    """One version of a product, as its entry `product.loaded` has it. Compared by name and number."""

    product: str
    number: int
    loaded_at: int
    data: dict[str, Any]
    calendars: dict[str, oracle.Calendar]
    rows: list[dict[str, Any]]

    def __hash__(self) -> int:
        return hash((self.product, self.number))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Policy) and (self.product, self.number) == (other.product, other.number)

    def grace(self, kind: str) -> dict[str, Any] | None:
        """The least time after a change upward, in the new target's kind of time (D17)."""
        minutes = self.data["upward_grace_minutes"]
        if not minutes or kind == "none":
            return None
        return {"kind": "elapsed" if kind == "elapsed" else "business_hours", "hours": f"{minutes}/60"}

    def row(self, clock: str, tier: str, addons: list[str], kind: str, severity: str) -> dict[str, Any] | None:
        """The row of the table (D3, D4): one for the kind before one for the severity, the add-on's and the tier's own first."""
        fitting = [
            row
            for row in self.rows
            if row["clock"] == clock
            and all(
                row.get(name) in (None, is_) for name, is_ in (("tier", tier), ("kind", kind), ("severity", severity))
            )
            and (row.get("addon") is None or row["addon"] in addons)
        ]
        ranks = [[row.get(name) is not None for name in ("kind", "severity", "addon", "tier")] for row in fitting]
        return fitting[ranks.index(max(ranks))] if fitting else None

    def has_clocks(self, state: str) -> bool:
        return next(bool(row["clocks"]) for row in self.data["states"] if row["slug"] == state)


@dataclass(frozen=True)
class Promise:
    """So much time from `counted_from` on; the kind `none` has no amount."""

    policy: Policy
    kind: str
    amount: Fraction | None
    soft: bool
    calendar: str | None
    counted_from: int

    @property
    def target(self) -> dict[str, Any]:
        unit = "days" if self.kind == "business_days" else "hours"
        return {"kind": self.kind, unit: str(self.amount), "soft": self.soft}

    def due(self, pauses: Pauses) -> int | None:
        return self.reached(pauses, (100,))[0]

    def reached(self, pauses: Pauses, percents: tuple[int, ...]) -> list[int | None]:
        """When so many percent are used up; None where a pause that lasts comes first, or nothing is promised."""
        if self.kind == "none":
            return [None] * len(percents)
        return _reached(self.policy, self.calendar, _frozen(self.target), self.counted_from, pauses, percents)

    def graced(self, grace_from: int | None, pauses: Pauses) -> int | None:
        """The due time, never before the grace since `grace_from` has passed."""
        due = self.due(pauses)
        grace = self.policy.grace(self.kind) if grace_from is not None else None
        if due is None or grace is None or grace_from is None:
            return due
        least = _reached(self.policy, self.calendar, _frozen(grace), grace_from, pauses, (100,))[0]
        return None if least is None else max(due, least)

    def used(self, pauses: Pauses, at: int) -> str:
        if self.kind == "none":
            return "0.000000"
        calendar = self.policy.calendars.get(self.calendar or "")
        return oracle.six(oracle.used(calendar, self.target, self.counted_from, at, list(pauses)))

    def next_hours(self, at: int) -> int:
        """`at`, or the next beginning of the target's own hours; elapsed targets have all hours (D18)."""
        calendar = None if self.kind == "elapsed" else self.policy.calendars.get(self.calendar or "")
        day = at // DAY + UNIX_DAY - 2
        while calendar is not None:
            found = next((max(begin, at) for begin, end in calendar.spans(day) if at < end), None)
            if found is not None:
                return found
            day += 1
        return at


def _frozen(target: dict[str, Any]) -> tuple[tuple[str, Any], ...]:
    return tuple(target.items())


@lru_cache(maxsize=200_000)
def _reached(
    policy: Policy,
    calendar: str | None,
    target: tuple[tuple[str, Any], ...],
    start: int,
    pauses: Pauses,
    percents: tuple[int, ...],
) -> list[int | None]:
    parts = [Fraction(percent, 100) for percent in percents]
    found = oracle.reached(policy.calendars.get(calendar or ""), dict(target), start, list(pauses), parts)
    return [None if second is None else second * SECOND for second in found]


def policies(entries: list[Any]) -> dict[str, list[Policy]]:
    """The versions of each product in their order, from the entries of the vendor's chain."""
    found: dict[str, list[Policy]] = {}
    for entry in entries:
        if entry.action == "product.loaded":
            product, data = entry.subject.removeprefix("product:"), entry.data
            calendars = {name: oracle.Calendar(written) for name, written in data["calendars"].items()}
            made = Policy(product, data["number"], entry.at, data, calendars, _rows(data))
            found.setdefault(product, []).append(made)
    return found


def _rows(data: dict[str, Any]) -> list[dict[str, Any]]:
    """The table; a row for a kind holds for the severity too that is tied to this kind (D3)."""
    tied = {one["kind"]: one["slug"] for one in data["severities"] if one.get("kind")}
    twins = [{**row, "kind": None, "severity": tied[row["kind"]]} for row in data["targets"] if row.get("kind") in tied]
    return [*data["targets"], *twins]


def newest(versions: list[Policy], at: int) -> Policy:
    """The version that holds at an instant; the first one has held before all else."""
    return max((one for one in versions if one.loaded_at <= at), key=lambda one: one.number, default=versions[0])
