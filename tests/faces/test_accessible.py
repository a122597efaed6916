"""Every page against axe-core in both colour schemes, at the width of a telephone and at 200 %, and without motion (WCAG 2.2 AA).

A page of the console, the portal, the chat or of sign-in that is not in `PAGES` fails here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import URLPattern, URLResolver, get_resolver
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.acceptance.browsing import PASSWORD, Signed, address, signing_in
from tests.harness.live import Live, eventually
from tests.harness.scene import PRODUCT, Scene, workspace

#: Rules of WCAG 2.2 at the levels A and AA, and axe's own best practices.
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
SLUG = "seeing"
#: Who looks → name of the address and what is asked there. Names in braces are filled by `_names`.
PAGES: dict[str, dict[str, str]] = {
    "nobody": {
        "account_login": "/accounts/login/",
        "account_reset_password": "/accounts/password/reset/",
        "account_inactive": "/accounts/inactive/",
        "page_link": "/page/no-such-page",
    },
    "owner": {
        "portal:support": f"/portal/{SLUG}/",
        "portal:cases": f"/portal/{SLUG}/cases?view=all",
        "portal:case": f"/portal/{SLUG}/cases/{{ref}}",
        "portal:new_request": f"/portal/{SLUG}/new",
        "portal:p0": f"/portal/{SLUG}/p0",
        "portal:consents": f"/portal/{SLUG}/consents",
        "portal:consent": f"/portal/{SLUG}/consents/{{consent}}",
        "portal:search": f"/portal/{SLUG}/search?q=export",
        "portal:files": f"/portal/{SLUG}/files",
        "portal:team": f"/portal/{SLUG}/team",
        "chat:index": "/chat/?after=a",
        "chat:room": f"/chat/{SLUG}",
        "chat:room thread": f"/chat/{SLUG}?thread={{message}}",
        "chat:room answer": f"/chat/{SLUG}?reply={{message}}",
        "chat:search": f"/chat/{SLUG}/search?q=export",
        "account_logout": "/accounts/logout/",
        "account_change_password": "/accounts/password/change/",
        "account_reauthenticate": "/accounts/reauthenticate/",
        "mfa_index": "/accounts/2fa/",
        "mfa_activate_totp": "/accounts/2fa/totp/activate/",
        "mfa_list_webauthn": "/accounts/2fa/webauthn/",
        "mfa_add_webauthn": "/accounts/2fa/webauthn/add/",
        "usersessions_list": "/accounts/sessions/",
    },
    "member": {"portal:support without": f"/portal/{SLUG}/", "portal:index": "/portal/"},
    "staff": {
        "styleguide": "/styleguide",
        "console:cases": "/console/",
        "console:cases all": "/console/?view=all",
        "console:case": "/console/cases/{ref}",
        "console:attention": "/console/attention",
        "console:search": "/console/search?q=export",
        "console:oncall": "/console/oncall",
        "console:consents": "/console/consents",
        "console:consent": "/console/consents/{consent}",
        "console:rooms": "/console/rooms",
        "console:room": f"/console/rooms/of/{SLUG}",
        "console:filing": "/console/filing",
        "console:macros": "/console/macros",
        "console:new_macro": f"/console/macros/new/{PRODUCT}",
        "console:webhooks": "/console/webhooks",
        "console:workspaces": "/console/workspaces",
        "console:workspace": f"/console/workspaces/{SLUG}",
        "console:products": "/console/products",
        "console:product": f"/console/products/{PRODUCT}",
        "console:audit": "/console/audit",
        "console:health": "/console/health",
        "console:reports": "/console/reports",
        "console:report": "/console/reports/responses",
        "console:report backlog": "/console/reports/backlog",
        "console:report workload": "/console/reports/workload",
        "console:report_cases": "/console/reports/cases?report=backlog&figure=all",
    },
}


@dataclass(frozen=True)
class Desk:
    live: Live
    scene: Scene
    names: dict[str, str]


@pytest.fixture(scope="module")
def desk(live: Live) -> Desk:
    """A room with a request, a file, a thread, a reaction, and something to agree to; a member without access."""
    scene = workspace(live, SLUG, tier="enterprise")
    scene.member("member", "Mira")
    live.run("staff", "put", f"dora-{SLUG}", "--name", "Dora", "--role", "administrator")
    phone = scene.client(scene.owner)
    event = phone.say(scene.room, "P0 The export stops at half, and nobody can work.")
    ref = scene.case()["ref"]
    phone.send(scene.room, "m.reaction", {"m.relates_to": {"rel_type": "m.annotation", "event_id": event, "key": "👍"}})
    asked = {"workspace": SLUG, "kind": "restore", "words": "Restore the data of Sunday.", "target": "current"}
    answer = live.rest("POST", "consents", json=asked)
    assert answer.status_code == 201, answer.text
    found = eventually(lambda: live.rest("GET", "record", params={"q": "export"}).json()["items"], "the message")
    return Desk(live, scene, {"ref": ref, "consent": answer.json()["id"], "message": str(found[0]["id"])})


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    expect.set_options(timeout=60_000)
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
        )
        yield running
        running.close()


@pytest.fixture
def signed_in(live: Live, chromium: Browser) -> Iterator[Signed]:
    with signing_in(live, chromium) as opened:
        yield opened


def opened(desk: Desk, chromium: Browser, signed_in: Signed, who: str) -> Page:
    people = {"owner": desk.scene.owner, "member": f"mira-{SLUG}", "staff": f"dora-{SLUG}"}
    if who == "nobody":
        return chromium.new_context(locale="en-GB").new_page()
    page = signed_in(people[who], "/accounts/reauthenticate/?next=/accounts/2fa/")
    # Pages on which one's own sign-in is changed ask for the password again.
    page.locator("input[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    page.wait_for_url("**/accounts/2fa/")
    return page


@pytest.mark.parametrize("who", PAGES)
def test_no_page_has_a_fault_in_either_scheme(desk: Desk, chromium: Browser, signed_in: Signed, who: str) -> None:
    page, faults = opened(desk, chromium, signed_in, who), []
    for name, path in PAGES[who].items():
        page.goto(f"{address(desk.live)}{path.format(**desk.names)}")
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            found = Axe().run(page, options=RULES)
            faults += [f"{name} ({scheme}): {one}" for one in _faults(found.response)]
    assert faults == []


def _faults(response: Any) -> Iterator[str]:
    for fault in response["violations"]:
        for node in fault["nodes"]:
            yield f"{fault['id']}: {fault['help']}: {node['html'][:200]}"


@pytest.mark.parametrize("who", PAGES)
def test_no_page_scrolls_sideways_on_a_telephone_or_at_twice_the_size(
    desk: Desk, chromium: Browser, signed_in: Signed, who: str
) -> None:
    page, wide = opened(desk, chromium, signed_in, who), []
    for name, path in PAGES[who].items():
        page.goto(f"{address(desk.live)}{path.format(**desk.names)}")
        # 1280 pixels at 200 % are 640, and at 400 % a telephone's 320.
        for width in (640, 320):
            page.set_viewport_size({"width": width, "height": 512})
            if (found := page.evaluate("document.documentElement.scrollWidth")) > width:
                wide.append(f"{name}: {found} at {width}")
    assert wide == []


def test_nothing_moves_for_whoever_wants_no_motion(desk: Desk, chromium: Browser, signed_in: Signed) -> None:
    page = opened(desk, chromium, signed_in, "staff")
    page.emulate_media(reduced_motion="reduce")
    moving = (
        "[...document.querySelectorAll('*')].filter(one => {"
        " const style = getComputedStyle(one);"
        " return style.animationName !== 'none' || style.transitionDuration.split(', ').some(time => parseFloat(time) > 0)"
        "   && style.transitionProperty !== 'none' || style.scrollBehavior === 'smooth' }).length"
    )
    for path in ("/console/", "/console/cases/{ref}", f"/chat/{SLUG}", "/styleguide"):
        page.goto(f"{address(desk.live)}{path.format(**desk.names)}")
        assert page.evaluate(moving) == 0, path


#: Addresses that draw no page of their own: they act, lead on, or answer with a file. A macro is drawn as a new one is, a webhook
#: and a staff room as a room.
_NO_PAGE = {
    "chat:open", "chat:signs", "portal:access", "portal:rate", "portal:file", "console:file", "console:bulk", "console:undo", "console:keep_view",
    "console:find", "console:repair", "console:staff_repair", "console:staff_room", "console:webhook", "console:macro", "console:act",
    "console:presence",
}  # fmt: skip


def test_every_page_is_looked_at() -> None:
    """By its name among the addresses."""
    names = {name.partition(" ")[0] for pages in PAGES.values() for name in pages}
    faces = ("portal", "chat", "console")
    asked = {name for name in _named(get_resolver().url_patterns, "") if name.partition(":")[0] in faces}
    assert asked - names - _NO_PAGE == set()


def _named(patterns: list[Any], prefix: str) -> Iterator[str]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            space = f"{prefix}{pattern.namespace}:" if pattern.namespace else prefix
            yield from _named(pattern.url_patterns, space)
        elif isinstance(pattern, URLPattern) and pattern.name:
            yield f"{prefix}{pattern.name}"
