"""The customers' faces in a running installation: access to the room (R03), the way into it (R07), files (R09), the live room in the browser (R10)."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from playwright.sync_api import Browser, expect

from tests.acceptance.browsing import Signed, address
from tests.acceptance.test_sign_in import sign_in_at_homeserver
from tests.harness.live import Live, eventually
from tests.harness.matrix import Client
from tests.harness.scene import Scene, workspace

V3 = "/_matrix/client/v3"


def client_of(scene: Scene, person: str) -> Client | None:
    """The person's client; None before the account is made, which waits for nobody's access."""
    try:
        return scene.client(person)
    except httpx.HTTPStatusError:
        return None


def history(client: Client, room: str) -> Any:
    return client.call("GET", f"{V3}/rooms/{room}/messages?dir=b&limit=50")


def bodies(client: Client, room: str) -> list[str]:
    return [event["content"].get("body", "") for event in history(client, room).json()["chunk"]]


@pytest.mark.requirement("R03")
def test_a_member_gets_in_on_request_and_is_out_at_once(live: Live, signed_in: Signed) -> None:
    scene = workspace(live, "members")
    scene.client(scene.owner).say(scene.room, "Said before Mira came.")
    mira = scene.member("member", "Mira")
    client = eventually(lambda: client_of(scene, mira), "Mira's account")
    assert history(client, scene.room).status_code == 403

    theirs = signed_in(mira, "/portal/members/")
    theirs.locator("#access").get_by_role("button", name="Ask for access").click()
    expect(theirs.locator("#access")).to_contain_text("You have asked for access")
    owner = signed_in(scene.owner, "/portal/members/team")
    owner.get_by_role("button", name="Let in: Mira").click()
    scene.await_in_room(mira)
    assert "Said before Mira came." in bodies(client, scene.room)
    theirs.reload()
    expect(theirs.get_by_role("link", name="Open Matrix room").first).to_be_visible()

    expect(owner.get_by_role("switch", name="Support room access: Mira")).to_have_attribute("aria-checked", "true")
    owner.get_by_role("switch", name="Support room access: Mira").click()
    expect(owner.get_by_role("switch", name="Support room access: Mira")).to_have_attribute("aria-checked", "false")
    eventually(lambda: scene.memberships().get(mira) != "join", "Mira out of the room")
    eventually(lambda: history(client, scene.room).status_code == 403, "no history any more")
    assert theirs.goto(f"{address(live)}/chat/members").status == 404  # type: ignore[union-attr]
    assert client.call("GET", f"{V3}/joined_rooms").json() == {"joined_rooms": []}

    owner.get_by_role("switch", name="Support room access: Mira").click()
    scene.await_in_room(mira)
    theirs.goto(f"{address(live)}/portal/members/team")
    expect(theirs.get_by_role("switch")).to_have_count(0)
    expect(theirs.locator("#people")).to_contain_text("Only the owner and admins switch support room access.")
    chain = live.run("audit", "export", "workspace:members").stdout.splitlines()
    audited = [json.loads(line)["action"] for line in chain]
    assert {"access.asked", "access.approved", "member.changed", "room.removing"} <= set(audited)


@pytest.mark.requirement("R03")
def test_a_reaction_in_the_room_lets_a_member_in(live: Live) -> None:
    scene = workspace(live, "reacting")
    asen, mira = scene.member("admin", "Asen"), scene.member("member", "Mira")
    scene.await_in_room(asen)
    admin, staff = scene.client(asen), scene.client(scene.engineer)
    asked = live.rest("POST", "workspaces/reacting/access-requests", json={"member": mira}).json()
    notice = eventually(
        lambda: [e for e in admin.notices(scene.room) if "Mira asks" in e["content"]["body"]], "a notice"
    )[0]
    relation = {"rel_type": "m.annotation", "event_id": notice["event_id"], "key": "✅"}
    staff.send(scene.room, "m.reaction", {"m.relates_to": relation})
    # What the engineer says next is worked off after the reaction, which by then has done nothing.
    marker = staff.say(scene.room, "Good morning.")
    eventually(
        lambda: marker in [m["event_id"] for m in live.rest("GET", "record?q=good").json()["items"]], "on record"
    )
    requests = live.rest("GET", "workspaces/reacting/access-requests").json()["items"]
    assert [item["state"] for item in requests] == ["open"]
    admin.send(scene.room, "m.reaction", {"m.relates_to": relation})
    scene.await_in_room(mira)
    (item,) = live.rest("GET", "workspaces/reacting/access-requests").json()["items"]
    assert (item["id"], item["state"], item["decided_by"]) == (asked["id"], "approved", asen)


@pytest.mark.requirement("R07")
def test_the_avatar_leads_to_the_room_in_a_new_tab_as_the_same_person(
    live: Live, signed_in: Signed, chromium: Browser
) -> None:
    scene = workspace(live, "avatar")
    page = signed_in(scene.owner, "/")
    page.wait_for_url("**/portal/avatar/")
    page.locator("#me summary").click()
    with page.context.expect_page() as opened:
        page.locator("#me").get_by_role("link", name="Open Matrix room").click()
    chat = opened.value
    chat.wait_for_url("**/chat/avatar")
    assert len(page.context.pages) == 2 and chat.evaluate("window.opener") is None
    chat.get_by_label("Write in the room").fill("Written in the browser.")
    chat.get_by_role("button", name="Send").click()
    owner = scene.client(scene.owner)
    said = eventually(
        lambda: [e for e in owner.texts(scene.room) if e["content"]["body"] == "Written in the browser."], "said"
    )
    account = f"@{scene.owner}:{live.ready['server_name']}"
    assert [event["sender"] for event in said] == [account]
    assert scene.case()["opened_by"] == scene.owner

    # Another browser: the chat's address asks to sign in the first time, and so does any Matrix client, as the same account.
    fresh = signed_in(scene.owner, "/chat/avatar")
    fresh.wait_for_url("**/chat/avatar")
    expect(fresh.locator("#talk")).to_contain_text("Written in the browser.")
    context = chromium.new_context()
    login = sign_in_at_homeserver(context.new_page(), live, scene.owner)
    context.close()
    assert login["user_id"] == account
    client = Client(live.ready["matrix_url"], login["user_id"], login["access_token"])
    assert "Written in the browser." in bodies(client, scene.room)


@pytest.mark.requirement("R07")
def test_one_sign_in_serves_the_pages_and_the_matrix_client(live: Live, signed_in: Signed) -> None:
    """Signed in at the desk, the homeserver's single sign-on asks for nothing more."""
    scene = workspace(live, "single")
    page = signed_in(scene.owner, "/portal/single/")
    page.wait_for_url("**/portal/single/")
    back = quote(f"{address(live)}/healthz", safe="")
    page.goto(f"{live.ready['matrix_url'].rstrip('/')}{V3}/login/sso/redirect/oidc-roomdesk?redirectUrl={back}")
    page.wait_for_url("**/healthz?loginToken=*")


@pytest.mark.requirement("R09")
def test_files_are_listed_and_saved_by_those_who_may_read_the_room(live: Live, signed_in: Signed) -> None:
    scene = workspace(live, "filing")
    asen, boyan = scene.member("admin", "Asen"), scene.member("member", "Boyan")
    scene.await_in_room(asen)
    owner = scene.client(scene.owner)
    content = b"\x89PNG\r\n\x1a\n" + b"what the screen showed"
    upload = owner.call("POST", "/_matrix/media/v3/upload", content=content)
    body = {
        "msgtype": "m.image",
        "body": "screen.png",
        "url": upload.json()["content_uri"],
        "info": {"mimetype": "image/png"},
    }
    owner.send(scene.room, "m.room.message", body)
    page = signed_in(asen, "/portal/filing/files")
    link = page.get_by_role("link", name="screen.png")
    expect(link).to_be_visible()
    with page.expect_download() as saved:
        link.click()
    assert saved.value.path().read_bytes() == content
    place = str(link.get_attribute("href"))
    other = signed_in(boyan, "/portal/filing/files")
    expect(other.locator("main")).to_contain_text("Only people with access")
    assert "screen.png" not in other.content()
    assert other.goto(f"{address(live)}{place}").status == 404  # type: ignore[union-attr]
    listed = scene.case()["ref"]
    staff = signed_in(scene.engineer, f"/console/cases/{listed}")
    expect(staff.get_by_role("link", name="screen.png")).to_be_visible()


@pytest.mark.requirement("R10")
def test_the_room_is_live_in_the_browser_for_customers_and_staff(live: Live, signed_in: Signed) -> None:
    scene = workspace(live, "living")
    customer = signed_in(scene.owner, "/chat/living")
    staff = signed_in(scene.engineer, "/chat/living")
    customer.get_by_label("Write in the room").fill("Orders cannot be saved.")
    customer.get_by_role("button", name="Send").click()
    expect(customer.locator("#talk")).to_contain_text("Orders cannot be saved.")
    # Nobody reloads from here on.
    expect(staff.locator("#talk")).to_contain_text("Orders cannot be saved.")
    staff.get_by_label("Write in the room").fill("We are looking into it.")
    staff.get_by_role("button", name="Send").click()
    expect(customer.locator("#talk")).to_contain_text("We are looking into it.")
    scene.client(scene.owner).say(scene.room, "Thank you, from my phone.")
    expect(customer.locator("#talk")).to_contain_text("Thank you, from my phone.")
    phone = scene.client(scene.owner)

    def senders() -> dict[str, str]:
        return {e["content"]["body"]: e["sender"] for e in phone.texts(scene.room)}

    eventually(lambda: "We are looking into it." in senders(), "the answer at the homeserver")
    server = live.ready["server_name"]
    assert senders()["We are looking into it."] == f"@{scene.engineer}:{server}"
    assert senders()["Orders cannot be saved."] == f"@{scene.owner}:{server}"
    # An answer counts when the room has it, which a page may show before.
    eventually(lambda: scene.case()["clocks"][0]["state"] == "met", "the clock that the answer met")
    case = scene.case()
    assert case["opened_by"] == scene.owner
    portal = signed_in(scene.owner, f"/portal/living/cases/{case['ref']}")
    portal.get_by_label("Write in this request").fill("It works again.")
    portal.get_by_role("button", name="Send").click()
    expect(staff.locator("#talk")).to_contain_text("It works again.")
    console = signed_in(scene.engineer, f"/console/cases/{case['ref']}")
    expect(console.locator("#timeline")).to_contain_text("It works again.")


@pytest.mark.part_of("R10")
def test_everything_works_without_javascript_and_at_320_pixels(live: Live, signed_in: Signed) -> None:
    scene = workspace(live, "narrow")
    small = {"viewport": {"width": 320, "height": 640}, "java_script_enabled": False}
    page = signed_in(scene.owner, "/chat/narrow", **small)
    page.get_by_label("Write in the room").fill("W" * 90)
    page.get_by_role("button", name="Send").click()
    eventually(lambda: scene.cases(), "a case")
    ref = scene.case()["ref"]
    scene.member("member", "Mira")
    mira = f"mira-{scene.slug}"
    live.rest("POST", "workspaces/narrow/access-requests", json={"member": mira})
    page.goto(f"{address(live)}/portal/narrow/team")
    page.get_by_role("button", name=re.compile("^Let in")).click()
    scene.await_in_room(mira)
    wide = signed_in(scene.owner, "/portal/narrow/", viewport={"width": 320, "height": 640})
    faults: list[str] = []
    wide.on("console", lambda told: faults.append(told.text) if told.type == "error" else None)
    paths = ("", "team", "cases", f"cases/{ref}", "files", "search?q=www*")
    for path in (*(f"/portal/narrow/{one}" for one in paths), "/portal/", "/chat/narrow", "/chat/"):
        wide.goto(f"{address(live)}{path}")
        assert wide.evaluate("document.documentElement.scrollWidth") == 320, path
    assert faults == []
