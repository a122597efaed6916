"""Signing in, and the homeserver's way to learn who that is (OIDC code flow, matrix-facts §3)."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.idp.oidc.models import Client as OidcClient
from django.test import Client

from roomdesk import bootstrap
from roomdesk.directory import services
from roomdesk.directory.models import Person
from roomdesk.web.identity.provider import ensure_synapse_client, issuer
from tests.directory import world
from tests.directory.world import ACTOR, START

pytestmark = pytest.mark.usefixtures("desk")

PASSWORD = "correct horse battery"
VERIFIER = "v" * 64


@pytest.fixture
def browser(desk: None) -> Client:
    services.do_set_password(id="olga", password=PASSWORD, actor=ACTOR, now=START)
    return Client(SERVER_NAME="127.0.0.1")


def sign_in(browser: Client, login: str, password: str = PASSWORD, **more: str) -> Any:
    return browser.post("/accounts/login/", {"login": login, "password": password, **more})


@pytest.mark.parametrize("login", ["olga", "olga@acme.test", "OLGA@ACME.TEST"])
def test_people_sign_in_by_id_or_mail_address(browser: Client, login: str) -> None:
    response = sign_in(browser, login)
    assert (response.status_code, response.headers["Location"]) == (302, "/")


def test_the_page_is_in_order_and_needs_nothing_from_elsewhere(browser: Client) -> None:
    page = browser.get("/accounts/login/").content.decode()
    assert '<label for="id_login">' in page
    assert 'href="#main"' in page
    assert '<html lang="en">' in page
    assert "http" not in page.replace("http-equiv", "")
    style = browser.get("/static/roomdesk/roomdesk.css")
    assert b"focus-visible" in b"".join(style.streaming_content)
    style.close()


def test_a_wrong_id_and_a_wrong_password_get_the_same_words(browser: Client) -> None:
    texts = []
    for login, password in (("nobody", PASSWORD), ("olga", "something else"), ("asen", PASSWORD)):
        response = sign_in(browser, login, password)
        assert response.status_code == 200
        texts.append(response.content.decode().split('role="alert"')[1].split("</div>")[0])
    assert len(set(texts)) == 1


def test_nobody_signs_up(browser: Client) -> None:
    assert browser.get("/accounts/signup/").status_code == 404
    assert browser.get("/accounts/email/").status_code == 404
    assert browser.get("/identity/o/api/clients").status_code == 404


def test_somebody_who_may_no_longer_sign_in_is_out_at_once(browser: Client) -> None:
    sign_in(browser, "olga")
    assert browser.get("/accounts/password/change/").status_code == 200
    Person.objects.filter(slug="olga").update(is_active=False)
    assert browser.get("/accounts/password/change/").status_code == 302
    assert sign_in(browser, "olga").headers["Location"] == "/accounts/inactive/"
    assert authorize(browser).headers["Location"].startswith("/accounts/login/")


def test_a_changed_password_is_audited_and_keeps_the_session(browser: Client) -> None:
    sign_in(browser, "olga")
    new = "another horse altogether"
    given = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    assert browser.post("/accounts/password/change/", given).status_code == 302
    assert browser.get("/accounts/password/change/").status_code == 200
    assert Person.objects.get(slug="olga").check_password(new)
    assert world.entries("vendor")[-1] == ("person.password_set", "person:olga")


def test_the_way_back_is_kept_but_never_leads_elsewhere(browser: Client) -> None:
    assert sign_in(browser, "olga", next="/identity/o/device").headers["Location"] == "/identity/o/device"
    other = Client(SERVER_NAME="127.0.0.1")
    assert sign_in(other, "olga", next="https://evil.test/").headers["Location"] == "/"


def redirect_uri() -> str:
    return f"{bootstrap.settings.matrix_public_url}/_synapse/client/oidc/callback"


def authorize(browser: Client, **more: str) -> Any:
    challenge = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
    query = {
        "response_type": "code",
        "client_id": "synapse",
        "redirect_uri": redirect_uri(),
        "scope": "openid profile email",
        "state": "s1",
        "nonce": "n1",
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    return browser.get("/identity/o/authorize", {**query, **more})


def exchange(code: str, secret: str | None = None) -> Any:
    """What the homeserver does with the code."""
    pair = f"synapse:{secret or bootstrap.settings.oidc_client_secret}".encode()
    body = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri(), "code_verifier": VERIFIER}
    headers = {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}
    return Client(SERVER_NAME="127.0.0.1").post("/identity/o/api/token", body, headers=headers)


def code_of(response: Any) -> str:
    assert response.status_code == 302, response.content
    address = response.headers["Location"]
    assert address.startswith(redirect_uri())
    query = parse_qs(urlsplit(address).query)
    assert query["state"] == ["s1"]
    return query["code"][0]


def claims_of(token: str) -> Any:
    return json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))


def test_the_code_flow_ends_with_the_person_who_was_provisioned(browser: Client) -> None:
    first = authorize(browser)
    assert urlsplit(first.headers["Location"]).path == "/accounts/login/"
    sign_in(browser, "olga")
    tokens = exchange(code_of(authorize(browser))).json()
    claims = claims_of(tokens["id_token"])
    olga = Person.objects.get(slug="olga")
    assert (claims["iss"], claims["aud"], claims["nonce"]) == (issuer(), "synapse", "n1")
    told = {name: claims[name] for name in ("sub", "preferred_username", "name", "email")}
    assert told == {"sub": "olga", "preferred_username": olga.localpart, "name": "Olga", "email": "olga@acme.test"}
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    info = Client(SERVER_NAME="127.0.0.1").get("/identity/o/api/userinfo", headers=headers)
    assert {name: info.json()[name] for name in told} == told


def test_a_code_works_once_and_only_with_the_secret(browser: Client) -> None:
    sign_in(browser, "olga")
    code = code_of(authorize(browser))
    assert exchange(code, "wrong").status_code == 401
    assert exchange(code).status_code == 200
    assert exchange(code).status_code == 400


def test_a_code_is_worth_nothing_once_the_person_may_no_longer_sign_in(browser: Client) -> None:
    sign_in(browser, "olga")
    code = code_of(authorize(browser))
    Person.objects.filter(slug="olga").update(is_active=False)
    assert exchange(code).status_code == 400


def test_codes_go_to_the_homeserver_only(browser: Client) -> None:
    sign_in(browser, "olga")
    response = authorize(browser, redirect_uri="https://evil.test/")
    assert not response.has_header("Location")
    assert "cannot go on" in response.content.decode()


def test_the_discovery_document_names_the_public_address(browser: Client) -> None:
    found = browser.get("/.well-known/openid-configuration").json()
    assert found["issuer"] == issuer()
    assert not found["issuer"].endswith("/")


def test_the_homeservers_row_is_made_once_and_follows_the_settings(browser: Client) -> None:
    before = OidcClient.objects.get(pk="synapse")
    ensure_synapse_client(START)
    assert OidcClient.objects.get(pk="synapse").secret == before.secret
    OidcClient.objects.filter(pk="synapse").update(redirect_uris="https://old.test/", secret="x")
    ensure_synapse_client(START)
    after = OidcClient.objects.get(pk="synapse")
    assert after.redirect_uris == redirect_uri()
    assert after.check_secret(bootstrap.settings.oidc_client_secret or "")
