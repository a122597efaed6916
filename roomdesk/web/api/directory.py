"""Workspaces, their members, the staff, the products. PUT is idempotent: 201 when something was made, else 200."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Query, Router, Status

from roomdesk.directory import queries, services, shown
from roomdesk.directory.services import MemberGone, MemberWish, PersonWish, StaffGone, StaffWish, WorkspaceWish
from roomdesk.directory.services.availability import do_set_availability
from roomdesk.directory.services.wishes import Outcome, Wish
from roomdesk.product import services as products
from roomdesk.runtime import clock
from roomdesk.web.api import schemas
from roomdesk.web.api.auth import actor_of, endpoint, viewer_of

router = Router(tags=["directory"])


def _grant(request: HttpRequest, wish: Wish) -> Outcome[Any]:
    return services.grant([wish], actor_of(request), clock.now())[0]


def _status(outcome: Outcome[Any]) -> int:
    return 201 if outcome.created else 200


@router.get("/me", response={200: schemas.Me, **schemas.REFUSALS}, **endpoint("me"))
def me(request: HttpRequest) -> dict[str, Any]:
    """The token that asks."""
    viewer = viewer_of(request)
    own = None if viewer.sees_all else queries.workspaces_of(viewer).get().slug
    return {"name": viewer.name, "scopes": sorted(viewer.scopes), "workspace": own}


@router.get("/products", response={200: schemas.Products, **schemas.REFUSALS}, **endpoint("products_list"))
def products_list(request: HttpRequest) -> dict[str, Any]:
    """All products, in their newest version."""
    return {"items": [shown.product(version) for version in products.current_all()], "next": None}


@router.get("/products/{slug}", response={200: schemas.Product, **schemas.REFUSALS}, **endpoint("products_get"))
def products_get(request: HttpRequest, slug: str) -> dict[str, Any]:
    """One product in its newest version."""
    return shown.product(products.current(slug))


@router.get("/workspaces", response={200: schemas.Workspaces, **schemas.REFUSALS}, **endpoint("workspaces_list"))
def workspaces_list(
    request: HttpRequest, after: str = "", limit: int = Query(queries.PAGE, ge=1, le=queries.PAGE)
) -> dict[str, Any]:
    """The workspaces that the token may see, by slug."""
    page, following = queries.workspace_page(viewer_of(request), after, limit)
    return {"items": [shown.workspace(row, queries.terms_now(row)) for row in page], "next": following}


@router.get("/workspaces/{slug}", response={200: schemas.Workspace, **schemas.REFUSALS}, **endpoint("workspaces_get"))
def workspaces_get(request: HttpRequest, slug: str) -> dict[str, Any]:
    """One workspace."""
    return _workspace(request, slug)


def _workspace(request: HttpRequest, slug: str) -> dict[str, Any]:
    found = queries.access_workspace(slug, viewer_of(request))
    return shown.workspace(found, queries.terms_now(found))


@router.put(
    "/workspaces/{slug}", response={(200, 201): schemas.Workspace, **schemas.REFUSALS}, **endpoint("workspaces_put")
)
def workspaces_put(request: HttpRequest, slug: str, wanted: schemas.WorkspaceWanted) -> Status[dict[str, Any]]:
    """Create or change a workspace. Its room follows by itself."""
    given = wanted.model_dump()
    if given["addons"] is not None:
        given["addons"] = tuple(given["addons"])
    if "account_manager" in wanted.model_fields_set:
        given["account_manager"] = given["account_manager"] or ""
    outcome = _grant(request, WorkspaceWish(slug=slug, **given))
    return Status(_status(outcome), _workspace(request, slug))


@router.get(
    "/workspaces/{slug}/members", response={200: schemas.Members, **schemas.REFUSALS}, **endpoint("members_list")
)
def members_list(request: HttpRequest, slug: str) -> dict[str, Any]:
    """The people of a workspace, its owner first."""
    workspace = queries.access_workspace(slug, viewer_of(request))
    return {"items": [shown.member(row) for row in queries.people_of(workspace, clock.now())], "next": None}


@router.get(
    "/workspaces/{slug}/members/{id}", response={200: schemas.Member, **schemas.REFUSALS}, **endpoint("members_get")
)
def members_get(request: HttpRequest, slug: str, id: str) -> dict[str, Any]:
    """One person of a workspace."""
    workspace = queries.access_workspace(slug, viewer_of(request))
    return shown.member(queries.access_member(workspace, id, clock.now()))


@router.put(
    "/workspaces/{slug}/members/{id}",
    response={(200, 201): schemas.Member, **schemas.REFUSALS},
    **endpoint("members_put"),
)
def members_put(request: HttpRequest, slug: str, id: str, wanted: schemas.MemberWanted) -> Status[dict[str, Any]]:
    """Put a person into a workspace, or change them. Another owner takes over; the former becomes admin."""
    viewer = viewer_of(request)
    queries.access_workspace(slug, viewer)
    wish = MemberWish(
        workspace=slug,
        person=PersonWish(id=id, name=wanted.name, email=wanted.email, locale=wanted.locale),
        role=wanted.role,
        support_room_access=wanted.support_room_access,
        own_people_only=not viewer.sees_all,
    )
    outcome = _grant(request, wish)
    return Status(_status(outcome), shown.member(outcome.value))


@router.delete(
    "/workspaces/{slug}/members/{id}", response={204: None, **schemas.REFUSALS}, **endpoint("members_delete")
)
def members_delete(request: HttpRequest, slug: str, id: str) -> Status[None]:
    """Take a person out of a workspace. The owner is refused: put another owner first."""
    queries.access_workspace(slug, viewer_of(request))
    _grant(request, MemberGone(workspace=slug, id=id))
    return Status(204, None)


@router.get("/staff", response={200: schemas.Staff, **schemas.REFUSALS}, **endpoint("staff_list"))
def staff_list(request: HttpRequest, product: str | None = None) -> dict[str, Any]:
    """The people of the vendor; with `product` those of that product and of all."""
    rows = queries.staff_at(clock.now(), [product] if product is not None else None)
    return {"items": shown.staff(rows), "next": None}


@router.put("/staff/{id}", response={(200, 201): schemas.StaffMember, **schemas.REFUSALS}, **endpoint("staff_put"))
def staff_put(request: HttpRequest, id: str, wanted: schemas.StaffWanted) -> Status[dict[str, Any]]:
    """Say what a person does for the vendor, for one product or for all."""
    person = PersonWish(id=id, name=wanted.name, email=wanted.email, locale=wanted.locale)
    wish = StaffWish(person=person, roles=wanted.all_roles, product=wanted.product, field=wanted.field)
    outcome = _grant(request, wish)
    return Status(_status(outcome), shown.staff(outcome.value)[0])


@router.delete("/staff/{id}", response={204: None, **schemas.REFUSALS}, **endpoint("staff_delete"))
def staff_delete(request: HttpRequest, id: str, product: str | None = None) -> Status[None]:
    """End what a person does for the vendor; with `product` only for that product."""
    _grant(request, StaffGone(id=id, product=product))
    return Status(204, None)


@router.put(
    "/staff/{id}/availability", response={200: schemas.Available, **schemas.REFUSALS}, **endpoint("staff_availability")
)
def staff_availability(request: HttpRequest, id: str, wanted: schemas.AvailabilityWanted) -> dict[str, Any]:
    """Say whether a member of the staff is given new cases by turn, and up to how many; what is left out stays."""
    return shown.availability(
        do_set_availability(
            id, is_present=wanted.present, capacity=wanted.capacity, actor=actor_of(request), now=clock.now()
        )
    )
