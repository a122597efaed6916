"""A case worked on by keys alone, in Chromium: nothing is clicked, and the focus belongs to whoever types (WCAG 2.1.4)."""

from __future__ import annotations

from playwright.sync_api import APIResponse, Browser, Route, expect

from tests.console.test_in_chromium import PASSWORD, chromium, desk, opened, signed_in
from tests.harness.live import Live

__all__ = ["chromium", "desk"]


def test_staff_work_by_the_keyboard_alone(desk: Live, chromium: Browser) -> None:
    """Sign in, next case, note, answer, resolve; nothing is clicked."""
    first, second = opened(desk, "P0 By keys"), opened(desk, "P0 By keys too")
    page = chromium.new_context(locale="en-GB").new_page()
    page.set_default_timeout(60_000)
    page.goto(f"{desk.ready['url']}/console/?view=p0")
    page.get_by_label("Mail address or id").focus()
    page.keyboard.type("tiago")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/console/?view=p0")
    expect(page.locator(".case", has_text=second)).to_be_visible()
    titles = page.locator(".case .title")
    while first not in page.evaluate(
        "document.activeElement.matches('.title') ? document.activeElement.textContent : ''"
    ):
        page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/console/cases/{first}?view=p0")
    page.keyboard.press("n")
    page.keyboard.type("Only staff read this.")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#timeline .entry.note")).to_contain_text("Only staff read this.")
    page.keyboard.press("Escape")
    page.keyboard.press("r")
    expect(page.locator("#text")).to_be_focused()
    page.keyboard.type("We found it.")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#timeline .entry.staff")).to_contain_text("We found it.")
    page.keyboard.press("Escape")
    page.keyboard.press("d")
    page.keyboard.type("Restarted the import.")
    page.keyboard.press("Tab")
    page.keyboard.type("A full disk.")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#facts")).to_contain_text("Restarted the import.")
    page.keyboard.press("u")
    page.wait_for_url("**/console/?view=p0")
    expect(titles.filter(has_text=first)).to_have_count(0)
    page.context.close()


def test_an_answer_that_comes_late_leaves_whoever_writes_elsewhere_where_they_are(
    desk: Live, chromium: Browser
) -> None:
    """The answer stands in the timeline by the stream before the post has come back; what is typed then is no second answer."""
    ref = opened(desk, "A slow answer")
    page = signed_in(desk, chromium)
    page.goto(f"{desk.ready['url']}/console/cases/{ref}")
    held: list[tuple[Route, APIResponse]] = []
    page.route(
        f"**/console/cases/{ref}",
        lambda route: held.append((route, route.fetch())) if route.request.method == "POST" else route.continue_(),
    )
    page.keyboard.press("r")
    page.keyboard.type("We found it.")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#timeline .entry.staff")).to_contain_text("We found it.")
    page.keyboard.type(" More soon.")
    page.keyboard.press("Escape")
    page.keyboard.press("d")
    page.keyboard.type("Restarted ")
    [(route, answer)] = held
    route.fulfill(response=answer)
    expect(page.locator(".pending")).to_have_count(0)
    page.keyboard.type("the import.")
    expect(page.locator("#act-resolved textarea, #act-resolved input[type=text]").first).to_have_value(
        "Restarted the import."
    )
    expect(page.locator("#text")).to_have_value("More soon.")
    page.context.close()


def test_keys_can_be_seen_and_switched_off_and_the_bar_finds_what_there_is(desk: Live, chromium: Browser) -> None:
    ref = opened(desk, "Mandarins by the command bar")
    page = signed_in(desk, chromium)
    page.keyboard.press("Control+k")
    page.keyboard.type("mandarins")
    expect(page.locator("#bar-list [aria-selected=true]")).to_contain_text(ref)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/console/cases/{ref}")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("reply to the customer")
    page.get_by_label("Single keys are on").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("u")
    page.keyboard.press("n")
    expect(page.locator("#act-note")).not_to_have_attribute("open", "")
    assert page.url.endswith(ref)
    assert page.faults == []  # type: ignore[attr-defined]
    page.context.close()
