"""Showing anew that it is you, with what a person has: password, passkey or provider (D42)."""

from __future__ import annotations

import time
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal.auth import WebAuthn
from django.db import transaction
from django.test import Client, RequestFactory

from roomdesk.directory import services
from roomdesk.directory.models import Person
from roomdesk.web.identity import again
from tests.directory.world import ACTOR, START
from tests.identity.outside import Outside, at_the_provider, browser, come_back, outside, there
from tests.identity.outside import sign_in as by_provider
from tests.identity.test_sign_in import PASSWORD
from tests.identity.test_sign_in import sign_in as by_password

__all__ = ["outside"]

PAGE = "/accounts/reauthenticate/?next=/portal/acme/"


def olga() -> Person:
    return Person.objects.get(slug="olga")


def fresh(client: Client) -> dict[str, Any] | None:
    request = RequestFactory().get("/")
    request.session = client.session
    return again.fresh_sign_in(request, olga(), time.time())


def came_long_ago(client: Client) -> None:
    session = client.session
    session["account_authentication_methods"] = [
        {**one, "at": one["at"] - 3600} for one in session["account_authentication_methods"]
    ]
    session.save()


@pytest.fixture
def inside(outside: Outside) -> Client:
    """Olga, who has no password, came by her product's provider an hour ago."""
    outside.cloud.person = {"sub": "olga"}
    client = browser()
    by_provider(client, "cloud")
    came_long_ago(client)
    return client


def key(*, is_passwordless: bool, monkeypatch: pytest.MonkeyPatch) -> Authenticator:
    """A security key of hers; what it is good for is all that is asked of it here."""
    monkeypatch.setattr(WebAuthn, "is_passwordless", property(lambda self: self.instance.data["passwordless"]))
    data = {"name": "key", "passwordless": is_passwordless}
    with transaction.atomic():
        return Authenticator.objects.create(user=olga(), type=Authenticator.Type.WEBAUTHN, data=data)


def test_the_provider_asks_anew_and_that_counts(inside: Client, outside: Outside) -> None:
    assert fresh(inside) is None
    page = inside.get(PAGE).content.decode()
    assert 'type="password"' not in page and "Sign in again with Cloud" in page
    assert "/accounts/outside/cloud/again?next=%2Fportal%2Facme%2F" in page
    answer = by_provider(inside, "cloud", "again", next="/portal/acme/")
    assert (answer.status_code, answer["Location"]) == (302, "/portal/acme/")
    asked = outside.cloud.asked[-1]
    assert (asked["prompt"], asked["max_age"]) == ("login", "0")
    found = fresh(inside)
    assert found is not None and (found["method"], found["provider"]) == ("provider", "cloud")


def test_signing_in_by_a_provider_that_asked_nothing_is_not_fresh(outside: Outside) -> None:
    outside.cloud.person = {"sub": "olga"}
    client = browser()
    by_provider(client, "cloud")
    assert fresh(client) is None


@pytest.mark.parametrize("auth_time", [None, 0, "now", True])
def test_a_provider_that_did_not_ask_anew_confirms_nothing(inside: Client, outside: Outside, auth_time: Any) -> None:
    outside.cloud.change = lambda claims: {**claims, "auth_time": auth_time}
    answer = by_provider(inside, "cloud", "again", next="/portal/acme/")
    assert answer.status_code == 403 and "did not ask you to sign in anew" in answer.content.decode()
    assert fresh(inside) is None and inside.get("/accounts/sessions/").status_code == 200


def test_an_old_sign_in_there_confirms_nothing(inside: Client, outside: Outside) -> None:
    outside.cloud.ignores_max_age, outside.cloud.signed_in_at = True, time.time() - 3600
    assert by_provider(inside, "cloud", "again").status_code == 403
    assert fresh(inside) is None


def test_signing_in_there_as_somebody_else_confirms_nothing(inside: Client, outside: Outside) -> None:
    outside.cloud.person_now = {"sub": "asen"}
    answer = by_provider(inside, "cloud", "again")
    assert answer.status_code == 403 and "as somebody else" in answer.content.decode()
    assert fresh(inside) is None and inside.session["_auth_user_id"] == str(olga().pk)
    assert not Person.objects.get(slug="asen").identities.exists()


def test_who_is_not_signed_in_has_nothing_to_confirm(outside: Outside) -> None:
    assert browser().get("/accounts/outside/cloud/again")["Location"].startswith("/accounts/login/")
    client = browser()
    outside.cloud.person = {"sub": "olga"}
    by_provider(client, "cloud")
    address = at_the_provider(there(client, "cloud", "again"))
    client.post("/accounts/logout/")
    assert come_back(client, address).status_code in (400, 403) and fresh(client) is None


def test_whoever_has_a_password_is_asked_for_it_and_may_choose_the_provider(inside: Client) -> None:
    services.do_set_password(id="olga", password=PASSWORD, actor=ACTOR, now=START)
    inside.force_login(olga(), "allauth.account.auth_backends.AuthenticationBackend")
    page = inside.get(PAGE).content.decode()
    assert 'type="password"' in page and "Or in another way" in page and "Sign in again with Cloud" in page
    assert inside.post("/accounts/reauthenticate/", {"password": PASSWORD, "next": "/portal/acme/"})["Location"] == "/portal/acme/"  # fmt: skip
    found = fresh(inside)
    assert found is not None and found["method"] == "password"


def test_whoever_has_nothing_is_told_so(outside: Outside) -> None:
    client = browser()
    client.force_login(olga(), "allauth.account.auth_backends.AuthenticationBackend")
    page = client.get(PAGE)
    assert page.status_code == 200 and "has no password and no passkey" in page.content.decode()


def test_a_passkey_is_offered_and_counts(inside: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    one = key(is_passwordless=True, monkeypatch=monkeypatch)
    page = inside.get(PAGE).content.decode()
    assert "Use a passkey" in page and "/accounts/2fa/webauthn/reauthenticate/?next=" in page
    used(inside, one.pk)
    found = fresh(inside)
    assert found is not None and found["method"] == "passkey"


def test_a_key_of_the_second_step_alone_is_not_enough(inside: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    one = key(is_passwordless=False, monkeypatch=monkeypatch)
    assert "Use a passkey" not in inside.get(PAGE).content.decode()
    used(inside, one.pk)
    assert fresh(inside) is None


def used(client: Client, pk: int) -> None:
    """As after it was touched on the page that asks for it."""
    session = client.session
    record = {"method": "mfa", "type": "webauthn", "id": pk, "reauthenticated": True, "at": time.time()}
    session["account_authentication_methods"] = [*session["account_authentication_methods"], record]
    session.save()


def test_a_new_key_needs_a_fresh_sign_in_of_who_has_only_the_provider(inside: Client) -> None:
    """Else a session that somebody left open makes the key that is good for the next consent."""
    for path in ("/accounts/2fa/webauthn/add/", "/accounts/2fa/totp/activate/"):
        for answer in (inside.get(path), inside.post(path, {})):
            assert answer.status_code == 302 and answer["Location"].startswith("/accounts/reauthenticate/?next=")
    assert not Authenticator.objects.exists()
    by_provider(inside, "cloud", "again")
    assert inside.get("/accounts/2fa/totp/activate/").status_code == 200


def test_a_sign_in_by_password_is_fresh_for_five_minutes(outside: Outside) -> None:
    services.do_set_password(id="olga", password=PASSWORD, actor=ACTOR, now=START)
    client = browser()
    by_password(client, "olga")
    assert fresh(client) is not None
    came_long_ago(client)
    assert fresh(client) is None
