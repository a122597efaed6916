"""Starting, stopping and judging clocks. Each function plans its writes in the caller's `Work`, under the lane's lock."""

from __future__ import annotations

from datetime import datetime

from roomdesk.audit.work import Work
from roomdesk.clocks.models import Clock
from roomdesk.clocks.policy import calendar_of, target_of, target_rows
from roomdesk.product.promises import Measure
from roomdesk.rules.due_time import due
from roomdesk.rules.severity import choose_target
from roomdesk.rules.targets import Target

DUE_TIMER = "clock_due"


def start_first_response(
    work: Work,
    *,
    lane_id: int,
    scope: str,
    ref: str,
    case_id: int,
    cycle_id: int,
    kind: str,
    severity: str,
    tier: str,
    addons: tuple[str, ...],
    version_id: int,
    at: datetime,
) -> Clock:
    """Starts the first-response clock of a cycle at `at`, the time of the customer's message (R17, D3, D8).

    A tier without a promise gets a clock without due time, so that its wait is still measured.
    """
    chosen = choose_target(target_rows(version_id), tier, addons, kind, severity, Clock.Kind.FIRST_RESPONSE.value)
    row = chosen.row if chosen else None
    clock = Clock(
        id=work.new_id(Clock),
        case_id=case_id,
        cycle_id=cycle_id,
        kind=Clock.Kind.FIRST_RESPONSE,
        severity=severity,
        target_kind=row.target.kind if row else "none",
        target_amount=amount_text(row.target) if row else "",
        is_soft=row.target.soft if row else False,
        is_public=row.public if row else True,
        calendar=(row.calendar or "") if row else "",
        product_version_id=version_id,
        started_at=at,
    )
    clock.due_at = due_at(clock)
    work.insert(clock)
    if clock.due_at:
        work.remind(lane_id, DUE_TIMER, clock.pk, clock.due_at)
    work.audit("clock.started", f"case:{ref}", _shown(clock), scope=scope)
    return clock


def due_at(clock: Clock) -> datetime | None:
    """When a stored clock is due, computed anew from what it pins."""
    calendar = calendar_of(clock.product_version_id, clock.calendar) if clock.calendar else None
    return due(calendar, target_of(measure_of(clock)), clock.started_at)


def measure_of(clock: Clock) -> Measure:
    """What a stored clock measures, in the product's terms."""
    return Measure.model_validate(
        {"kind": clock.target_kind, "amount": clock.target_amount or None, "soft": clock.is_soft}
    )


def amount_text(target: Target) -> str:
    """A target's amount as decimal text of at most two places, empty for `none`: exact, as it was read."""
    if target.kind == "none":
        return ""
    hundredths = int(target.amount * 100)
    return f"{hundredths // 100}.{hundredths % 100:02d}".rstrip("0").rstrip(".")


def stop(work: Work, clock: Clock, *, scope: str, ref: str, at: datetime, by: str) -> None:
    """Stops a clock at the time of the answer itself, however late it is worked on (D13).

    An answer given in time meets it, even where its lateness here has let the due timer run first.
    """
    clock.stopped_at, clock.stopped_by = at, by
    late = clock.due_at is not None and at > clock.due_at
    clock.state = _late_state(clock) if late else Clock.State.MET
    clock.breached_at = clock.due_at if late else None
    work.update(clock, "stopped_at", "stopped_by", "state", "breached_at")
    work.audit(f"clock.{clock.state}", f"case:{ref}", _shown(clock), scope=scope)


def find_late(work: Work, clock: Clock, *, scope: str, ref: str) -> bool:
    """Marks a running clock whose due time has passed by `work.now`; False when there is nothing to mark."""
    if clock.stopped_at or clock.state != Clock.State.RUNNING or clock.due_at is None or work.now <= clock.due_at:
        return False
    clock.state, clock.breached_at = _late_state(clock), clock.due_at
    work.update(clock, "state", "breached_at")
    work.audit(f"clock.{clock.state}", f"case:{ref}", _shown(clock), scope=scope)
    return True


def _late_state(clock: Clock) -> Clock.State:
    return Clock.State.PAST_AIM if clock.is_soft else Clock.State.BREACHED


def _shown(clock: Clock) -> dict[str, object]:
    return {
        "clock": clock.kind,
        "severity": clock.severity,
        "target": f"{clock.target_amount} {clock.target_kind}".strip(),
        "soft": clock.is_soft,
        "policy_version": clock.product_version_id,
        "started_at": clock.started_at,
        "due_at": clock.due_at,
        "stopped_at": clock.stopped_at,
        "state": str(clock.state),
    }
