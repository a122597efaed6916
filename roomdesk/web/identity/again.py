"""Showing anew that it is you, in a session that is open: by password, by passkey, or at the provider. A consent on a page needs it (D42)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from allauth.account import views
from allauth.account.authentication import get_authentication_records
from allauth.account.internal.flows.reauthentication import get_reauthentication_flows
from allauth.account.utils import passthrough_next_redirect_url
from allauth.mfa.models import Authenticator
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from roomdesk.directory.models import Person
from roomdesk.runtime import clock
from roomdesk.web.identity.outside.configured import linked_with

#: Seconds after which a sign-in is not fresh any more.
FRESH_SECONDS = 300
#: Where second factors are set up, and what of it is part of signing in.
_FACTORS, _SIGNING_IN = "/accounts/2fa/", ("/accounts/2fa/authenticate/", "/accounts/2fa/reauthenticate/")
View = Callable[[HttpRequest], HttpResponseBase]


def ways(person: Any) -> list[dict[str, Any]]:
    """What this person has to show it with, the nearest first: `id`, `description` and `url` of each."""
    if not isinstance(person, Person):
        return []
    found = []
    if person.has_usable_password():
        found.append(_way("reauthenticate", _("Use your password"), reverse("account_reauthenticate")))
    if _passkeys(person):
        found.append(_way("mfa_reauthenticate:webauthn", _("Use a passkey"), reverse("mfa_reauthenticate_webauthn")))
    for one in linked_with(person):
        words = _("Sign in again with %(name)s") % {"name": one.name}
        found.append(_way(f"outside:{one.slug}", words, reverse("outside_again", args=[one.slug])))
    return found


def _way(name: str, description: str, url: str) -> dict[str, Any]:
    return {"id": name, "description": description, "url": url}


def _passkeys(person: Person) -> set[int]:
    """Keys that by themselves say who somebody is: those of the second step only have to be at hand."""
    rows = Authenticator.objects.filter(user=person, type=Authenticator.Type.WEBAUTHN)
    return {row.pk for row in rows if row.wrap().is_passwordless}


@never_cache
@login_required
def reauthenticate(request: HttpRequest) -> HttpResponseBase:
    """The page that offers what the person has. Links, not redirections: a browser holds those after a form against its policy."""
    person = request.user
    assert isinstance(person, Person)
    if person.has_usable_password():
        return views.reauthenticate(request)
    found = [{**one, "url": passthrough_next_redirect_url(request, one["url"], "next")} for one in ways(person)]
    return render(request, "account/reauthenticate.html", {"reauthentication_alternatives": found})


def fresh_sign_in(request: HttpRequest, person: Person, world: float) -> dict[str, Any] | None:
    """How and when (seconds since 1970, the world's) the person last showed that it is them, if that was just now; else None.

    By whatever `ways` offers, or by signing in with the password or a passkey. A session that the provider opened is not enough:
    it may have been signed in there since the morning.
    """
    records = get_authentication_records(request, person)
    keys = _passkeys(person) if any(one.get("method") == "mfa" for one in records) else set()
    told = [(one.get("at", 0), one) for one in records if _counts(one, keys)]
    at, newest = max(told, key=lambda pair: pair[0], default=(0, {}))
    return {**_evidence(newest), "signed_in_at": round(at)} if 0 <= world - at < FRESH_SECONDS else None


def _counts(record: dict[str, Any], passkeys: set[int]) -> bool:
    if record.get("method") == "mfa":
        return record.get("id") in passkeys and bool(record.get("passwordless") or record.get("reauthenticated"))
    return record.get("method") == "password" or bool(
        record.get("method") == "socialaccount" and record.get("reauthenticated")
    )


def _evidence(record: dict[str, Any]) -> dict[str, Any]:
    names = {"password": "password", "mfa": "passkey", "socialaccount": "provider"}
    provider = {"provider": record["provider"]} if "provider" in record else {}
    return {"method": names[record["method"]], **provider}


def before_new_factors(get_response: View) -> View:
    """Django middleware: who has nothing here but the provider shows it there anew before a second factor is made.

    Else a key made in a session that somebody left open would be good for the next consent.
    """

    def guarded(request: HttpRequest) -> HttpResponseBase:
        if not request.path.startswith(_FACTORS) or request.path.startswith(_SIGNING_IN) or not _must(request):
            return get_response(request)
        query = urlencode({"next": request.get_full_path()})
        return HttpResponseRedirect(f"{reverse('account_reauthenticate')}?{query}")

    return guarded


def _must(request: HttpRequest) -> bool:
    person = request.user
    if not isinstance(person, Person) or get_reauthentication_flows(person) or not linked_with(person):
        return False
    return fresh_sign_in(request, person, clock.to_outside(clock.now()).timestamp()) is None
