"""Signing in with a passkey, in Chromium with an authenticator of its own (WebAuthn level 2)."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.acceptance.browsing import PASSWORD, sign_in
from tests.faces.test_accessible import chromium
from tests.harness.live import Live
from tests.harness.scene import workspace

__all__ = ["chromium"]


def here(live: Live) -> str:
    """Browsers give keys to names only, never to a bare IP address."""
    return f"http://localhost:{urlsplit(live.ready['url']).port}"


def with_key(page: Page) -> None:
    """A platform's authenticator whose owner always agrees."""
    tools = page.context.new_cdp_session(page)
    tools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    tools.send("WebAuthn.addVirtualAuthenticator", {"options": options})


@pytest.mark.part_of("R09")
def test_a_passkey_signs_its_owner_in_without_a_password(live: Live, chromium: Browser) -> None:
    scene = workspace(live, "keyed", product="power-omni")
    live.run("person", "password", scene.owner, "--password-stdin", stdin=PASSWORD)
    page = chromium.new_context(locale="en-GB").new_page()
    page.set_default_timeout(60_000)
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    with_key(page)
    page.goto(f"{here(live)}/accounts/2fa/webauthn/add/")
    sign_in(page, scene.owner)
    # Whoever changes how they sign in says their password again.
    page.locator("input[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    page.wait_for_url("**/webauthn/add/")
    page.get_by_label("Name").fill("My laptop")
    page.get_by_label("Passwordless").check()
    page.locator("#mfa_webauthn_add").click()
    page.wait_for_url(lambda url: "/add/" not in url)
    page.goto(f"{here(live)}/accounts/2fa/webauthn/")
    expect(page.locator("main")).to_contain_text("My laptop")
    page.goto(f"{here(live)}/accounts/logout/")
    page.locator("main form button[type=submit]").click()
    page.goto(f"{here(live)}/accounts/login/?next=/portal/keyed/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url("**/portal/keyed/")
    expect(page.locator("h1")).to_have_text("Support")
    assert faults == []
    page.context.close()
