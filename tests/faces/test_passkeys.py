"""Signing in with a passkey, in Chromium with an authenticator of its own (WebAuthn level 2), and the pages on which a sign-in is kept safe."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect

from tests.acceptance.browsing import PASSWORD, sign_in
from tests.faces.looking import faults_of
from tests.faces.pages import KEPT_SAFE
from tests.harness.authenticator import shown
from tests.harness.live import Live
from tests.harness.scene import workspace


class Walk:
    """A page of one person, of which each stop is looked at once."""

    def __init__(self, live: Live, page: Page) -> None:
        # Browsers give keys to names only, never to a bare IP address.
        self._here = f"http://localhost:{urlsplit(live.ready['url']).port}"
        self.page = page
        self.seen: list[str] = []
        self.faults: list[str] = []

    def to(self, path: str) -> None:
        self.page.goto(f"{self._here}{path}")

    def look(self, name: str) -> None:
        """At the page that is open."""
        assert self.page.url.startswith(
            f"{self._here}{reverse(name, kwargs=self._key() if '/keys/' in self.page.url else None)}"
        )
        self.seen.append(name)
        self.faults += faults_of(self.page, name)

    def look_at(self, name: str) -> None:
        self.to(reverse(name))
        self.look(name)

    def _key(self) -> dict[str, int]:
        return {"pk": int(self.page.url.split("/keys/")[1].split("/")[0])}


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


def add_key(walk: Walk) -> None:
    page = walk.page
    walk.look("mfa_add_webauthn")
    page.get_by_label("Name").fill("My laptop")
    page.get_by_label("Passwordless").check()
    page.locator("#mfa_webauthn_add").click()
    page.wait_for_url(lambda url: "/add/" not in url)
    walk.look_at("mfa_list_webauthn")
    expect(page.locator("main")).to_contain_text("My laptop")
    for link, name in (("Rename", "mfa_edit_webauthn"), ("Remove", "mfa_remove_webauthn")):
        page.get_by_role("link", name=link).click()
        walk.look(name)
        page.go_back()
    walk.look_at("mfa_reauthenticate_webauthn")


def add_app(walk: Walk) -> None:
    """The app's codes are those of this moment (RFC 6238)."""
    page = walk.page
    walk.look_at("mfa_activate_totp")
    secret = page.locator("#authenticator_secret").input_value()
    page.locator("input[name=code]").fill(shown(secret))
    page.get_by_role("button", name="Activate").click()
    page.wait_for_url(lambda url: "/activate/" not in url)
    for name in ("mfa_view_recovery_codes", "mfa_generate_recovery_codes", "mfa_deactivate_totp"):
        walk.look_at(name)


def sign_out(walk: Walk) -> None:
    walk.to(reverse("account_logout"))
    walk.page.locator("main form button[type=submit]").click()
    walk.page.wait_for_url(lambda url: "/logout/" not in url)


@pytest.mark.part_of("R09")
def test_a_passkey_signs_its_owner_in_without_a_password(live: Live, chromium: Browser) -> None:
    scene = workspace(live, "keyed", product="power-omni", tier="basic")
    live.run("person", "password", scene.owner, "--password-stdin", stdin=PASSWORD)
    page = chromium.new_context(locale="en-GB", reduced_motion="reduce").new_page()
    page.set_default_timeout(60_000)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    with_key(page)
    walk = Walk(live, page)
    walk.to(reverse("mfa_add_webauthn"))
    sign_in(page, scene.owner)
    # Whoever changes how they sign in says their password again.
    page.locator("input[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    page.wait_for_url("**/webauthn/add/")
    add_key(walk)
    add_app(walk)
    sign_out(walk)
    # The password alone is not enough any more.
    walk.to("/portal/keyed/")
    sign_in(page, scene.owner)
    page.wait_for_url("**/2fa/authenticate/")
    walk.look("mfa_authenticate")
    page.get_by_role("button", name="Cancel").click()
    page.wait_for_url("**/accounts/login/")
    walk.to("/accounts/login/?next=/portal/keyed/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url("**/portal/keyed/")
    expect(page.locator("h1")).to_have_text("Support")
    assert errors == []
    assert not walk.faults, "\n".join(walk.faults)
    assert tuple(walk.seen) == KEPT_SAFE
    page.context.close()
