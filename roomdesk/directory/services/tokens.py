"""Tokens for programs: shown once, kept as SHA-256, limited by scopes and perhaps to one workspace."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterable
from datetime import datetime

from roomdesk.audit.work import Actor, Work
from roomdesk.directory.errors import Conflict, Invalid, NotFound
from roomdesk.directory.models import ApiToken
from roomdesk.directory.services.members import access_open
from roomdesk.directory.services.together import together
from roomdesk.product.problems import listed

#: What a token may do. `admin` is everything, on all workspaces.
SCOPES = (
    "directory:read",
    "directory:write",
    "cases:read",
    "cases:write",
    "consents:read",
    "consents:write",
    "consents:use",
    "admin",
)
BOOTSTRAP = "bootstrap"
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,79}")


def do_make_token(
    *,
    name: str,
    scopes: Iterable[str],
    workspace: str | None = None,
    expires: datetime | None = None,
    actor: Actor,
    now: datetime,
) -> tuple[ApiToken, str]:
    """A new token and its text, which is never shown again. Conflict if the name is taken."""
    wanted = _check_scopes(scopes, workspace)
    _check_name(name)
    plain = f"rd_{secrets.token_urlsafe(32)}"

    def act() -> ApiToken:
        if ApiToken.objects.filter(name=name).exists():
            raise Conflict(f'There is a token "{name}" already; choose another name.', field="name")
        place = access_open(workspace) if workspace else None
        row = ApiToken(
            name=name, digest=_digest(plain), scopes=wanted, workspace=place, created_at=now, expires_at=expires
        )
        return _save(row, actor, now)

    return together(act), plain


def access_token(plain: str, now: datetime) -> ApiToken:
    """The token in force whose text this is. NotFound, always the same, for unknown, expired and revoked ones.

    It is looked up by its digest, so the time this takes says nothing about a text that is nearly right.
    """
    row = ApiToken.objects.filter(digest=_digest(plain), revoked_at=None).select_related("workspace").first()
    if row is None or (row.expires_at is not None and row.expires_at <= now):
        raise NotFound("This token is not valid.")
    return row


def do_revoke_token(*, name: str, actor: Actor, now: datetime) -> ApiToken:
    """Ends a token at once. Idempotent. NotFound if there is none of this name."""

    def act() -> ApiToken:
        row = ApiToken.objects.filter(name=name).select_for_update(no_key=True).first()
        if row is None:
            raise NotFound(f'There is no token "{name}".', field="name")
        return row if row.revoked_at else _revoke(row, actor, now)

    return together(act)


def ensure_bootstrap_token(plain: str | None, now: datetime) -> ApiToken | None:
    """The token of the settings exists and is in force; another text under its name replaces the former. Idempotent."""
    if not plain:
        return None

    def act() -> ApiToken:
        row = ApiToken.objects.filter(name=BOOTSTRAP).select_for_update(no_key=True).first()
        if row and row.digest == _digest(plain) and row.scopes == list(SCOPES) and row.revoked_at is None:
            return row
        row = row or ApiToken(name=BOOTSTRAP, created_at=now)
        row.digest, row.scopes, row.revoked_at = _digest(plain), list(SCOPES), None
        return _save(row, Actor("system", "migrate"), now)

    return together(act)


def _save(row: ApiToken, actor: Actor, now: datetime) -> ApiToken:
    row.save()
    work = Work(now, actor)
    limit = {"workspace": row.workspace.slug if row.workspace else None, "expires_at": row.expires_at}
    work.audit("token.made", f"token:{row.name}", {"scopes": row.scopes, **limit})
    work.flush()
    return row


def _revoke(row: ApiToken, actor: Actor, now: datetime) -> ApiToken:
    row.revoked_at = now
    row.save(update_fields=["revoked_at"])
    work = Work(now, actor)
    work.audit("token.revoked", f"token:{row.name}", {})
    work.flush()
    return row


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name) or name == BOOTSTRAP:
        raise Invalid(
            f'"{name[:60]}" cannot be the name of a token; use small letters, digits, ".", "_" and "-".', field="name"
        )


def _check_scopes(scopes: Iterable[str], workspace: str | None) -> list[str]:
    wanted = sorted(set(scopes))
    unknown = [scope for scope in wanted if scope not in SCOPES]
    if unknown or not wanted:
        what = f'There is no scope "{unknown[0]}"' if unknown else "No scope is given"
        raise Invalid(f"{what}; name one or more of {listed(SCOPES)}.", field="scopes")
    if workspace and "admin" in wanted:
        raise Invalid("The scope admin cannot be limited to a workspace; choose narrower scopes.", field="scopes")
    return wanted


def _digest(plain: str) -> str:
    return hashlib.sha256(plain.encode("utf-8", "surrogatepass")).hexdigest()
