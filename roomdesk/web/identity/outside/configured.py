"""The outside providers of the settings."""

from __future__ import annotations

from roomdesk.bootstrap import settings
from roomdesk.directory.identities import issuers_of
from roomdesk.directory.models import Person
from roomdesk.rules.sign_in import Provider
from roomdesk.runtime.sign_in_providers import read


def providers() -> tuple[Provider, ...]:
    return read(settings.sign_in_providers) if settings.sign_in_providers else ()


def provider_of(slug: str) -> Provider | None:
    return next((one for one in providers() if one.slug == slug), None)


def linked_with(person: Person) -> list[Provider]:
    """Those at which the person has an account that is known here. No query where there is no provider."""
    known = issuers_of(person) if providers() else frozenset()
    return [one for one in providers() if one.issuer in known]
