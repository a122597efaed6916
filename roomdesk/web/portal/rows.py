"""Cases as rows of a list in the portal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from roomdesk.cases import queries
from roomdesk.cases.models import Case
from roomdesk.clocks.models import Clock
from roomdesk.web.portal.guard import Visitor
from roomdesk.web.portal.words import STATES, ClockTold, Words, clock_told, told_at, turn_of


@dataclass(frozen=True, slots=True)
class Row:
    """A request in a list, and the head of its page. `clock` is the public one that says most; None without any."""

    case: Case
    state: Words
    severity: str
    kind: str
    turn: Words
    opened: str
    opened_title: str
    clock: ClockTold | None


def rows_of(cases: Sequence[Case], visitor: Visitor) -> list[Row]:
    """One query for any number of cases."""
    clocks = queries.clocks_of(cases, visitor.customer.viewer) if cases else {}
    return [row_of(case, clocks[case.pk], visitor) for case in cases]


def row_of(case: Case, clocks: Sequence[Clock], visitor: Visitor) -> Row:
    opened, title = told_at(case.opened_at, visitor)
    main = _main([clock for clock in clocks if clock.cycle.number == case.cycle])
    return Row(
        case=case,
        state=STATES.get(case.state, case.state),
        severity=_named(visitor, f"severity.{case.severity}.name", case.severity),
        kind=_named(visitor, f"kind.{case.kind}", case.kind),
        turn=turn_of(case),
        opened=opened,
        opened_title=title,
        clock=clock_told(main, case, visitor) if main else None,
    )


def _named(visitor: Visitor, key: str, plain: str) -> str:
    """A case may have a severity or kind that the product's newest version no longer knows."""
    return visitor.text(key) if key in visitor.product.texts[visitor.locale] else plain


def shown_clocks(clocks: Sequence[Clock]) -> list[Clock]:
    """Those that were not cancelled."""
    return [clock for clock in clocks if clock.state != Clock.State.CANCELLED]


def _main(clocks: Sequence[Clock]) -> Clock | None:
    """The running one that is due first, else the last that ended."""
    told = shown_clocks(clocks)
    running = [clock for clock in told if clock.stopped_at is None]
    if running:
        return min(running, key=lambda clock: (clock.due_at is None, clock.due_at or clock.started_at))
    return max(told, key=lambda clock: clock.stopped_at or clock.started_at, default=None)
