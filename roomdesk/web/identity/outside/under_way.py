"""Sign-ins that are under way: what a browser took along to the provider, kept in its session and good once (RFC 6749, 10.12; RFC 7636)."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest

from roomdesk.rules.sign_in import Provider
from roomdesk.runtime.randomness import token

_KEY = "outside_sign_ins"
#: Seconds in which one has to come back, and how many a browser may have at once.
GOOD_FOR = 900
MOST = 5


@dataclass(frozen=True, slots=True)
class UnderWay:
    """One of them. `back`: where to afterwards; `again`: somebody who is signed in shows anew that it is them; `at` in seconds, the world's."""

    provider: str
    nonce: str
    verifier: str
    back: str
    again: bool
    at: float


def begin(request: HttpRequest, provider: Provider, back: str, *, again: bool, at: float) -> tuple[str, UnderWay]:
    """Keeps a new one and gives its state. Of too many the oldest is forgotten."""
    one = UnderWay(provider.slug, _random(), _random(), back, again, at)
    state = _random()
    known = dict(sorted(_known(request).items(), key=lambda item: item[1]["at"])[-(MOST - 1) :])
    request.session[_KEY] = {**known, state: asdict(one)}
    return state, one


def take(request: HttpRequest, state: str, provider: Provider, at: float) -> UnderWay | None:
    """The one of this state, once; None if it was begun elsewhere, at another provider, or too long ago."""
    known = _known(request)
    found = known.pop(state, None)
    request.session[_KEY] = known
    if found is None or found["provider"] != provider.slug or not 0 <= at - found["at"] < GOOD_FOR:
        return None
    return UnderWay(**found)


def _known(request: HttpRequest) -> dict[str, Any]:
    return dict(request.session.get(_KEY, {}))


def address(place: str, provider: Provider, one: UnderWay, *, state: str, redirect_uri: str) -> str:
    """Where the browser goes: the code flow with PKCE and a nonce; for showing it anew with the question for a fresh sign-in."""
    challenge = base64.urlsafe_b64encode(hashlib.sha256(one.verifier.encode()).digest()).rstrip(b"=").decode()
    asked = {
        "response_type": "code",
        "client_id": provider.client_id,
        "redirect_uri": redirect_uri,
        "scope": " ".join(provider.scopes),
        "state": state,
        "nonce": one.nonce,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
        **({"prompt": "login", "max_age": "0"} if one.again else {}),
    }
    return f"{place}{'&' if '?' in place else '?'}{urlencode(asked)}"


def _random() -> str:
    return base64.urlsafe_b64encode(token(32)).rstrip(b"=").decode()
