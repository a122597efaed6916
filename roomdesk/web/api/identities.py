"""Accounts of people at outside identity providers: whose they are is said before somebody signs in, and taken back. PUT is idempotent."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import Field

from roomdesk.directory import identities
from roomdesk.directory.services import access_person
from roomdesk.directory.services.identities import do_link, do_unlink
from roomdesk.refusals import NotFound
from roomdesk.rules.sign_in import Provider
from roomdesk.runtime import clock
from roomdesk.web.api.asked import check_query
from roomdesk.web.api.auth import actor_of, endpoint
from roomdesk.web.api.schemas import REFUSALS, Text, Wanted
from roomdesk.web.identity.outside.configured import provider_of, providers

router = Router(tags=["directory"])


class IdentityWanted(Wanted):
    subject: Text = Field(description="The person's account there, as the provider's claim `sub` says it.")


class Identity(Schema):
    provider: str = Field(description="As the settings call it; empty for one that they do not name any more.")
    issuer: str
    subject: str


class Identities(Schema):
    items: list[Identity]
    next: str | None


@router.get("/people/{id}/identities", response={200: Identities, **REFUSALS}, **endpoint("identities_list"))
def identities_list(request: HttpRequest, id: str) -> dict[str, Any]:
    """The accounts by which a person signs in elsewhere, by issuer."""
    check_query(request)
    return {"items": identities.listed(access_person(id), _names()), "next": None}


@router.put(
    "/people/{id}/identities/{provider}",
    response={(200, 201): Identity, **REFUSALS},
    **endpoint("identities_put"),
)
def identities_put(request: HttpRequest, id: str, provider: str, wanted: IdentityWanted) -> Status[dict[str, Any]]:
    """Say which account at a provider is this person's. Refused where either is linked otherwise: take that link away first."""
    check_query(request)
    found = _provider(provider)
    done = do_link(id=id, issuer=found.issuer, subject=wanted.subject, actor=actor_of(request), now=clock.now())
    linked = next(one for one in identities.listed(done.value, _names()) if one["issuer"] == found.issuer)
    return Status(201 if done.created else 200, linked)


@router.delete("/people/{id}/identities/{provider}", response={204: None, **REFUSALS}, **endpoint("identities_delete"))
def identities_delete(request: HttpRequest, id: str, provider: str) -> Status[None]:
    """Take the link with a provider away; sessions that are open go on."""
    check_query(request)
    do_unlink(id=id, issuer=_provider(provider).issuer, actor=actor_of(request), now=clock.now())
    return Status(204, None)


def _names() -> list[tuple[str, str]]:
    return [(one.issuer, one.slug) for one in providers()]


def _provider(slug: str) -> Provider:
    found = provider_of(slug)
    if found is None:
        known = ", ".join(one.slug for one in providers()) or "none"
        raise NotFound(f'There is no provider "{slug}" in the settings; there is {known}.', field="provider")
    return found
