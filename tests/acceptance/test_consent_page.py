"""Agreeing on the page, in a real browser: never by a session that only lasts, always by whoever has just signed in anew (R31, R34, D42)."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from playwright.sync_api import Page, expect

from tests.acceptance.browsing import PASSWORD, Signed
from tests.acceptance.consenting import CURRENT, PHRASE, ask, consent, consume, granted
from tests.harness.live import ROOT, Live
from tests.harness.scene import Scene, workspace

#: Every session of the installation as if its sign-in were six minutes older.
AGE = """
from roomdesk import bootstrap
bootstrap.setup()
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
for row in Session.objects.all():
    store = SessionStore(row.session_key)
    for record in store.get("account_authentication_methods", []):
        record["at"] -= 360
    store.modified = True
    store.save()
"""


@pytest.fixture(scope="module")
def scene(live: Live) -> Scene:
    found = workspace(live, "signing")
    found.await_in_room(found.member("member", "Mira", support_room_access=True))
    return found


def time_passes(live: Live) -> None:
    environ = {**os.environ, **live.environ}
    subprocess.run([sys.executable, "-c", AGE], env=environ, cwd=ROOT, check=True)


def type_anyway(page: Page, text: str) -> None:
    """What somebody does whose page has no field for the words: they put one there."""
    page.locator("#agree").evaluate(
        "(form, words) => { const field = document.createElement('input'); field.name = 'text'; field.value = words; form.append(field); }",
        text,
    )
    page.locator("#agree").get_by_role("button").click()


def sign_in_again(page: Page, password: str) -> None:
    page.locator("input[name=password]").fill(password)
    page.locator("form button[type=submit]").first.click()


@pytest.mark.part_of("R31", "R34")
def test_the_page_takes_a_word_after_a_fresh_sign_in_alone(scene: Scene, signed_in: Signed) -> None:
    request = ask(scene, "restore", CURRENT, target="current")
    ref, place = request["id"], f"/portal/signing/consents/{request['id']}"
    page = signed_in(scene.owner, place)
    time_passes(scene.live)

    page.reload()
    expect(page.locator("#text")).to_have_count(0)
    type_anyway(page, PHRASE)
    page.wait_for_url(lambda url: "/accounts/reauthenticate/" in url)
    after = consent(scene, ref)
    assert (after["state"], after["grants"]) == ("open", [])
    assert consume(scene, request).json()["reason"] == "not_granted"

    sign_in_again(page, "not her password")
    expect(page.locator("input[name=password]")).to_be_visible()
    assert consent(scene, ref)["grants"] == []
    sign_in_again(page, PASSWORD)
    page.wait_for_url(lambda url: url.endswith(place))
    assert consent(scene, ref)["grants"] == [], "to sign in is no consent"

    page.locator("#text").fill("yes")
    page.locator("#agree").get_by_role("button").click()
    expect(page.get_by_role("alert")).to_contain_text(f"Only the exact words count: {PHRASE}")
    assert consent(scene, ref)["grants"] == []
    page.locator("#text").fill("Yes, replace prod.")
    page.locator("#agree").get_by_role("button").click()
    expect(page.get_by_text("Who agreed")).to_be_visible()
    (grant,) = granted(scene, ref)["grants"]
    assert (grant["person"], grant["channel"], grant["step_up"], grant["text"]) == (scene.owner, "portal", True, "Yes, replace prod.")  # fmt: skip
    assert consume(scene, request).status_code == 200


@pytest.mark.part_of("R31")
def test_who_may_not_agree_has_no_way_to(scene: Scene, signed_in: Signed) -> None:
    request = ask(scene, "restore", CURRENT, target="current")
    page = signed_in("mira-signing", f"/portal/signing/consents/{request['id']}")
    expect(page.get_by_text("What it means")).to_be_visible()
    expect(page.locator("#agree")).to_have_count(0)
    expect(page.get_by_role("button", name="No", exact=True)).to_have_count(0)
    assert consent(scene, request["id"])["grants"] == []
