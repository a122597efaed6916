"""Roomdesk as identity provider of the homeserver: who is who, so that a sign-in lands on the provisioned account.

Facts behind it: matrix-facts §3. The subject is the person's id, the Matrix name comes from `preferred_username`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Literal

from allauth.idp.oidc.adapter import DefaultOIDCAdapter

from roomdesk.bootstrap import settings
from roomdesk.directory import queries
from roomdesk.directory.models import Person

#: The homeserver's name here, and what it may ask for.
SYNAPSE = "synapse"
SCOPES = ("openid", "profile", "email")


class ProviderAdapter(DefaultOIDCAdapter):
    """allauth's seams. `get_user_sub` and `get_user_by_sub` belong together: with one alone the token endpoint fails."""

    def get_issuer(self) -> str:
        """The public address, whatever name the request came by: the homeserver compares it letter by letter."""
        return issuer()

    def get_user_sub(self, client: Any, user: Any) -> str:
        slug: str = user.slug
        return slug

    def get_user_by_sub(self, client: Any, sub: str) -> Person | None:
        """Nobody, if the person may no longer sign in."""
        return queries.active_person(sub)

    def get_claims(
        self,
        purpose: Literal["id_token", "userinfo"],
        user: Any,
        client: Any,
        scopes: Iterable[str],
        email: str | None = None,
        **kwargs: Any,
    ) -> dict[str, Any]:
        claims = {"sub": self.get_user_sub(client, user)}
        if "profile" in scopes:
            claims |= {"preferred_username": user.localpart, "name": user.name}
        if "email" in scopes and user.email:
            claims["email"] = user.email
        return claims


def issuer() -> str:
    return str(settings.public_url).rstrip("/")


def ensure_synapse_client(now: datetime) -> None:
    """The homeserver's row among the clients exists and has the secret and address of the settings. Idempotent."""
    from allauth.idp.oidc.models import Client

    if not settings.oidc_client_secret:
        return
    client = Client.objects.filter(pk=SYNAPSE).first() or Client(pk=SYNAPSE, created_at=now)
    wanted = _synapse_fields()
    has_secret = bool(client.secret) and not client._state.adding and client.check_secret(settings.oidc_client_secret)
    if has_secret and all(getattr(client, name) == value for name, value in wanted.items()):
        return
    for name, value in wanted.items():
        setattr(client, name, value)
    client.set_secret(settings.oidc_client_secret)
    client.save()


def _synapse_fields() -> dict[str, Any]:
    return {
        "name": "Matrix",
        "type": "confidential",
        "grant_types": "authorization_code",
        "response_types": "code",
        "scopes": "\n".join(SCOPES),
        "default_scopes": "\n".join(SCOPES),
        "redirect_uris": f"{str(settings.matrix_public_url).rstrip('/')}/_synapse/client/oidc/callback",
        "skip_consent": True,
    }
