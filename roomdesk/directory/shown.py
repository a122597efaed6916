"""How the directory's rows look outside: the same names in REST, on the command line and in files."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import Any

from roomdesk.directory.models import (
    AccessRequest,
    ApiToken,
    Availability,
    Membership,
    Person,
    StaffRole,
    Workspace,
    WorkspaceTerms,
)
from roomdesk.directory.services.people import user_id
from roomdesk.product.models import ProductVersion
from roomdesk.product.services import product_of


def workspace(row: Workspace, terms: WorkspaceTerms) -> dict[str, Any]:
    return {
        "slug": row.slug,
        "product": row.product,
        "display_name": row.display_name,
        "tier": terms.tier,
        "addons": list(terms.addons),
        "locale": row.locale,
        "time_zone": row.time_zone,
        "account_manager": row.account_manager.slug if row.account_manager else None,
        "state": str(terms.state),
        "created_at": row.created_at,
    }


def person(row: Person) -> dict[str, Any]:
    return {"id": row.slug, "name": row.name, "email": row.email, "locale": row.locale, "user_id": user_id(row)}


def member(row: Membership) -> dict[str, Any]:
    return {
        **person(row.person),
        "role": str(row.role),
        "support_room_access": row.support_room_access,
        "since": row.valid_from,
    }


def access_request(row: AccessRequest) -> dict[str, Any]:
    """`state` is open until somebody decides."""
    return {
        "id": row.pk,
        "workspace": row.workspace.slug,
        "member": row.person.slug,
        "name": row.person.name,
        "state": row.outcome or "open",
        "asked_at": row.asked_at,
        "asked_by": row.asked_by,
        "decided_at": row.decided_at,
        "decided_by": row.decided_by or None,
    }


def staff(rows: Iterable[StaffRole]) -> list[dict[str, Any]]:
    """One item per person, from rows in order of persons."""
    return [_staff_member(list(group)) for _, group in groupby(rows, key=lambda row: row.person_id)]


def _staff_member(rows: list[StaffRole]) -> dict[str, Any]:
    roles = [{"role": str(r.role), "product": r.product, "field": r.field, "since": r.valid_from} for r in rows]
    said = getattr(rows[0].person, "availability", None)
    return {**person(rows[0].person), "roles": roles, "availability": availability(said)}


def availability(row: Availability | None) -> dict[str, Any]:
    """`capacity` is None where the product's own number holds."""
    return {"present": row.is_present if row else True, "capacity": (row.capacity or None) if row else None}


def token(row: ApiToken) -> dict[str, Any]:
    return {
        "name": row.name,
        "scopes": list(row.scopes),
        "workspace": row.workspace.slug if row.workspace else None,
        "created_at": row.created_at,
        "expires_at": row.expires_at,
        "revoked_at": row.revoked_at,
    }


def product(version: ProductVersion) -> dict[str, Any]:
    found = product_of(version)
    return {
        "slug": version.slug,
        "name": found.name,
        "version": version.number,
        "room": found.room,
        "locales": list(found.locales),
        "tiers": [{"slug": tier.slug, "name": tier.name} for tier in found.tier_rows],
        "addons": [{"slug": a.slug, "name": a.name, "tiers": list(a.tiers)} for a in found.addon_rows],
        "severities": list(found.severity_slugs),
        "loaded_at": version.loaded_at,
    }
