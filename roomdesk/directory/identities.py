"""Reads of outside identities."""

from __future__ import annotations

from collections.abc import Iterable

from roomdesk.directory.models import Identity, Person


def issuers_of(person: Person) -> frozenset[str]:
    """The providers at which the person is known to have an account."""
    return frozenset(Identity.objects.filter(person=person).values_list("issuer", flat=True))


def is_linked(person: Person, issuer: str, subject: str) -> bool:
    return Identity.objects.filter(person=person, issuer=issuer, subject=subject).exists()


def listed(person: Person, names: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    """The person's accounts; `names` are issuers and what the settings call them."""
    called = dict(names)
    rows = Identity.objects.filter(person=person).order_by("issuer").values_list("issuer", "subject")
    return [{"provider": called.get(issuer, ""), "issuer": issuer, "subject": subject} for issuer, subject in rows]
