"""Signing in by an outside provider: there with a state, back with a code, in as the person whom it speaks of."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import record_authentication
from allauth.account.utils import perform_login
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from roomdesk.directory.identities import is_linked
from roomdesk.directory.models import Person
from roomdesk.directory.services.identities import do_enter
from roomdesk.refusals import DeskError
from roomdesk.rules.sign_in import Fault, Provider, fault_of
from roomdesk.runtime import clock
from roomdesk.web.identity.outside import calls, under_way
from roomdesk.web.identity.outside.configured import provider_of
from roomdesk.web.identity.outside.under_way import UnderWay
from roomdesk.web.identity.provider import issuer
from roomdesk.web.portal.refusals import told

_LOG = logging.getLogger("roomdesk.sign_in")
STALE = _("This sign-in was begun in another browser, or too long ago. Nothing was changed; begin again.")
CANCELLED = _("You ended the sign-in at the provider. Nothing was changed.")
AWAY = _("The provider cannot be reached just now. Nothing was changed; try again in a moment, or sign in another way.")
NOT_BELIEVED = _("What the provider sent cannot be trusted, so nobody was signed in and nothing was changed. Begin again; if it stays so, tell whoever runs the desk.")  # fmt: skip
NOT_FRESH = _("The provider did not ask you to sign in anew, so nothing was confirmed. Sign out there first, and try again.")  # fmt: skip
SOMEBODY_ELSE = _("You signed in there as somebody else, so nothing was confirmed.")


class Refused(Exception):
    """The sign-in ends here with this sentence, and nobody is in who was not before."""

    def __init__(self, sentence: str | Promise, status: int = 403) -> None:
        super().__init__(sentence)
        self.sentence, self.status = sentence, status


@require_safe
@never_cache
def outside(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Leads to the provider."""
    return _there(request, slug, again=False)


@require_safe
@never_cache
@login_required
def outside_again(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Leads somebody who is signed in to the provider, who has to ask them anew."""
    return _there(request, slug, again=True)


def _there(request: HttpRequest, slug: str, *, again: bool) -> HttpResponseBase:
    provider = _provider(slug)
    try:
        places = calls.places_of(provider)
    except calls.Away as error:
        return _away(request, provider, error)
    wanted = request.GET.get("next", "")
    back = wanted if get_adapter().is_safe_url(wanted) else ""
    state, one = under_way.begin(request, provider, back, again=again, at=_world())
    there = under_way.address(places.authorize, provider, one, state=state, redirect_uri=_redirect_uri(provider))
    return HttpResponseRedirect(there)


@require_safe
@never_cache
def outside_back(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Where the provider sends the browser back to. The state is good once, whatever comes of it."""
    provider = _provider(slug)
    one = under_way.take(request, request.GET.get("state", ""), provider, _world())
    if one is None:
        return _refusal(request, provider, Refused(STALE, 400))
    try:
        person, subject = _person(request, provider, one)
        return _confirmed(request, provider, one, person, subject) if one.again else _in(request, provider, one, person, subject)  # fmt: skip
    except Refused as refused:
        return _refusal(request, provider, refused)
    except calls.Away as error:
        return _away(request, provider, error)
    except calls.NotBelieved as error:
        _LOG.warning("A sign-in was refused: %s", error)
        return _refusal(request, provider, Refused(NOT_BELIEVED))
    except DeskError as error:
        return _refusal(request, provider, Refused(told(error), error.status if error.status != 404 else 403))


def _person(request: HttpRequest, provider: Provider, one: UnderWay) -> tuple[Person, str]:
    """Whom the provider speaks of; what it says of their roles is taken over."""
    _check_answer(request, provider)
    tokens = calls.exchange(provider, request.GET.get("code", ""), one.verifier, _redirect_uri(provider))
    claims: Mapping[str, Any] = calls.claims_of(provider, tokens["id_token"])
    fault = fault_of(claims, provider, nonce=one.nonce, at=_world(), fresh_since=one.at if one.again else None)
    if fault is not None:
        _LOG.warning("A sign-in by %s was refused: the ID token has a wrong %s.", provider.slug, fault)
        raise Refused(NOT_FRESH if fault is Fault.NOT_FRESH else NOT_BELIEVED)
    if one.again:
        _check_same(request, provider, claims)
    claims = _completed(provider, claims, tokens.get("access_token"))
    return do_enter(provider, claims, now=clock.now()), str(claims["sub"])


def _check_answer(request: HttpRequest, provider: Provider) -> None:
    """RFC 6749, 4.1.2.1; an answer that names its issuer must be this one's (RFC 9207: another one's code is not taken there)."""
    if request.GET.get("iss", provider.issuer) != provider.issuer:
        raise calls.NotBelieved(f"An answer for {provider.slug} came from another issuer.")
    if "error" in request.GET or "code" not in request.GET:
        raise Refused(CANCELLED if request.GET.get("error") == "access_denied" else NOT_BELIEVED)


def _check_same(request: HttpRequest, provider: Provider, claims: Mapping[str, Any]) -> None:
    """Before anything is changed: whoever shows it anew is who is signed in."""
    person = request.user
    if not isinstance(person, Person) or not is_linked(person, provider.issuer, str(claims["sub"])):
        raise Refused(SOMEBODY_ELSE)


def _completed(provider: Provider, claims: Mapping[str, Any], access_token: object) -> Mapping[str, Any]:
    """With what only the other place of the provider tells; the signed token's word goes first."""
    wanted = {"email", "email_verified", provider.id_claim, provider.roles_claim} - {""}
    if wanted <= claims.keys() or not isinstance(access_token, str):
        return claims
    return {**calls.userinfo_of(provider, access_token, str(claims["sub"])), **claims}


def _in(request: HttpRequest, provider: Provider, one: UnderWay, person: Person, subject: str) -> HttpResponseBase:
    if request.user.is_authenticated and request.user != person:
        get_adapter().logout(request)
    record_authentication(request, person, "socialaccount", provider=provider.slug, uid=subject)
    answer: HttpResponseBase = perform_login(request, person, redirect_url=one.back or None)
    return answer


def _confirmed(
    request: HttpRequest, provider: Provider, one: UnderWay, person: Person, subject: str
) -> HttpResponseBase:
    if person != request.user:
        raise Refused(SOMEBODY_ELSE)
    record_authentication(request, person, "socialaccount", provider=provider.slug, uid=subject, reauthenticated=True)
    return HttpResponseRedirect(one.back or "/")


def _provider(slug: str) -> Provider:
    found = provider_of(slug)
    if found is None:
        raise Http404
    return found


def _redirect_uri(provider: Provider) -> str:
    """By the public address, whatever name the request came by: the provider compares it letter by letter."""
    return issuer() + reverse("outside_back", args=[provider.slug])


def _world() -> float:
    """Now, as the provider's clock has it, in seconds since 1970."""
    return clock.to_outside(clock.now()).timestamp()


def _away(request: HttpRequest, provider: Provider, error: Exception) -> HttpResponse:
    _LOG.warning("Nobody can sign in by %s: %s", provider.slug, error)
    return _refusal(request, provider, Refused(AWAY, 502))


def _refusal(request: HttpRequest, provider: Provider, refused: Refused) -> HttpResponse:
    context = {"provider": provider, "sentence": refused.sentence}
    return render(request, "account/outside_refused.html", context, status=refused.status)
