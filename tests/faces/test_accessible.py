"""Every page against axe-core in both colour schemes, at the width of a telephone and at 200 %, and without motion (WCAG 2.2 AA)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.core.signing import Signer
from playwright.sync_api import Browser, Page

from roomdesk.runtime import clock
from tests.acceptance.browsing import PASSWORD, Signed, address
from tests.faces.looking import faults_of, too_wide
from tests.faces.pages import KEPT_SAFE, NO_PAGE, PAGES, SLUG, names
from tests.harness.live import Live, eventually
from tests.harness.scene import PRODUCT, Scene, workspace

#: Somewhere else to sign in; nobody goes there.
PROVIDER = """
[theirs]
name = "Their own sign-in"
issuer = "https://id.example.org"
client_id = "desk"
for = "customers"
products = ["power-omni"]
"""


@dataclass(frozen=True)
class Desk:
    live: Live
    scene: Scene
    names: dict[str, str]


@pytest.fixture(scope="module")
def live() -> Iterator[Live]:
    """One of its own, for the pages of a sign-in elsewhere."""
    running = Live(ROOMDESK_SIGN_IN_PROVIDERS=PROVIDER).start()
    yield running
    assert running.stop() == 0
    running.remove()


def _rota(scene: Scene) -> dict[str, Any]:
    """The engineer always, so that the room keeps them; with a second layer, leave and a gap to be drawn."""
    common = {"zone": "Europe/Sofia", "starts": "2026-01-05", "hand_over": "09:00", "people": [scene.engineer]}
    first, second = {**common, "name": "nights"}, {**common, "name": "second", "level": 2, "every": "1 day"}
    begin = clock.now().replace(microsecond=0) + timedelta(days=10)
    away = {"person": scene.engineer, "start": f"{begin:%Y-%m-%dT%H:%M:%SZ}"}
    return {"layers": [first, second], "leave": [{**away, "end": f"{begin + timedelta(days=2):%Y-%m-%dT%H:%M:%SZ}"}]}


@pytest.fixture(scope="module")
def desk(live: Live) -> Desk:
    """A room with a request, a file, a thread, a reaction, and something to agree to; a member without access, who asks for it."""
    scene = workspace(live, SLUG, tier="enterprise")
    scene.member("member", "Mira")
    scene.await_in_room(scene.member("admin", "Asya", locale="bg"))
    live.run("access", "ask", SLUG, f"mira-{SLUG}")
    live.run("staff", "put", f"dora-{SLUG}", "--name", "Dora", "--role", "administrator")
    assert live.rest("PUT", f"rotas/{PRODUCT}", json=_rota(scene)).status_code == 200
    phone = scene.client(scene.owner)
    event = phone.say(scene.room, "P0 The export stops at half, and nobody can work.")
    ref = scene.case()["ref"]
    phone.send(scene.room, "m.reaction", {"m.relates_to": {"rel_type": "m.annotation", "event_id": event, "key": "👍"}})
    written = (
        "**Three things**\n\n1. `log`\n2. > quoted\n\n```\n"
        + "a long line of code, " * 20
        + "\n```\n\n| a | b |\n|-|-|\n| 1 | 2 |\n"
    )
    said = live.rest("POST", f"cases/{ref}/messages", json={"author": scene.engineer, "text": written})
    assert said.status_code == 201, said.text
    asked = {"workspace": SLUG, "kind": "restore", "words": "Restore the data of Sunday.", "target": "current"}
    consent = live.rest("POST", "consents", json=asked)
    assert consent.status_code == 201, consent.text
    heard = live.rest("PUT", "webhooks/hearing", json={"url": "https://hooks.example/desk"})
    assert heard.status_code in (200, 201), heard.text
    found = eventually(lambda: live.rest("GET", "record", params={"q": "export"}).json()["items"], "the message")
    given = {
        "ref": ref,
        "consent": consent.json()["id"],
        "message": str(found[0]["id"]),
        "webhook": "hearing",
        "token": _drill(live, scene),
    }
    return Desk(live, scene, given)


def _drill(live: Live, scene: Scene) -> str:
    """What a link to a page carries, as whoever is called in a drill gets it."""
    live.run("oncall", "drill", PRODUCT, "--wait", "0", check=False)
    page = live.rest("GET", "pages").json()["items"][0]
    key = json.loads((live.folder / "secrets.json").read_text())["secret_key"]
    until = clock.now().replace(year=clock.now().year + 1)
    said = {"page": page["id"], "to": scene.engineer, "until": until.isoformat()}
    return Signer(key=key, salt="roomdesk.oncall.link").sign_object(said)


def opened(desk: Desk, chromium: Browser, signed_in: Signed, who: str) -> Page:
    people = {"owner": desk.scene.owner, "member": f"mira-{SLUG}", "staff": f"dora-{SLUG}"}
    if who == "nobody":
        return chromium.new_context(locale="en-GB", reduced_motion="reduce").new_page()
    page = signed_in(people[who], "/", reduced_motion="reduce")
    page.goto(f"{address(desk.live)}/accounts/reauthenticate/?next=/accounts/2fa/")
    # Pages on which one's own sign-in is changed ask for the password again.
    page.locator("input[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    page.wait_for_url("**/accounts/2fa/")
    return page


@pytest.mark.parametrize("who", PAGES)
def test_no_page_has_a_fault(desk: Desk, chromium: Browser, signed_in: Signed, who: str) -> None:
    page, faults = opened(desk, chromium, signed_in, who), []
    for name, path in PAGES[who].items():
        page.goto(f"{address(desk.live)}{path.format(**desk.names)}")
        faults += faults_of(page, name)
    assert not faults, "\n".join(faults)


def test_the_longer_words_of_bulgarian_fit_too(desk: Desk, signed_in: Signed) -> None:
    page, faults = signed_in(f"asya-{SLUG}", "/"), []
    for name, path in PAGES["owner"].items():
        if name.startswith(("portal:", "chat:")):
            page.goto(f"{address(desk.live)}{path.format(**desk.names)}")
            faults += too_wide(page, name)
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize(("language", "cases"), [("bg", "Случаи"), ("pt-BR", "Casos")])
def test_the_console_fits_in_other_languages(
    desk: Desk, chromium: Browser, signed_in: Signed, language: str, cases: str
) -> None:
    """In the browser's language, which counts where nobody has chosen one."""
    known = signed_in(f"dora-{SLUG}", "/").context.storage_state()
    page, faults = chromium.new_context(locale=language, storage_state=known).new_page(), []
    for name, path in PAGES["staff"].items():
        if name.startswith("console:"):
            page.goto(f"{address(desk.live)}{path.format(**desk.names)}")
            assert cases in page.locator(".top nav").inner_text()
            faults += too_wide(page, name)
    page.context.close()
    assert not faults, "\n".join(faults)


def test_every_page_is_looked_at() -> None:
    """A new address without a row fails here."""
    rows = {name.partition(" ")[0] for pages in PAGES.values() for name in pages} | set(KEPT_SAFE)
    assert names() - rows - NO_PAGE == set()
    assert (rows | NO_PAGE) - names() == set()
