"""Which severity a product knows and which row of its target table applies (D3, D4)."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from roomdesk.rules.errors import RuleError
from roomdesk.rules.targets import Target
from roomdesk.rules.why import Why

SCALE = ("critical", "high", "normal", "feature")
"""Every severity there is, the gravest first."""


@dataclass(frozen=True, slots=True)
class TargetRow:
    """A row of a product's target table. A field of None fits everything.

    `clock` is first_response, update or resolution; `calendar` names one of the product's calendars; `public` rows are
    promises to customers, others the vendor's own aims; `addon` makes the row one for workspaces that have it (D4).
    """

    clock: str
    tier: str | None
    severity: str | None
    kind: str | None
    target: Target
    calendar: str
    public: bool
    addon: str | None = None


@dataclass(frozen=True, slots=True)
class Chosen:
    """The row that applies, and why this one."""

    row: TargetRow
    why: Why


def choose_target(
    rows: Iterable[TargetRow],
    tier: str,
    addons: Collection[str],
    kind: str,
    severity: str,
    clock: str = "first_response",
) -> Chosen | None:
    """The row for one clock of a case: kind > severity > default (D3), then the add-on's row, then the tier's own.

    None when no row fits: that clock does not exist there. Of rows that fit alike, the first one of the table.
    """
    fitting = [row for row in rows if row.clock == clock and _fits(row, tier, addons, kind, severity)]
    if not fitting:
        return None
    row = max(fitting, key=_particular)
    return Chosen(row, _why(row))


def lowered_to(severity: str, has: Sequence[str]) -> tuple[str, Why | None]:
    """Triage's finding as a severity the product has: itself, else the next lower, else the lowest (D3).

    The reason is None when nothing was changed. RuleError for an unknown severity or a product without any.
    """
    check_known(severity, SCALE)
    if severity in has:
        return severity, None
    ordered = sorted(has, key=_rank)
    if not ordered:
        raise RuleError("The product has no severities; it needs at least one.")
    instead = next((one for one in ordered if _rank(one) > _rank(severity)), ordered[-1])
    return instead, Why("severity_lacking", f"The product has no severity {severity}, so it is {instead}.")


def check_known(severity: str, has: Sequence[str]) -> None:
    """Refuse a severity set by a person or the API that the product lacks, with the list of those it has (D3)."""
    if severity not in has:
        raise RuleError(f"severity {severity!r} does not exist here; choose one of {', '.join(has)}.")


def _fits(row: TargetRow, tier: str, addons: Collection[str], kind: str, severity: str) -> bool:
    return (
        row.tier in (None, tier)
        and row.kind in (None, kind)
        and row.severity in (None, severity)
        and (row.addon is None or row.addon in addons)
    )


def _particular(row: TargetRow) -> tuple[bool, bool, bool, bool]:
    return row.kind is not None, row.severity is not None, row.addon is not None, row.tier is not None


def _why(row: TargetRow) -> Why:
    given = [("kind", row.kind), ("severity", row.severity), ("add-on", row.addon), ("tier", row.tier)]
    words = ", ".join(f"{name} {value}" for name, value in given if value is not None)
    code = next((name for name, value in given[:2] if value is not None), "default")
    return Why(code, f"The row for {words} applies." if words else "The default row applies.")


def _rank(severity: str) -> int:
    return SCALE.index(severity) if severity in SCALE else len(SCALE)
