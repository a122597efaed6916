"""What is asked of an outside provider: where its pages are, with which keys it signs, and what a code is worth (OpenID Connect Discovery 1.0, Core 1.0)."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
import jwt
from jwt.types import Options

from roomdesk.rules.sign_in import Provider
from roomdesk.runtime import http

#: Seconds for each phase of a call, and for which what a provider says of itself is believed.
TIMEOUT = 10.0
TRUSTED_FOR = 600
#: Signatures that only the provider can make. `none` and those by the shared secret are not among them.
ALGORITHMS = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"})

_UNCHECKED: Options = {
    "verify_exp": False,
    "verify_nbf": False,
    "verify_iat": False,
    "verify_aud": False,
    "verify_iss": False,
    "verify_sub": False,
    "verify_jti": False,
}


class Away(Exception):
    """The provider did not answer, or not as one does; its text is for the log."""


class NotBelieved(Exception):
    """What came is not signed as it has to be; its text is for the log."""


@dataclass(frozen=True, slots=True)
class Places:
    """What the provider says of itself. `by_basic`: it wants the secret as a header, which is the specification's default."""

    authorize: str
    token: str
    keys: str
    userinfo: str
    by_basic: bool
    read_at: float


_lock = threading.Lock()
_places: dict[str, Places] = {}
_keys: dict[str, list[Mapping[str, Any]]] = {}


def places_of(provider: Provider) -> Places:
    """Read anew every ten minutes. Away."""
    with _lock:
        known = _places.get(provider.issuer)
    if known and time.monotonic() - known.read_at < TRUSTED_FOR:
        return known
    said = _json(_get(f"{provider.issuer.rstrip('/')}/.well-known/openid-configuration"))
    if said.get("issuer") != provider.issuer:
        raise Away(f"{provider.slug} says of itself that it is another issuer.")
    found = _places_in(said, provider)
    with _lock:
        _places[provider.issuer] = found
        _keys.pop(provider.issuer, None)
    return found


def forget() -> None:
    """What providers said of themselves is asked anew."""
    with _lock:
        _places.clear()
        _keys.clear()


def _places_in(said: Mapping[str, Any], provider: Provider) -> Places:
    named = ("authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint")
    authorize, token, keys, userinfo = (str(said.get(name) or "") for name in named)
    schemes = ("https",) if provider.issuer.startswith("https:") else ("http", "https")
    if any(urlsplit(one).scheme not in schemes for one in (authorize, token, keys, *([userinfo] if userinfo else []))):
        raise Away(f"{provider.slug} does not say where it signs people in, or not by https.")
    methods = said.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
    return Places(authorize, token, keys, userinfo, "client_secret_basic" in methods, time.monotonic())


def exchange(provider: Provider, code: str, verifier: str, redirect_uri: str) -> Mapping[str, Any]:
    """The tokens for a code (RFC 6749, 4.1.3, with RFC 7636). Away, NotBelieved where the provider refuses the code."""
    places = places_of(provider)
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri,
        "code_verifier": verifier,
    }
    auth: httpx.Auth = httpx.Auth()
    if provider.client_secret and places.by_basic:
        # RFC 6749, 2.3.1: both are encoded before they are joined.
        auth = httpx.BasicAuth(quote(provider.client_id, safe=""), quote(provider.client_secret, safe=""))
    else:
        form |= {"client_id": provider.client_id}
        form |= {"client_secret": provider.client_secret} if provider.client_secret else {}
    with _client() as client:
        answer = _asked(lambda: client.post(places.token, data=form, auth=auth, headers={"Accept": "application/json"}))
    if 400 <= answer.status_code < 500:
        raise NotBelieved(f"{provider.slug} refused the code with {answer.status_code}.")
    tokens = _json(answer)
    if not isinstance(tokens.get("id_token"), str):
        raise NotBelieved(f"{provider.slug} sent no ID token.")
    return tokens


def claims_of(provider: Provider, id_token: str) -> dict[str, Any]:
    """What the token says, if one of the provider's keys signed it; nothing else is checked. Away, NotBelieved."""
    try:
        header = jwt.get_unverified_header(id_token)
        key = _key(provider, header)
        # Times, issuer and audience are judged in one place, by the rules.
        found: dict[str, Any] = jwt.decode(id_token, key=key, algorithms=[header["alg"]], options=_UNCHECKED)
    except (jwt.PyJWTError, ValueError, TypeError, KeyError) as error:
        raise NotBelieved(f"The ID token of {provider.slug} cannot be read: {type(error).__name__}.") from error
    return found


def _key(provider: Provider, header: Mapping[str, Any]) -> Any:
    if header.get("alg") not in ALGORITHMS:
        raise NotBelieved(f"The ID token of {provider.slug} is signed in a way that is not taken.")
    places = places_of(provider)
    with _lock:
        known = _keys.get(provider.issuer, [])
    found = _chosen(known, header)
    if found is None:
        # A key that is not known yet: providers change theirs without notice.
        known = _json(_get(places.keys)).get("keys", [])
        with _lock:
            _keys[provider.issuer] = known
        found = _chosen(known, header)
    if found is None:
        raise NotBelieved(f"The ID token of {provider.slug} is signed with a key that it does not name.")
    return jwt.PyJWK(dict(found), algorithm=header["alg"]).key


def _chosen(keys: Any, header: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The key of this name; of a single one the name may be left out."""
    fit = [
        one
        for one in (keys if isinstance(keys, list) else [])
        if isinstance(one, dict) and one.get("use", "sig") == "sig" and one.get("alg", header["alg"]) == header["alg"]
    ]
    if "kid" in header:
        fit = [one for one in fit if one.get("kid") == header["kid"]]
    return fit[0] if len(fit) == 1 else None


def userinfo_of(provider: Provider, access_token: str, subject: str) -> Mapping[str, Any]:
    """What else the provider says of the person; nothing where it has no such place. It must be of the same subject (Core 1.0, 5.3.2)."""
    place = places_of(provider).userinfo
    if not place:
        return {}
    said = _json(_get(place, {"Authorization": f"Bearer {access_token}"}))
    if said.get("sub") != subject:
        raise NotBelieved(f"{provider.slug} told of somebody else.")
    return said


def _get(url: str, headers: Mapping[str, str] | None = None) -> httpx.Response:
    with _client() as client:
        return _asked(lambda: client.get(url, headers=dict(headers or {})))


def _client() -> httpx.Client:
    return http.client(role="sign-in", timeout=TIMEOUT, sensitive=True)


def _asked(call: Any) -> httpx.Response:
    try:
        answer: httpx.Response = call()
    except httpx.HTTPError as error:
        raise Away(f"The provider cannot be reached: {type(error).__name__}.") from error
    return answer


def _json(answer: httpx.Response) -> dict[str, Any]:
    try:
        found = answer.json() if answer.status_code == 200 else None
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Away(f"{answer.request.url.host} answered {answer.status_code} without what was asked for.")
    return found
