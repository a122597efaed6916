"""R07 (sign-in part), R54: the first sign-in at the homeserver goes through the desk's identity provider and lands on the account made beforehand."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.harness import http
from tests.harness.live import Live
from tests.harness.scene import Scene, workspace

PASSWORD = "correct horse 42 staple"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(
            executable_path="/usr/bin/chromium",
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"],
        )
        yield running
        running.close()


@pytest.fixture(scope="module")
def harbour(live: Live) -> Scene:
    return workspace(live, "harbour")


def sign_in_at_homeserver(page: Page, live: Live, person: str) -> dict[str, str]:
    """What a Matrix client does: to the homeserver's SSO address, through the sign-in page, back with a login token."""
    back = f"{live.ready['url'].rstrip('/')}/healthz"
    base = live.ready["matrix_url"].rstrip("/")
    page.set_default_timeout(60_000)
    page.goto(f"{base}/_matrix/client/v3/login/sso/redirect/oidc-roomdesk?redirectUrl={quote(back, safe='')}")
    page.locator("input[name=login]").fill(person)
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("form button[type=submit]").first.click()
    page.wait_for_url("**/healthz?loginToken=*")
    (token,) = parse_qs(urlsplit(page.url).query)["loginToken"]
    body = {"type": "m.login.token", "token": token}
    answer = http.request("POST", f"{base}/_matrix/client/v3/login", json=body)
    again = http.request("POST", f"{base}/_matrix/client/v3/login", json=body)
    assert again.status_code == 403
    found: dict[str, str] = answer.raise_for_status().json()
    return found


@pytest.mark.part_of("R07", "R54")
@pytest.mark.parametrize("role", ["owner", "engineer"])
def test_the_first_sign_in_lands_on_the_account_made_beforehand(
    live: Live, harbour: Scene, browser: Browser, role: str
) -> None:
    person = getattr(harbour, role)
    live.run("person", "password", person, "--password-stdin", stdin=PASSWORD)
    context = browser.new_context()
    login = sign_in_at_homeserver(context.new_page(), live, person)
    context.close()
    assert login["user_id"] == f"@{person}:{live.ready['server_name']}"
    headers = {"Authorization": f"Bearer {login['access_token']}"}
    base = live.ready["matrix_url"].rstrip("/")
    rooms = http.request("GET", f"{base}/_matrix/client/v3/joined_rooms", headers=headers).json()
    assert harbour.room in rooms["joined_rooms"]


@pytest.mark.part_of("R05", "R54")
def test_a_wrong_password_gets_nobody_in(live: Live, harbour: Scene, browser: Browser) -> None:
    live.run("person", "password", harbour.owner, "--password-stdin", stdin=PASSWORD)
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{live.ready['url'].rstrip('/')}/accounts/login/")
    page.locator("input[name=login]").fill(harbour.owner)
    page.locator("input[name=password]").fill("not the password")
    page.locator("form button[type=submit]").first.click()
    expect(page.locator("[role=alert], .errorlist").first).to_be_visible(timeout=60_000)
    assert "/accounts/login" in page.url
    context.close()
