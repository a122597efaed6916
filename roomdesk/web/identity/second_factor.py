"""A second factor: its secrets are not legible in the database, and staff can be held to have one (ASVS 2.8, 2.9)."""

from __future__ import annotations

import base64
from collections.abc import Callable
from functools import cache

from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.utils import is_mfa_enabled
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.contrib import messages
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from roomdesk.bootstrap import settings
from roomdesk.directory.models import Person
from roomdesk.directory.queries import is_staff_at
from roomdesk.runtime import clock

#: Where somebody gets to without one: to the pages on which one is set up, and to signing out.
_OPEN = ("/accounts/", "/static/", "/brand/", "/healthz")
View = Callable[[HttpRequest], HttpResponseBase]


class SecretsAdapter(DefaultMFAAdapter):
    """allauth's seam for what it keeps of authenticator apps and recovery codes. A new `ROOMDESK_SECRET_KEY` makes them useless."""

    def encrypt(self, text: str) -> str:
        return _box().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _box().decrypt(encrypted_text.encode()).decode()


@cache
def _box() -> Fernet:
    assert settings.secret_key
    key = HKDF(SHA256(), 32, salt=None, info=b"roomdesk second factor").derive(settings.secret_key.encode())
    return Fernet(base64.urlsafe_b64encode(key))


def required(get_response: View) -> View:
    """Django middleware: staff without a second factor are led to where they set one up, from every page, Matrix sign-in included.

    Whoever came by the vendor's identity provider has shown theirs there. Who has set one up here is asked for it all the same.
    """
    if settings.staff_second_factor != "required":
        raise MiddlewareNotUsed

    def guarded(request: HttpRequest) -> HttpResponseBase:
        if request.path.startswith(_OPEN) or not _lacks_one(request):
            return get_response(request)
        messages.warning(request, _("Set up a second factor first: staff need one here."))
        return HttpResponseRedirect(reverse("mfa_index"))

    return guarded


def _lacks_one(request: HttpRequest) -> bool:
    person = request.user
    if not isinstance(person, Person) or not is_staff_at(person, clock.now()):
        return False
    methods = request.session.get(AUTHENTICATION_METHODS_SESSION_KEY, [])
    return not is_mfa_enabled(person) and not any(one.get("method") == "socialaccount" for one in methods)
