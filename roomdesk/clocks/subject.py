"""Whose promise is measured."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Subject:
    """The case and cycle whose promise is measured, with what the promise depends on.

    `has_clocks` is False where the workspace's state (the product's table of states) has none: nothing is promised then,
    waits are only measured.
    """

    lane_id: int
    scope: str
    ref: str
    case_id: int
    cycle_id: int
    cycle: int
    kind: str
    severity: str
    tier: str
    addons: tuple[str, ...]
    version_id: int
    has_clocks: bool = True
