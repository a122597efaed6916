"""Many cases at once, for measuring (`roomdesk bench seed --cases`): closed ones over two years with a first response each, some open."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from roomdesk.cases.models import Case, CaseCycle
from roomdesk.clocks.measure import amount_text, counted_due_at
from roomdesk.clocks.models import Clock, Revision
from roomdesk.clocks.policy import target_rows
from roomdesk.directory.models import Workspace
from roomdesk.product.models import ProductVersion
from roomdesk.product.schema import Product
from roomdesk.queues.ids import next_ids
from roomdesk.rules.severity import choose_target
from roomdesk.rules.targets import Target

#: One case in so many is open; no more than so many in all, since a desk that grows answers.
OPEN_ONE_IN, OPEN_MOST = 50, 1_000
_CHUNK = 5_000
_HOUR = timedelta(hours=1)


def add(
    count: int,
    places: Sequence[tuple[Workspace, int]],
    staff: Sequence[int],
    product: Product,
    now: datetime,
    span: timedelta,
    progress: Callable[[str], None],
) -> None:
    """Adds `count` cases to the workspaces (each with its owner's id), opened evenly over `span` until now, in their order."""
    dice = random.Random(count)  # noqa: S311 - the same each time
    version = ProductVersion.objects.filter(slug=product.slug).order_by("-number").values_list("pk", flat=True)[0]
    every = max(OPEN_ONE_IN, count // OPEN_MOST)
    for start in range(0, count, _CHUNK):
        numbers = range(start, min(start + _CHUNK, count))
        ids = [sorted(next_ids(model, len(numbers))) for model in (Case, CaseCycle, Clock)]
        rows = [
            _rows(
                dice,
                pks,
                places[number % len(places)],
                staff,
                product,
                version,
                at,
                is_open=number % every == every - 1,
            )
            for number, *pks in zip(numbers, *ids, strict=True)
            if (at := now - span * (1 - number / count))
        ]
        for model, some in zip((Case, CaseCycle, Clock, Revision), zip(*rows, strict=True), strict=True):
            model._default_manager.bulk_create(some, batch_size=_CHUNK)
        progress(f"{numbers[-1] + 1:,} of {count:,} cases")


def _rows(
    dice: random.Random,
    pks: Sequence[int],
    place: tuple[Workspace, int],
    staff: Sequence[int],
    product: Product,
    version: int,
    at: datetime,
    *,
    is_open: bool,
) -> tuple[Case, CaseCycle, Clock, Revision]:
    """A case with its cycle and first response, answered after some hours."""
    (case_id, cycle_id, clock_id), (workspace, owner) = pks, place
    answered, tier = at + _HOUR * dice.expovariate(0.5), list(product.tiers)[-1]
    severity = dice.choice([one.slug for one in product.severities])
    case = Case(
        id=case_id,
        ref=f"{product.ref_prefix}-{case_id}",
        workspace=workspace,
        product=product.slug,
        title=f"A made-up matter, {case_id}",
        kind="other",
        severity=severity,
        state=dice.choice(["new", "investigating", "waiting_customer"]) if is_open else Case.State.CLOSED,
        channel="form",
        assignee_id=dice.choice(staff) if dice.random() < 0.7 else None,
        opened_at=at,
        opened_by_id=owner,
        answered_at=None if is_open else answered,
        last_customer_at=at,
        last_staff_at=None if is_open else answered,
        resolved_at=None if is_open else answered + 5 * _HOUR,
    )
    cycle = CaseCycle(
        id=cycle_id,
        case_id=case_id,
        number=1,
        tier=tier,
        product_version_id=version,
        started_at=at,
        ended_at=None if is_open else answered + 5 * _HOUR,
    )
    clock = _clock(clock_id, case, cycle, version, at, None if is_open else answered)
    return case, cycle, clock, _revision(clock)


def _clock(pk: int, case: Case, cycle: CaseCycle, version: int, at: datetime, answered: datetime | None) -> Clock:
    """What the product promises such a case; met, or answered too late."""
    chosen = choose_target(target_rows(version), cycle.tier, (), case.kind, case.severity)
    target = chosen.row.target if chosen else Target("none")
    clock = Clock(
        id=pk,
        case_id=case.pk,
        cycle_id=cycle.pk,
        kind=Clock.Kind.FIRST_RESPONSE,
        severity=case.severity,
        tier=cycle.tier,
        target_kind=target.kind,
        target_amount=amount_text(target),
        is_soft=target.soft,
        calendar=(chosen.row.calendar or "") if chosen else "",
        product_version_id=version,
        started_at=at,
        counted_from=at,
        revised_at=at,
        stopped_at=answered,
    )
    clock.due_at = counted_due_at(clock)
    if answered is not None:
        is_late = clock.due_at is not None and answered > clock.due_at
        clock.state = (
            Clock.State.MET if not is_late else Clock.State.PAST_AIM if clock.is_soft else Clock.State.BREACHED
        )
        clock.breached_at = clock.due_at if is_late else None
    return clock


def _revision(clock: Clock) -> Revision:
    return Revision(
        clock_id=clock.pk,
        number=1,
        at=clock.revised_at,
        by="bench",
        cause="opened",
        kind="other",
        tier=clock.tier,
        severity=clock.severity,
        product_version_id=clock.product_version_id,
        target_kind=clock.target_kind,
        target_amount=clock.target_amount,
        is_soft=clock.is_soft,
        calendar=clock.calendar,
        counted_from=clock.counted_from,
        counted_due_at=clock.due_at,
        due_at=clock.due_at,
    )
