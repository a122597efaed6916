"""The room in a real browser, on a whole installation: everything a customer does there, and more messages than a page could hold (R10)."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import APIResponse, Browser, Page, Route, expect, sync_playwright

from tests.acceptance.browsing import Signed, address, signing_in
from tests.harness.live import Live, eventually
from tests.harness.scene import PRODUCT, Scene, workspace

pytestmark = pytest.mark.part_of("R10")
#: Where `roomdesk bench seed` writes: in the first of its workspaces, which here is one with a room.
LONG = "bench-00001"
#: A hundred thousand take two minutes to be made up.
MANY = 100_000 if os.environ.get("ROOMDESK_DEEP") else 3_000
#: Most messages of one window.
MOST = 80


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    # Its own 5 s are short on a busy machine.
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


def watched(page: Page) -> list[str]:
    faults: list[str] = []
    page.on("console", lambda told: faults.append(told.text) if told.type == "error" else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    return faults


def say(page: Page, text: str) -> None:
    page.get_by_label(re.compile("^(Write in the room|Answer in this thread)")).fill(text)
    page.get_by_role("button", name="Send").click()


def test_answers_reactions_changes_and_files_without_leaving_the_page(live: Live, signed_in: Signed) -> None:
    scene = workspace(live, "chatting")
    customer, staff = signed_in(scene.owner, "/chat/chatting"), signed_in(scene.engineer, "/chat/chatting")
    faults = watched(customer), watched(staff)
    say(customer, "Orders cannot be savd.")
    theirs = staff.locator("#talk .line", has_text="Orders cannot be savd.")
    expect(theirs).to_be_visible()
    # Sent without a reload: the composer is empty and has the focus again.
    expect(customer.locator("#text")).to_have_value("")
    expect(customer.locator("#text")).to_be_focused()

    theirs.get_by_role("link", name=re.compile("^Reply to")).click()
    expect(staff.locator("#about")).to_contain_text("You answer Olga")
    say(staff, "Since when?")
    expect(staff.locator("#about")).to_have_count(0)
    answer = customer.locator("#talk .line", has_text="Since when?")
    expect(answer.locator(".answers")).to_contain_text("Orders cannot be savd.")

    answer.get_by_text("React", exact=True).click()
    answer.get_by_role("button", name="👍").click()
    pressed = customer.locator("#talk .line", has_text="Since when?").locator("[aria-pressed=true]")
    expect(pressed).to_have_text("👍")
    expect(staff.locator("#talk .line", has_text="Since when?").locator("[aria-pressed=false]")).to_have_text("👍")
    pressed.click()
    expect(staff.locator("#talk .line", has_text="Since when?").locator("[aria-pressed]")).to_have_count(0)

    mine = customer.locator("#talk .line", has=customer.locator(".text", has_text="Orders cannot be savd."))
    mine.get_by_role("link", name=re.compile("^Edit")).click()
    customer.locator("#text").fill("Orders cannot be saved.")
    customer.get_by_role("button", name="Save").click()
    expect(staff.locator("#talk .text", has_text="Orders cannot be saved.")).to_be_visible()

    # By drop, as from a file manager.
    drop = """() => {
      const given = new DataTransfer();
      given.items.add(new File(["line one"], "notes.txt", {type: "text/plain"}));
      document.getElementById("composer").dispatchEvent(new DragEvent("drop", {dataTransfer: given, bubbles: true, cancelable: true}));
    }"""
    customer.evaluate(drop)
    customer.get_by_role("button", name="Send").click()
    expect(staff.get_by_role("link", name="notes.txt")).to_be_visible()
    assert faults == ([], [])


def test_typing_and_reading_are_seen_by_the_other(live: Live, signed_in: Signed) -> None:
    scene = workspace(live, "reading")
    customer, staff = signed_in(scene.owner, "/chat/reading"), signed_in(scene.engineer, "/chat/reading")
    customer.locator("#text").press_sequentially("Good mor")
    expect(staff.locator("#writing")).to_have_text("Olga is writing …")
    customer.locator("#text").fill("")
    expect(staff.locator("#writing")).to_have_text("")
    say(customer, "Good morning.")
    expect(staff.locator("#talk")).to_contain_text("Good morning.")
    expect(customer.locator("#talk .seen")).to_have_text("Seen by Ivan")


def test_a_draft_survives_a_reload_and_what_failed_is_sent_once(live: Live, signed_in: Signed) -> None:
    scene = workspace(live, "drafting")
    page = signed_in(scene.owner, "/chat/drafting")
    page.locator("#text").fill("Half a sent")
    page.reload()
    expect(page.locator("#text")).to_have_value("Half a sent")
    page.locator("#text").fill("Said once.")
    page.context.set_offline(True)
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("alert")).to_contain_text("Your text is kept; press Send again.")
    page.context.set_offline(False)
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#talk .text", has_text="Said once.")).to_have_count(1)
    expect(page.get_by_role("alert")).to_have_count(0)
    eventually(lambda: scene.client(scene.owner).texts(scene.room), "the words at the homeserver")
    assert [e["content"]["body"] for e in scene.client(scene.owner).texts(scene.room)].count("Said once.") == 1


def test_what_is_typed_while_a_message_is_on_its_way_is_the_next_one(live: Live, signed_in: Signed) -> None:
    scene = workspace(live, "quick-words")
    page = signed_in(scene.owner, "/chat/quick-words")
    held: list[tuple[Route, APIResponse]] = []
    page.route(
        "**/chat/quick-words*",
        lambda route: held.append((route, route.fetch())) if route.request.method == "POST" else route.continue_(),
    )
    say(page, "The first.")
    expect(page.locator("#talk .line", has_text="The first.")).to_be_visible()
    expect(page.locator("#text")).to_be_focused()
    page.keyboard.press("Control+End")
    page.keyboard.type(" And the second.")
    [(route, answer)] = held
    route.fulfill(response=answer)
    expect(page.locator("#text")).to_have_value("And the second.")
    expect(page.locator("#text")).to_be_focused()


def test_a_killed_web_process_costs_a_reconnect_and_no_message(live: Live, signed_in: Signed) -> None:
    scene = workspace(live, "killing")
    page = signed_in(scene.owner, "/chat/killing")
    phone = scene.client(scene.engineer)
    phone.say(scene.room, "Before.")
    expect(page.locator("#talk")).to_contain_text("Before.")
    live.kill("web")
    phone.say(scene.room, "Meanwhile.")
    expect(page.locator("#talk .text", has_text="Meanwhile.")).to_have_count(1)
    phone.say(scene.room, "Afterwards.")
    expect(page.locator("#talk .text", has_text="Afterwards.")).to_have_count(1)


@pytest.fixture(scope="module")
def long_room(live: Live) -> Scene:
    """A room with messages of two years."""
    scene = workspace(live, LONG, product=PRODUCT)
    live.run("bench", "seed", "--messages", str(MANY), "--workspaces", "1")
    return scene


def numbers(page: Page) -> list[int]:
    """The messages that are there, in their order."""
    return list(page.eval_on_selector_all("#talk [data-entry]", "all => all.map(one => Number(one.dataset.entry))"))


def scroll(page: Page, by: int, end: str) -> None:
    """Scrolls until the window has moved; `end` is the place of the message by which that is told."""
    place = f"Number([...document.querySelectorAll('#talk [data-entry]')].at({end}).dataset.entry)"
    before = page.evaluate(place)
    page.mouse.wheel(0, by)
    page.wait_for_function(f"before => {place} !== before", arg=before)


def test_very_many_messages_scroll_and_only_what_is_seen_is_there(
    live: Live, signed_in: Signed, long_room: Scene
) -> None:
    page = signed_in(long_room.owner, f"/chat/{LONG}")
    faults = watched(page)
    page.mouse.move(600, 300)
    windows = [numbers(page)]
    for _ in range(8):
        scroll(page, -20_000, "0")
        windows.append(numbers(page))
        # Nothing is jumped over: each window shares messages with the one before.
        assert windows[-1][-1] in windows[-2]
    assert max(map(len, windows)) <= MOST and len(set().union(*windows)) >= 250
    while numbers(page)[-1] != windows[0][-1]:
        scroll(page, 20_000, "-1")
        assert len(numbers(page)) <= MOST
    times = page.eval_on_selector_all("#talk [data-entry] time", "all => all.map(one => one.dateTime)")
    assert times == sorted(times) and faults == []


def test_a_message_in_the_middle_has_an_address_and_what_is_new_does_not_move_it(
    live: Live, signed_in: Signed, long_room: Scene
) -> None:
    page = signed_in(long_room.owner, f"/chat/{LONG}")
    where = str(page.locator("#talk .at").nth(20).get_attribute("href"))
    page.goto(f"{address(live)}/chat/{LONG}{where}")
    expect(page.locator(":target")).to_be_in_viewport()
    before = page.locator(":target").bounding_box()
    with page.expect_response(lambda answer: f"/chat/{LONG}?" in answer.url):
        long_room.client(long_room.engineer).say(long_room.room, "Something new at the end.")
    page.wait_for_function(
        "() => document.getElementById('talk').dataset.down || document.body.textContent.includes('Something new')"
    )
    assert page.locator(":target").bounding_box() == before
    page.goto(f"{address(live)}/chat/{LONG}")
    expect(page.locator("#talk")).to_contain_text("Something new at the end.")
