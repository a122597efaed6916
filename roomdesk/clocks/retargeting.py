"""A new policy version or tier for clocks that run already: never by itself, only by this command (D8)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from roomdesk.audit.work import Actor, Work
from roomdesk.clocks.changing import retarget
from roomdesk.clocks.firing import subject_of
from roomdesk.clocks.models import Clock
from roomdesk.clocks.policy import name_of
from roomdesk.directory.errors import Conflict, Invalid, NotFound
from roomdesk.directory.models import Workspace, WorkspaceTerms
from roomdesk.directory.queries import Viewer, access_workspace, workspaces_of
from roomdesk.product.models import ProductVersion
from roomdesk.product.queries import newest, product_of
from roomdesk.queues import lanes
from roomdesk.queues.signals import live


@dataclass(frozen=True, slots=True)
class Terms:
    """What shall hold for the running clocks of a workspace: its present tier and add-ons, and the newest policy."""

    workspace: Workspace
    version: ProductVersion
    tier: str
    addons: tuple[str, ...]
    has_clocks: bool
    #: Since when tier and add-ons have been these.
    since: datetime


def do_retarget(
    viewer: Viewer,
    *,
    workspace: str | None = None,
    product: str | None = None,
    ref: str | None = None,
    reason: str,
    dry_run: bool,
    actor: Actor,
    now: datetime,
) -> dict[str, Any]:
    """Gives running clocks of open cases the newest policy version and the present tier; says what changes, clock by clock.

    For one case, one workspace or all of a product: exactly one of these. A changed tier counts from when it took effect,
    a changed policy from the start, neither before the grace of D17. What the new terms promise besides begins with the
    next cycle. A dry run writes nothing. One transaction for each workspace, under its lane lock; idempotent.
    """
    _check(workspace, product, ref, reason, dry_run)
    places = _places(viewer, workspace, product, ref)
    items: list[dict[str, Any]] = []
    for place in places:
        with transaction.atomic():
            lanes.lock(place.lane_id)
            items += _retarget_all(_terms(place, now), ref, reason, dry_run, actor, now)
    return {"dry_run": dry_run, "at": now, "reason": reason or None, "clocks": items}


def _check(workspace: str | None, product: str | None, ref: str | None, reason: str, dry_run: bool) -> None:
    if sum(value is not None for value in (workspace, product, ref)) != 1:
        raise Invalid(
            "Say which clocks are meant: give a case, a workspace or a product, one of them.", field="workspace"
        )
    if not dry_run and not reason.strip():
        raise Invalid(
            "The reason is empty; say why running promises are changed. It stands in the audit.", field="reason"
        )


def _places(viewer: Viewer, workspace: str | None, product: str | None, ref: str | None) -> Sequence[Workspace]:
    if workspace is not None:
        return [access_workspace(workspace, viewer)]
    if product is not None:
        found = list(workspaces_of(viewer).filter(product=product).order_by("lane_id"))
        if not found:
            raise NotFound(f'There is no workspace of a product "{product}".', field="product")
        return found
    places = list(workspaces_of(viewer).filter(cases__ref=ref)) if ref and "\0" not in ref else []
    if not places:
        raise NotFound(f'There is no case "{ref}", or it is not yours to see.', field="ref")
    return places


def _terms(workspace: Workspace, now: datetime) -> Terms:
    version = newest([workspace.product]).get(workspace.product)
    if version is None:
        raise Conflict(f'The product "{workspace.product}" is not loaded.', field="product")
    rows = list(WorkspaceTerms.objects.filter(workspace=workspace, valid_from__lte=now).order_by("valid_from", "id"))
    present = rows[-1]
    since = present.valid_from
    for row in reversed(rows):
        if (row.tier, sorted(row.addons)) != (present.tier, sorted(present.addons)):
            break
        since = row.valid_from
    has_clocks = product_of(version.pk).states[present.state].clocks
    return Terms(workspace, version, present.tier, tuple(present.addons), has_clocks, since)


def _retarget_all(
    terms: Terms, ref: str | None, reason: str, dry_run: bool, actor: Actor, now: datetime
) -> list[dict[str, Any]]:
    work = Work(now, actor)
    clocks = [clock for clock in _running(terms.workspace, ref) if _differs(clock, terms)]
    items = [_retargeted(work, terms, clock, reason, now) for clock in clocks]
    if dry_run or not items:
        return items
    scope = f"workspace:{terms.workspace.slug}"
    data = {"reason": reason, "clocks": len(items), "tier": terms.tier, "addons": list(terms.addons)}
    policy = {"product": terms.version.slug, "version": terms.version.number}
    work.audit("sla.retargeted", scope, {**data, "policy": policy}, scope=scope)
    work.flush()
    _pin(clocks, terms)
    live([terms.workspace.lane_id])
    return items


def _running(workspace: Workspace, ref: str | None) -> QuerySet[Clock]:
    running = Clock.objects.filter(case__workspace=workspace, stopped_at=None).exclude(state=Clock.State.CANCELLED)
    running = running.filter(case__ref=ref) if ref is not None else running
    running = running.select_related("case__workspace", "cycle", "product_version")
    return running.defer("product_version__content").order_by("case_id", "id")


def _differs(clock: Clock, terms: Terms) -> bool:
    if clock.case.state not in clock.case.OPEN:
        return False
    return clock.product_version_id != terms.version.pk or _has_other_tier(clock, terms)


def _has_other_tier(clock: Clock, terms: Terms) -> bool:
    return (clock.tier, sorted(clock.addons.split())) != (terms.tier, sorted(terms.addons))


def _retargeted(work: Work, terms: Terms, clock: Clock, reason: str, now: datetime) -> dict[str, Any]:
    tier_changed = _has_other_tier(clock, terms)
    subject = replace(
        subject_of(clock),
        severity=clock.case.severity,
        tier=terms.tier,
        addons=terms.addons,
        version_id=terms.version.pk,
        has_clocks=terms.has_clocks,
    )
    before = _shown(clock)
    cause = "tier" if tier_changed else "policy"
    since = max(clock.started_at, terms.since) if tier_changed else None
    retarget(work, subject, clock, at=now, by=work.actor.name, cause=cause, reason=reason, counted_from=since)
    return {
        "ref": clock.case.ref,
        "workspace": terms.workspace.slug,
        "clock": str(clock.kind),
        "cause": cause,
        "before": before,
        "after": _shown(clock),
        "late": clock.breached_at is not None or (clock.due_at is not None and clock.due_at < now),
    }


def _shown(clock: Clock) -> Mapping[str, Any]:
    product, number = name_of(clock.product_version_id)
    return {
        "policy": {"product": product, "version": number},
        "tier": clock.tier,
        "target": {"kind": clock.target_kind, "amount": clock.target_amount or None, "soft": clock.is_soft},
        "counted_from": clock.counted_from,
        "due_at": clock.due_at,
        "state": str(clock.state),
    }


def _pin(clocks: Sequence[Clock], terms: Terms) -> None:
    """The cycles go on under these terms: the next update clock of each starts by them."""
    cycles = {clock.cycle_id for clock in clocks}
    model = type(clocks[0].cycle)
    model.objects.filter(pk__in=cycles).update(
        tier=terms.tier, addons=list(terms.addons), product_version=terms.version
    )
