"""The setting that names outside identity providers: TOML, one table for each."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from roomdesk.rules.sign_in import CUSTOMERS, ROLES, STAFF, Provider, Role

_SLUG = re.compile(r"[a-z][a-z0-9-]{0,39}")
_ROLE = re.compile(r"([a-z_]+)(?::([a-z][a-z0-9_-]{0,39}))?(?:@([a-z0-9][a-z0-9-]*))?")
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_TEXTS = ("name", "issuer", "client_id", "client_secret", "for", "id_claim", "roles_claim", "other_values")
_KNOWN = frozenset({*_TEXTS, "products", "roles", "scopes"})


def checked(raw: str) -> str:
    """The text as it is, if it says what providers need. Secrets in it are never quoted."""
    read(raw)
    return raw


@cache
def read(raw: str) -> tuple[Provider, ...]:
    """The providers in the order of their names. ValueError with what is wrong."""
    try:
        tables = tomllib.loads(raw)
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"\(at [^)]*\)", str(error))
        raise ValueError(
            f"is not TOML {place[0] if place else ''}; write a table for each provider, best in a file named by the _FILE form"
        ) from None
    found = tuple(_provider(slug, table) for slug, table in sorted(tables.items()))
    if len({one.issuer for one in found}) < len(found):
        raise ValueError(
            "names one issuer twice; whoever it speaks of must be clear, so keep one table for each issuer"
        )
    return found


def secrets_in(raw: str) -> list[str]:
    """What logs must not show of it."""
    return [one.client_secret for one in read(raw) if one.client_secret]


def _provider(slug: str, table: Any) -> Provider:
    if not isinstance(table, dict) or not _SLUG.fullmatch(slug):
        raise ValueError(
            f'has "{slug[:40]}", which is no table of a provider; write [name] with small letters, digits and "-"'
        )
    text = _texts(slug, table)
    products, scopes = _words(slug, table, "products"), _words(slug, table, "scopes")
    _check_audience(slug, text, table, products)
    return Provider(
        slug=slug,
        name=text["name"],
        issuer=text["issuer"],
        client_id=text["client_id"],
        client_secret=text.get("client_secret", ""),
        audience=text["for"],
        products=frozenset(products),
        id_claim=text.get("id_claim", "sub" if text["for"] == CUSTOMERS else ""),
        roles_claim=text.get("roles_claim", ""),
        roles={value: _roles(slug, value, given) for value, given in table.get("roles", {}).items()},
        ignores_others=text.get("other_values", "refuse") == "ignore",
        scopes=tuple(dict.fromkeys(("openid", "profile", "email", *scopes))),
    )


def _texts(slug: str, table: Mapping[str, Any]) -> dict[str, str]:
    if unknown := sorted(table.keys() - _KNOWN):
        raise ValueError(f'says "{unknown[0]}" of {slug}, which means nothing; known are {", ".join(sorted(_KNOWN))}')
    for name in _TEXTS:
        if name in table and (not isinstance(table[name], str) or not table[name].strip()):
            raise ValueError(f"has no text as {name} of {slug}; write it in quotation marks")
    for name in ("name", "issuer", "client_id", "for"):
        if name not in table:
            raise ValueError(f"says no {name} of {slug}; every provider needs name, issuer, client_id and for")
    if fault := _issuer_fault(table["issuer"]):
        raise ValueError(f"has an issuer of {slug} that {fault}; give its address such as https://id.example.org")
    return {name: table[name] for name in _TEXTS if name in table}


def _issuer_fault(issuer: str) -> str:
    """https, as the specification wants; plain http to this machine alone."""
    try:
        parts = urlsplit(issuer)
        host = parts.hostname
    except ValueError:
        return "cannot be read"
    if not host or parts.query or parts.fragment:
        return "is no address without query"
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK)
    return "" if is_safe else "does not begin with https://"


def _words(slug: str, table: Mapping[str, Any], name: str) -> list[str]:
    given = table.get(name, [])
    if not isinstance(given, list) or not all(isinstance(one, str) and one and " " not in one for one in given):
        raise ValueError(f'has no list of words as {name} of {slug}; write {name} = ["one", "two"]')
    return given


def _check_audience(slug: str, text: Mapping[str, str], table: Mapping[str, Any], products: list[str]) -> None:
    audience = text["for"]
    if audience not in (STAFF, CUSTOMERS):
        raise ValueError(f'says for = "{audience[:20]}" of {slug}; it is for "{STAFF}" or for "{CUSTOMERS}"')
    if text.get("other_values", "refuse") not in ("refuse", "ignore"):
        raise ValueError(f'says other_values of {slug} that is none of them; write "refuse" or "ignore"')
    roles = table.get("roles")
    if audience == STAFF and (not isinstance(roles, dict) or not roles or "roles_claim" not in text or products):
        raise ValueError(
            f"gives {slug}, which is for staff, no roles_claim with a table of roles, or products; staff have roles"
        )
    if audience == CUSTOMERS and (not products or roles or "roles_claim" in text):
        raise ValueError(f"gives {slug}, which is for customers, no products, or roles; customers belong to products")


def _roles(slug: str, value: str, given: Any) -> frozenset[Role]:
    named = given if isinstance(given, list) else [given]
    return frozenset(_role(slug, value, one) for one in named)


def _role(slug: str, value: str, given: Any) -> Role:
    found = _ROLE.fullmatch(given) if isinstance(given, str) else None
    role, field, product = found.groups(default="") if found else ("", "", "")
    if role not in ROLES or (role == "specialist") != bool(field):
        raise ValueError(
            f'gives "{value[:40]}" of {slug} what is no role; write one of {", ".join(ROLES)}, as role, role@product or specialist:field@product'
        )
    return Role(role, product, field)
