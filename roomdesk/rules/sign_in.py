"""Whom an outside identity provider speaks of, and what it may say: judged from its ID token (OpenID Connect Core 1.0, 3.1.3.7)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

#: Seconds by which the provider's clock may differ from ours.
LEEWAY = 60
STAFF, CUSTOMERS = "staff", "customers"
#: What people do for the vendor, as the directory keeps it.
ROLES = ("account_manager", "engineer", "lead", "specialist", "security", "auditor", "administrator")


@dataclass(frozen=True, order=True, slots=True)
class Role:
    """A staff role for one product or for all (`product` empty); `field` is the specialist's."""

    role: str
    product: str = ""
    field: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class Provider:
    """A provider of the settings. `audience`: whom it may sign in, staff or the people of `products`' workspaces.

    `id_claim` holds the person's id, where it does; `roles_claim` values of `roles`, and with `ignores_others` further ones.
    """

    slug: str
    name: str
    issuer: str
    client_id: str
    client_secret: str
    audience: str
    products: frozenset[str] = frozenset()
    id_claim: str = ""
    roles_claim: str = ""
    roles: Mapping[str, frozenset[Role]] = field(default_factory=dict)
    ignores_others: bool = False
    scopes: tuple[str, ...] = ("openid", "profile", "email")

    def __repr__(self) -> str:
        return f"Provider({self.slug!r})"

    @property
    def is_staff(self) -> bool:
        return self.audience == STAFF


class Fault(StrEnum):
    """Why an ID token is not believed."""

    ISSUER = "issuer"
    AUDIENCE = "audience"
    NONCE = "nonce"
    EXPIRED = "expired"
    EARLY = "early"
    SUBJECT = "subject"
    NOT_FRESH = "not_fresh"


def fault_of(
    claims: Mapping[str, Any], provider: Provider, *, nonce: str, at: float, fresh_since: float | None = None
) -> Fault | None:
    """What is wrong with the claims of a token whose signature is right; None: nothing.

    `at` and `fresh_since` are seconds since 1970 by the world's clock; with the latter the person must have signed in there since then.
    """
    if claims.get("iss") != provider.issuer:
        return Fault.ISSUER
    if not _is_for(claims, provider.client_id):
        return Fault.AUDIENCE
    if claims.get("nonce") != nonce:
        return Fault.NONCE
    if not _seconds(claims.get("exp")) > at - LEEWAY:
        return Fault.EXPIRED
    if _seconds(claims.get("iat", 0)) > at + LEEWAY or _seconds(claims.get("nbf", 0)) > at + LEEWAY:
        return Fault.EARLY
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= 255 or not subject.isprintable():
        return Fault.SUBJECT
    if fresh_since is not None and _seconds(claims.get("auth_time")) < fresh_since - LEEWAY:
        return Fault.NOT_FRESH
    return None


def _is_for(claims: Mapping[str, Any], client_id: str) -> bool:
    """Meant for us: the only audience, or one of several with us as the authorised party."""
    audience = claims.get("aud")
    known = audience if isinstance(audience, list) else [audience]
    party = claims.get("azp")
    return client_id in known and (party == client_id or (party is None and len(known) == 1))


def _seconds(value: Any) -> float:
    """A time of a token; what is none lies before all others."""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else float("-inf")


def verified_mail(claims: Mapping[str, Any]) -> str:
    """The mail address, if the provider says that it has verified it; a word that only looks like yes is none."""
    address = claims.get("email")
    return address.strip() if isinstance(address, str) and claims.get("email_verified") is True else ""


@dataclass(frozen=True, slots=True)
class Claimed:
    """What the roles claim says. `unknown`: values that the settings do not name; `is_missing`: there is no such claim."""

    roles: frozenset[Role] = frozenset()
    unknown: tuple[str, ...] = ()
    is_missing: bool = False


def claimed_roles(provider: Provider, claims: Mapping[str, Any]) -> Claimed:
    """The staff roles that the provider gives the person."""
    value = claims.get(provider.roles_claim)
    if value is None:
        return Claimed(is_missing=True)
    named = [str(one) for one in (value if isinstance(value, list) else [value])]
    unknown = () if provider.ignores_others else tuple(one for one in named if one not in provider.roles)
    return Claimed(frozenset(role for one in named for role in provider.roles.get(one, ())), unknown)
