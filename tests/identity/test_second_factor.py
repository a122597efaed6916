"""A second factor for local accounts, the list of sessions, and staff who are held to have a second factor (R09, ASVS 2.8)."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from django.test import Client
from fido2.utils import websafe_decode

from roomdesk import bootstrap
from roomdesk.directory import services
from roomdesk.web.identity import second_factor
from tests.acts import passkey
from tests.directory.world import ACTOR, START
from tests.harness.authenticator import shown
from tests.identity.test_sign_in import PASSWORD, browser, sign_in

__all__ = ["browser"]

pytestmark = pytest.mark.usefixtures("desk")


def activate(client: Client) -> str:
    """Sets an app up as its owner would, who first says their password again; gives its secret."""
    assert client.get("/accounts/2fa/totp/activate/")["Location"].startswith("/accounts/reauthenticate/")
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    page = client.get("/accounts/2fa/totp/activate/").content.decode()
    secret = re.search(r'id="authenticator_secret"[^>]*value="([A-Z2-7]+)"', page)
    assert secret and "data:image/svg+xml" in page
    answer = client.post("/accounts/2fa/totp/activate/", {"code": shown(secret[1])})
    assert answer.status_code == 302, answer.content.decode()
    # A code is good for one use; the next sign-in of this test comes within the same half minute.
    cache.clear()
    return secret[1]


def test_who_has_an_app_is_asked_for_its_code_and_a_wrong_one_gets_nobody_in(browser: Client) -> None:
    sign_in(browser, "olga")
    secret = activate(browser)
    fresh = Client(SERVER_NAME="127.0.0.1")
    assert sign_in(fresh, "olga")["Location"].startswith("/accounts/2fa/authenticate/")
    assert fresh.get("/portal/")["Location"].startswith("/accounts/login/")
    wrong = fresh.post("/accounts/2fa/authenticate/", {"code": "000000" if shown(secret) != "000000" else "000001"})
    assert wrong.status_code == 200 and "_auth_user_id" not in fresh.session
    right = fresh.post("/accounts/2fa/authenticate/", {"code": shown(secret)})
    assert right.status_code == 302 and "_auth_user_id" in fresh.session


def test_a_recovery_code_is_good_once(browser: Client) -> None:
    sign_in(browser, "olga")
    activate(browser)
    codes = re.findall(
        r"^(\d{8})$",
        browser.get("/accounts/2fa/recovery-codes/").content.decode().replace("</", "\n</").replace(">", ">\n"),
        re.MULTILINE,
    )
    assert len(codes) == 10
    for number, is_good in ((0, True), (0, False)):
        fresh = Client(SERVER_NAME="127.0.0.1")
        sign_in(fresh, "olga")
        fresh.post("/accounts/2fa/authenticate/", {"code": codes[number]})
        assert ("_auth_user_id" in fresh.session) is is_good


def test_secrets_are_not_legible_in_the_database(browser: Client) -> None:
    sign_in(browser, "olga")
    secret = activate(browser)
    kept = [str(one.data) for one in Authenticator.objects.all()]
    assert len(kept) == 2 and not any(secret in one for one in kept)


def test_the_list_of_sessions_ends_the_others(browser: Client) -> None:
    sign_in(browser, "olga")
    other = Client(SERVER_NAME="127.0.0.1", headers={"user-agent": "Netscape 4"})
    sign_in(other, "olga")
    page = browser.get("/accounts/sessions/").content.decode()
    assert "Netscape 4" in page and page.count("127.0.0.1 ·") == 2
    assert browser.post("/accounts/sessions/").status_code == 302
    assert other.get("/accounts/sessions/")["Location"].startswith("/accounts/login/")
    assert browser.get("/accounts/sessions/").status_code == 200


@pytest.fixture
def strict(desk: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installation whose staff need a second factor."""
    monkeypatch.setattr(second_factor, "settings", replace(bootstrap.settings, staff_second_factor="required"))
    services.do_set_password(id="ivan", password=PASSWORD, actor=ACTOR, now=START)


@pytest.mark.usefixtures("strict")
def test_staff_without_one_see_nothing_but_the_page_that_sets_it_up(browser: Client) -> None:
    sign_in(browser, "ivan")
    for path in ("/", "/console/", "/chat/acme", "/styleguide", "/identity/o/authorize?client_id=synapse"):
        answer: Any = browser.get(path)
        assert (answer.status_code, answer["Location"]) == (302, "/accounts/2fa/"), path
    assert "Set up a second factor first" in browser.get("/accounts/2fa/").content.decode()
    activate(browser)
    assert browser.get("/console/").status_code == 200


@pytest.mark.usefixtures("strict")
def test_customers_are_not_asked_for_one(browser: Client) -> None:
    sign_in(browser, "olga")
    assert browser.get("/portal/")["Location"].startswith("/portal/")


def test_where_it_is_not_required_nobody_is_held(browser: Client) -> None:
    services.do_set_password(id="ivan", password=PASSWORD, actor=ACTOR, now=START)
    sign_in(browser, "ivan")
    assert browser.get("/console/").status_code == 200


def test_a_passkey_for_another_challenge_is_not_kept(browser: Client) -> None:
    """Somebody else's registration, played again; and then one for what the page asks."""
    sign_in(browser, "olga")
    browser.post("/accounts/reauthenticate/", {"password": PASSWORD})
    browser.get("/accounts/2fa/webauthn/add/")
    wrong = browser.post("/accounts/2fa/webauthn/add/", passkey.registered(b"what another page has asked for"))
    assert wrong.status_code == 200 and not Authenticator.objects.exists()
    asked = websafe_decode(browser.session["mfa.webauthn.state"]["challenge"])
    right = browser.post("/accounts/2fa/webauthn/add/", passkey.registered(asked))
    assert right.status_code == 302, right.content.decode()
    assert Authenticator.objects.filter(type=Authenticator.Type.WEBAUTHN, user__slug="olga").count() == 1
