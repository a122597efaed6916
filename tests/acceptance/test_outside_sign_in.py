"""R07 (sign-in part): a real browser goes by the homeserver and the desk to an outside OpenID Connect provider, and comes back signed in at all three."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.fakes.oidc import CLIENT, SECRET, Provider, provider
from tests.harness import http
from tests.harness.live import Live
from tests.harness.scene import PRODUCT, Scene, workspace

SETTINGS = """
[vendor]
name = "Vendor"
issuer = "{vendor}"
client_id = "{client}"
client_secret = "{secret}"
for = "staff"
roles_claim = "groups"
[vendor.roles]
support = "engineer@{product}"

[cloud]
name = "Cloud"
issuer = "{cloud}"
client_id = "{client}"
client_secret = "{secret}"
for = "customers"
products = ["{product}"]
"""


@dataclass
class Outside:
    """An installation of which staff and customers sign in at providers of their own, and a workspace of it."""

    live: Live
    vendor: Provider
    cloud: Provider
    scene: Scene


@pytest.fixture(scope="module")
def outside() -> Iterator[Outside]:
    with provider("") as vendor, provider("") as cloud:
        named = {"vendor": vendor.issuer, "cloud": cloud.issuer, "client": CLIENT, "secret": SECRET, "product": PRODUCT}
        live = Live(ROOMDESK_SIGN_IN_PROVIDERS=SETTINGS.format(**named)).start()
        for one, name in ((vendor, "vendor"), (cloud, "cloud")):
            one.redirect_uri = f"{live.ready['url'].rstrip('/')}/accounts/outside/{name}/back"
        scene = workspace(live, "quay")
        yield Outside(live, vendor, cloud, scene)
        assert vendor.refused == cloud.refused == []
        assert live.stop() == 0
        live.remove()


@pytest.fixture
def fresh(chromium: Browser) -> Iterator[BrowserContext]:
    context = chromium.new_context()
    context.set_default_timeout(60_000)
    yield context
    context.close()


def go(page: Page, live: Live, button: str) -> str:
    """What a Matrix client does: to the homeserver's SSO address, by the desk's sign-in page to the provider; where it would come back to."""
    back = f"{live.ready['url'].rstrip('/')}/healthz"
    base = live.ready["matrix_url"].rstrip("/")
    page.goto(f"{base}/_matrix/client/v3/login/sso/redirect/oidc-roomdesk?redirectUrl={quote(back, safe='')}")
    page.get_by_role("link", name=button).click()
    return back


def rooms_of(page: Page, live: Live, person: str) -> list[str]:
    """Signs in at the homeserver with the token that the browser came back with; the rooms of the account that was made beforehand."""
    page.wait_for_url("**/healthz?loginToken=*")
    (token,) = parse_qs(urlsplit(page.url).query)["loginToken"]
    base = f"{live.ready['matrix_url'].rstrip('/')}/_matrix/client/v3"
    answer = http.request("POST", f"{base}/login", json={"type": "m.login.token", "token": token}).raise_for_status()
    assert answer.json()["user_id"] == f"@{person}:{live.ready['server_name']}"
    headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    found: list[str] = http.request("GET", f"{base}/joined_rooms", headers=headers).json()["joined_rooms"]
    return found


@pytest.mark.part_of("R07", "R54")
def test_staff_come_by_the_vendors_provider_to_the_room_and_the_console(
    outside: Outside, fresh: BrowserContext
) -> None:
    live, scene = outside.live, outside.scene
    outside.vendor.person = {
        "sub": "v-17", "email": f"{scene.engineer}@vendor.test", "email_verified": True, "groups": ["support"],
    }  # fmt: skip
    page = fresh.new_page()
    go(page, live, "Sign in with Vendor")
    assert scene.room in rooms_of(page, live, scene.engineer)
    # The same sign-in opens the console: nobody is asked a second time.
    exchanges = outside.vendor.exchanges
    page.goto(f"{live.ready['url'].rstrip('/')}/console/workspaces/{scene.slug}")
    expect(page.get_by_role("heading", name="Quay", level=1)).to_be_visible()
    assert outside.vendor.exchanges == exchanges == 1
    shown = live.json("person", "show", scene.engineer)
    assert "v-17" in str(shown), "the link by issuer and subject was made"


@pytest.mark.part_of("R07", "R54")
def test_a_customer_comes_by_the_products_provider_to_the_room_and_the_portal(
    outside: Outside, fresh: BrowserContext
) -> None:
    live, scene = outside.live, outside.scene
    outside.cloud.person = {"sub": scene.owner}
    page = fresh.new_page()
    go(page, live, "Sign in with Cloud")
    assert scene.room in rooms_of(page, live, scene.owner)
    exchanges = outside.cloud.exchanges
    page.goto(f"{live.ready['url'].rstrip('/')}/portal/{scene.slug}/")
    expect(page.get_by_role("link", name="Open Matrix room")).to_be_visible()
    assert outside.cloud.exchanges == exchanges == 1


@pytest.mark.part_of("R05", "R54")
@pytest.mark.parametrize(("name", "who"), [("Vendor", "engineer"), ("Cloud", "stranger"), ("Cloud", "engineer")])
def test_whom_nobody_let_in_gets_neither_session_nor_account(
    outside: Outside, fresh: BrowserContext, name: str, who: str
) -> None:
    """A stranger at either provider, and staff at the customers' one (D42)."""
    live, scene = outside.live, outside.scene
    strange = {"sub": "nobody-here", "email": "nobody@vendor.test", "email_verified": True, "groups": ["support"]}
    outside.vendor.person = strange
    outside.cloud.person = {"sub": scene.engineer if who == "engineer" else "nobody-here"}
    page = fresh.new_page()
    go(page, live, f"Sign in with {name}")
    page.wait_for_url(f"**/accounts/outside/{name.lower()}/back?*")
    expect(page.get_by_role("alert").first).to_be_visible()
    assert "loginToken" not in page.url
    for path in ("/console/", f"/portal/{scene.slug}/"):
        page.goto(f"{live.ready['url'].rstrip('/')}{path}")
        assert "/accounts/login/" in page.url
    assert live.run("person", "show", "nobody-here", check=False).returncode != 0
    # Nor did the homeserver make an account: not even the desk itself could speak as it.
    token = json.loads((live.folder / "secrets.json").read_text())["people_token"]
    body = {"type": "m.login.application_service", "identifier": {"type": "m.id.user", "user": "nobody-here"}}
    base, headers = live.ready["matrix_url"].rstrip("/"), {"Authorization": f"Bearer {token}"}
    assert http.request("POST", f"{base}/_matrix/client/v3/login", headers=headers, json=body).status_code == 404
