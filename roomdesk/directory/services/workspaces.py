"""Workspaces: what a customer has bought and is called. The room follows from it in the pipeline."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

from roomdesk.audit.work import Work
from roomdesk.directory.errors import Conflict, Invalid, NotFound
from roomdesk.directory.models import Person, StaffRole, Workspace, WorkspaceTerms
from roomdesk.directory.services import texts, workspace_checks
from roomdesk.directory.services.intervals import close, valid_at
from roomdesk.directory.services.wishes import Outcome, WorkspaceWish
from roomdesk.product import services as products
from roomdesk.product.schema import Product
from roomdesk.queues import inbox
from roomdesk.queues.models import Lane

State = Workspace.State


@dataclass(frozen=True, slots=True)
class Facts:
    """All that a wish can change. The last three are terms: a change of them closes one interval and opens another."""

    display_name: str
    locale: str
    time_zone: str
    account_manager: str
    tier: str
    addons: tuple[str, ...]
    state: str


_TERMS = ("tier", "addons", "state")


def put_workspace(wish: WorkspaceWish, lane: Lane | None, work: Work) -> Outcome[Workspace]:
    """The workspace as wished, within the caller's transaction, which holds the lane; a slug that is none has no lane.

    Running clocks keep the tier that they were started with (D8).
    """
    texts.check_workspace_slug(wish.slug)
    assert lane is not None
    found = Workspace.objects.filter(slug=wish.slug).select_related("account_manager").first()
    terms = WorkspaceTerms.objects.get(workspace=found, valid_to=None) if found else None
    before = _facts(found, terms) if found and terms else None
    product = _product(wish, found)
    after = _wished(wish, before, product)
    manager = _check(after, before, product, work.now)
    if found is None or before is None or terms is None:
        return Outcome(_create(wish.slug, after, product, manager, lane, work), created=True, changed=True)
    if before == after:
        return Outcome(found)
    return Outcome(_change(found, terms, before, after, manager, work), changed=True)


def facts_of(workspace: Workspace) -> Facts:
    """What is in force now, read afresh."""
    return _facts(workspace, WorkspaceTerms.objects.get(workspace=workspace, valid_to=None))


def _facts(workspace: Workspace, terms: WorkspaceTerms) -> Facts:
    return Facts(
        display_name=workspace.display_name,
        locale=workspace.locale,
        time_zone=workspace.time_zone,
        account_manager=workspace.account_manager.slug if workspace.account_manager else "",
        tier=terms.tier,
        addons=tuple(terms.addons),
        state=terms.state,
    )


def _product(wish: WorkspaceWish, found: Workspace | None) -> Product:
    """The product's newest version. A workspace keeps the product that it was made with."""
    slug = wish.product or (found.product if found else None)
    if slug is None:
        raise Invalid(
            f'There is no workspace "{wish.slug}" yet, so it needs a product; name one in the field product.',
            field="product",
        )
    if found and slug != found.product:
        raise Conflict(
            f'The workspace "{wish.slug}" is one of the product "{found.product}", and that cannot be changed; '
            f'make another workspace for "{slug}".',
            field="product",
        )
    try:
        return products.product_of(products.current(slug))
    except NotFound as error:
        raise Invalid(str(error), field="product") from error


def _wished(wish: WorkspaceWish, before: Facts | None, product: Product) -> Facts:
    """What shall be: the wish where it says something, else what is, else the product's default."""
    base = before or Facts(
        display_name=texts.titled(wish.slug),
        locale=product.default_locale,
        time_zone="",
        account_manager="",
        tier=next(iter(product.tiers)),
        addons=(),
        state=State.ACTIVE,
    )
    wished = {f.name: getattr(wish, f.name) for f in fields(Facts)}
    wanted: dict[str, Any] = {name: getattr(base, name) if value is None else value for name, value in wished.items()}
    # In the order of the wish, without doubles, as the product lists them.
    wanted["addons"] = tuple(sorted(set(wanted["addons"]), key=_place(product)))
    wanted["display_name"] = texts.check_line(wanted["display_name"], "display_name")
    return Facts(**wanted)


def _place(product: Product) -> Any:
    order = {slug: place for place, slug in enumerate(product.addons)}
    return lambda slug: (order.get(slug, len(order)), slug)


def _check(after: Facts, before: Facts | None, product: Product, now: datetime) -> Person | None:
    """Checks what changes, and only that: a tier that a newer product dropped may stay. Returns the account manager."""
    changed = set(_changed(before, after))
    if changed & set(_TERMS):
        workspace_checks.check_terms(after.tier, after.addons, after.state, product)
    if "locale" in changed:
        workspace_checks.check_locale(after.locale, product)
    if "time_zone" in changed:
        workspace_checks.check_time_zone(after.time_zone)
    if "account_manager" in changed and after.account_manager:
        return _account_manager(after.account_manager, product, now)
    return None


def _changed(before: Facts | None, after: Facts) -> list[str]:
    """Names of the facts that differ; on creation all."""
    return [f.name for f in fields(Facts) if before is None or getattr(before, f.name) != getattr(after, f.name)]


def _account_manager(slug: str, product: Product, now: datetime) -> Person:
    role = StaffRole.objects.filter(
        valid_at(now), person__slug=slug, role=StaffRole.Role.ACCOUNT_MANAGER, product__in=["", product.slug]
    )
    found = role.select_related("person").first()
    if found is None:
        raise Invalid(
            f'"{slug}" is no account manager of the product "{product.slug}"; give this person the staff role '
            "account_manager first, or name somebody who has it.",
            field="account_manager",
        )
    return found.person


def _create(slug: str, after: Facts, product: Product, manager: Person | None, lane: Lane, work: Work) -> Workspace:
    workspace = Workspace.objects.create(
        slug=slug,
        product=product.slug,
        display_name=after.display_name,
        locale=after.locale,
        time_zone=after.time_zone,
        account_manager=manager,
        lane=lane,
        created_at=work.now,
    )
    _open_terms(workspace, after, work.now)
    _note(work, workspace, "workspace.created", {"after": {"product": product.slug, **asdict(after)}})
    inbox.tell(
        lane.pk, "workspace_changed", {"slug": slug, "created": True, "changed": _changed(None, after)}, work.now
    )
    return workspace


def _change(
    workspace: Workspace, terms: WorkspaceTerms, before: Facts, after: Facts, manager: Person | None, work: Work
) -> Workspace:
    changed = _changed(before, after)
    if set(changed) & set(_TERMS):
        close(terms, work.now)
        _open_terms(workspace, after, work.now)
    own = [name for name in changed if name not in _TERMS]
    for name in own:
        setattr(workspace, name, manager if name == "account_manager" else getattr(after, name))
    if own:
        workspace.save(update_fields=own)
    data = {"before": {n: getattr(before, n) for n in changed}, "after": {n: getattr(after, n) for n in changed}}
    _note(work, workspace, "workspace.changed", data)
    told = {"slug": workspace.slug, "created": False, "changed": changed}
    inbox.tell(workspace.lane_id, "workspace_changed", told, work.now)
    return workspace


def _open_terms(workspace: Workspace, facts: Facts, now: datetime) -> None:
    WorkspaceTerms.objects.create(
        workspace=workspace, tier=facts.tier, addons=list(facts.addons), state=facts.state, valid_from=now
    )


def _note(work: Work, workspace: Workspace, action: str, data: dict[str, Any]) -> None:
    subject = f"workspace:{workspace.slug}"
    work.audit(action, subject, data, scope=subject)
