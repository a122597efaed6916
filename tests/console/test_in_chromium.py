"""The console as people see it: in Chromium, on a whole installation, with and without JavaScript."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from django.template.loader import render_to_string
from playwright.sync_api import Browser, Page, Route, expect, sync_playwright

from roomdesk.runtime.clock import now as clock_now
from tests.harness.live import Live, eventually

PASSWORD = "console-tests-only"
PRODUCT = "power-omni"


@pytest.fixture(scope="module")
def desk(live: Live) -> Live:
    """Engineer Tiago of a product without rooms, and owner Oto of its workspace `harbor`."""
    live.run("staff", "put", "tiago", "--name", "Tiago", "--role", "engineer", "--product", PRODUCT)
    tier = ("--product", PRODUCT, "--tier", "enterprise")
    live.run("workspace", "put", "harbor", *tier, "--owner", "oto", "--display-name", "Harbour Freight Brokers")
    for who in ("tiago", "oto"):
        live.run("person", "password", who, "--password-stdin", stdin=f"{PASSWORD}\n")
    return live


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    # Its own 5 s are short on a busy machine.
    expect.set_options(timeout=60_000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        yield browser
        browser.close()


def opened(desk: Live, text: str) -> str:
    answer = desk.rest("POST", "cases", json={"workspace": "harbor", "author": "oto", "text": text})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["ref"])


def signed_in(desk: Live, chromium: Browser, who: str = "tiago", **context: Any) -> Page:
    page = chromium.new_context(locale="en-GB", **context).new_page()
    page.set_default_timeout(30_000)
    # What the content security policy refuses is told only here.
    page.faults = []  # type: ignore[attr-defined]
    page.on("console", lambda told: page.faults.append(told.text) if told.type == "error" else None)  # type: ignore[attr-defined]
    page.on("pageerror", lambda error: page.faults.append(str(error)))  # type: ignore[attr-defined]
    page.goto(f"{desk.ready['url']}/console/")
    page.get_by_label("Mail address or id").fill(who)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign In", exact=True).click()
    # Who goes elsewhere before the answer has come is signed in nowhere.
    page.wait_for_url(lambda url: "/accounts/" not in url)
    return page


def test_the_list_follows_without_a_reload_and_an_answer_meets_the_clock(desk: Live, chromium: Browser) -> None:
    page = signed_in(desk, chromium)
    ref = opened(desk, "Orders disappear\nsince this morning")
    row = page.locator(".case", has_text=ref)
    expect(row).to_contain_text("due in", timeout=60_000)
    row.get_by_role("link").click()
    page.get_by_label("Answer the customer").fill("We found the cause.")
    page.get_by_role("button", name="Send answer").click()
    expect(page.locator("#timeline")).to_contain_text("We found the cause.")
    expect(page.locator("#clocks")).to_contain_text("met in")
    page.locator("#clocks").get_by_text("why?").first.click()
    expect(page.locator("#clocks")).to_contain_text("First response of a case of severity normal")
    assert page.faults == []  # type: ignore[attr-defined]
    page.context.close()


def test_what_is_typed_and_unfolded_survives_what_arrives(desk: Live, chromium: Browser) -> None:
    ref = opened(desk, "A long matter")
    page = signed_in(desk, chromium)
    page.goto(f"{desk.ready['url']}/console/cases/{ref}")
    page.locator("#clocks summary").first.click()
    page.get_by_label("Answer the customer").fill("Half a sent")
    desk.rest("POST", f"cases/{ref}/messages", json={"author": "oto", "text": "One more thing."})
    expect(page.locator("#timeline")).to_contain_text("One more thing.", timeout=60_000)
    expect(page.get_by_label("Answer the customer")).to_have_value("Half a sent")
    expect(page.locator("#clocks details").first).to_have_attribute("open", "")
    page.context.close()


def test_what_arrives_leaves_what_is_there_alone_and_what_was_removed_goes(desk: Live, chromium: Browser) -> None:
    ref = opened(desk, "A list that grows")
    page = signed_in(desk, chromium)
    page.goto(f"{desk.ready['url']}/console/cases/{ref}")
    first = page.locator("#timeline > .entry").first
    expect(first).to_contain_text("A list that grows")
    first.evaluate("one => { one.mine = true; one.querySelector('details')?.setAttribute('open', ''); }")
    desk.rest("POST", f"cases/{ref}/messages", json={"author": "oto", "text": "It has grown."})
    last = page.locator("#timeline > .entry", has_text="It has grown.")
    expect(last).to_have_count(1)
    assert first.evaluate("one => one.mine === true")
    assert page.locator("#timeline > .entry").count() == int(page.locator("#timeline").get_attribute("data-grows") or 0)
    # What belongs to another case is not told of any more: the page notices by their number, and draws the list anew.
    split = {"messages": [int(str(last.get_attribute("id")).removeprefix("m-"))], "author": "tiago"}
    assert desk.rest("POST", f"cases/{ref}/split", json=split).status_code in (200, 201)
    expect(last).to_have_count(0)
    assert page.faults == []  # type: ignore[attr-defined]
    page.context.close()


def test_a_message_stands_on_an_open_page_without_any_timer(desk: Live, chromium: Browser) -> None:
    ref = opened(desk, "Followed by a stream")
    page = signed_in(desk, chromium)
    page.clock.install()
    page.goto(f"{desk.ready['url']}/console/cases/{ref}")
    expect(page.locator("#timeline")).to_contain_text("Followed by a stream")
    # From here on no timer of the page goes off: what comes, comes by its stream.
    page.clock.pause_at(clock_now() + timedelta(seconds=3))
    desk.rest("POST", f"cases/{ref}/messages", json={"author": "oto", "text": "Here without a timer."})
    expect(page.locator("#timeline")).to_contain_text("Here without a timer.")
    page.clock.resume()
    # A killed web process costs a reconnect and no message.
    desk.kill("web")
    eventually(lambda: said_later(desk, ref), "the next web process")
    expect(page.locator("#timeline")).to_contain_text(LATER["text"])
    page.context.close()


def said_later(desk: Live, ref: str) -> bool:
    try:
        return desk.rest("POST", f"cases/{ref}/messages", json=LATER).status_code == 201
    except httpx.TransportError:
        return False


def test_a_draft_stays_where_it_was_written_and_what_failed_is_sent_once(desk: Live, chromium: Browser) -> None:
    ref = opened(desk, "Drafts")
    page = signed_in(desk, chromium)
    page.goto(f"{desk.ready['url']}/console/cases/{ref}")
    page.keyboard.press("n")
    page.keyboard.type("Half a note")
    page.reload()
    expect(page.locator("#act-note")).to_have_attribute("open", "")
    expect(page.locator("#f-note-text")).to_have_value("Half a note")
    expect(page.locator("#text")).to_have_value("")
    # The desk gets the answer, and what it says of it is lost on the way.
    page.locator("#reply summary").click()
    page.locator("#text").fill("Said once.")

    def lose(route: Route) -> None:
        if route.request.method != "POST":
            return route.continue_()
        route.fetch()
        return route.abort()

    page.route(f"**/cases/{ref}", lose)
    page.get_by_role("button", name="Send answer").click()
    expect(page.locator(".pending")).to_contain_text("not sent")
    page.unroute_all(behavior="wait")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(".pending")).to_have_count(0)
    expect(page.locator("#timeline .entry.staff", has_text="Said once.")).to_have_count(1)
    expect(page.locator("#text")).to_have_value("")
    expect(page.locator("#f-note-text")).to_have_value("Half a note")
    page.context.close()


LATER = {"author": "oto", "text": "Said to the next process."}


def test_countdowns_follow_the_desks_own_time(desk: Live, chromium: Browser) -> None:
    ref = opened(desk, "P0 All is down")
    page = signed_in(desk, chromium)
    clock = page.locator(".case", has_text=ref).locator(".clock")
    expect(clock).to_contain_text("due in")

    def two_weeks_on(route: Route) -> None:
        """The desk's answer as its moved clock would give it; moving it really would move it for all tests to come."""
        answer = route.fetch()
        later = (clock_now() + timedelta(days=14)).isoformat()
        route.fulfill(response=answer, body=re.sub(r'data-now="[^"]+"', f'data-now="{later}"', answer.text()))

    page.route("**/console/", two_weeks_on)
    page.evaluate("desk.look()")
    expect(clock).to_contain_text("late by", timeout=60_000)
    expect(clock).to_have_class("clock late")
    # It asks every few seconds: an answer may be on its way through the route just now.
    page.unroute_all(behavior="wait")
    page.context.close()


def test_everything_works_without_javascript(desk: Live, chromium: Browser) -> None:
    ref = opened(desk, "Without scripts")
    page = signed_in(desk, chromium, java_script_enabled=False)
    page.get_by_role("link", name=ref).click()
    page.get_by_label("Answer the customer").fill("Answered without scripts.")
    page.get_by_role("button", name="Send answer").click()
    expect(page.locator("#timeline")).to_contain_text("Answered without scripts.")
    page.context.close()


@pytest.mark.parametrize("scripts", [True, False])
@pytest.mark.parametrize("colours", ["light", "dark"])
def test_what_was_said_is_found_and_leads_to_its_place(
    desk: Live, chromium: Browser, scripts: bool, colours: str
) -> None:
    ref = opened(desk, f"The tangerines of {colours} {scripts} are missing")
    # Search follows the record in the worker's own time, and its page is not brought up to date.
    words = {"q": f"tangerine {colours} {scripts}"}
    eventually(lambda: desk.rest("GET", "search", params=words).json()["items"], "the case in the search")
    page = signed_in(desk, chromium, java_script_enabled=scripts, color_scheme=colours)
    page.get_by_role("link", name="Search", exact=True).click()
    page.get_by_label("Search for").fill(f"tangerine {colours} {scripts}")
    page.get_by_role("button", name="Search").click()
    hit = page.locator(".hit")
    expect(hit).to_have_count(1)
    expect(hit.locator("mark")).to_have_text(["tangerines", colours, str(scripts)])
    hit.get_by_role("link", name=ref).click()
    expect(page.locator(".entry:target")).to_contain_text("The tangerines of")
    page.go_back()
    page.get_by_label("Search for").fill('"not closed')
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("alert")).to_have_text('A quotation mark (") is opened and not closed.')
    expect(page.get_by_label("Search for")).to_have_value('"not closed')
    assert [fault for fault in page.faults if "422" not in fault] == []  # type: ignore[attr-defined]
    page.context.close()


#: Words of short facts that begin in the strip in which the dots between them are cut off.
CUT_OFF = """() => [...document.querySelectorAll(".facts")].flatMap(line => {
  const found = [], edge = line.getBoundingClientRect().left + 12, words = document.createRange();
  for (const texts = document.createTreeWalker(line, NodeFilter.SHOW_TEXT); texts.nextNode();) {
    words.selectNodeContents(texts.currentNode);
    if ([...words.getClientRects()].some(one => one.width > 0 && one.left < edge - 0.5)) found.push(texts.currentNode.data);
  }
  return found;
})"""
#: Lines of the list in which a case's state runs into its clock.
OVERLAPS = """[...document.querySelectorAll(".case")].filter(row => {
  const text = document.createRange(), clock = row.querySelector(".when")?.getBoundingClientRect();
  if (!clock) return false;
  text.selectNodeContents(row.querySelector(".state"));
  const state = text.getBoundingClientRect();
  return state.right > clock.left && state.bottom > clock.top && state.top < clock.bottom;
}).map(row => row.textContent)"""


def test_a_narrow_page_needs_no_scrolling_sideways(desk: Live, chromium: Browser) -> None:
    ref = opened(desk, "W" * 100 + " and a very long title that goes on")
    urgent, answered = opened(desk, "P0 Nobody can work."), opened(desk, "Answered at once")
    done = desk.rest("POST", f"cases/{answered}/messages", json={"author": "tiago", "text": "Here I am."})
    assert done.status_code == 201, done.text
    page = signed_in(desk, chromium, viewport={"width": 320, "height": 640})
    page.goto(f"{desk.ready['url']}/console/")
    expect(page.locator(".p0-bar").filter(has_text=urgent)).to_be_visible()
    for path in (
        "",
        "?view=all",
        f"cases/{ref}",
        "attention",
        "search",
        "search?q=long",
        "search?q=%22",
        "rooms",
        "rooms/staff/space",
    ):
        page.goto(f"{desk.ready['url']}/console/{path}")
        assert page.evaluate("document.documentElement.scrollWidth") == 320, path
        assert page.evaluate(OVERLAPS) == [], path
        assert page.evaluate(CUT_OFF) == [], path
    # What asks for attention stands far to the right in the menu's line, with words for who cannot see it.
    count = render_to_string("console/attention_count.html", {"attention": 3})
    page.locator("#attention-count").evaluate("(one, count) => { one.outerHTML = count; }", count)
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    page.goto(f"{desk.ready['url']}/console/cases/{ref}")
    tops = [page.locator(part).bounding_box() for part in (".case-head", "#clocks", "#timeline", "#write", "#acts")]
    after = [page.locator(part).bounding_box() for part in ("#consents", "#facts", "#workspace")]
    order = [box["y"] for box in [*tops, *after] if box is not None]
    assert len(order) == 8 and order[:5] == sorted(order)[:5], "clocks, conversation and answering before all else"
    page.context.close()


def test_the_reason_for_a_place_is_told_to_the_keyboard(desk: Live, chromium: Browser) -> None:
    ref = opened(desk, "Why here")
    page = signed_in(desk, chromium)
    place, tip = page.locator(f"#place-{ref}"), page.locator(f"#why-{ref}")
    expect(place).to_contain_text("in the queue")
    expect(tip).to_be_hidden()
    place.focus()
    expect(tip).to_be_visible()
    expect(tip).to_contain_text("of Power Omni. It has a due time")
    page.keyboard.press("Escape")
    expect(tip).to_be_hidden()
    assert page.faults == []  # type: ignore[attr-defined]
    page.context.close()


@pytest.mark.parametrize("scripts", [True, False])
def test_a_case_is_resolved_by_forms_with_the_refusal_beside_its_field(
    desk: Live, chromium: Browser, scripts: bool
) -> None:
    ref = opened(desk, "To be resolved")
    page = signed_in(desk, chromium, java_script_enabled=scripts)
    page.goto(f"{desk.ready['url']}/console/cases/{ref}")
    page.get_by_role("button", name="Take it").click()
    expect(page.locator("#facts")).to_contain_text("Tiago")
    page.locator("#act-resolved summary").click()
    page.get_by_label("Immediate fix").fill("Restarted it")
    page.get_by_role("button", name="Resolve").click()
    expect(page.get_by_label("Root cause", exact=True)).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Immediate fix")).to_have_value("Restarted it")
    page.get_by_label("Nobody knows the root cause").check()
    page.get_by_role("button", name="Resolve").click()
    expect(page.locator("#facts")).to_contain_text("Resolved")
    page.context.close()


def test_the_keyboard_reaches_the_content_first(desk: Live, chromium: Browser) -> None:
    opened(desk, "By keyboard")
    page = signed_in(desk, chromium)
    page.goto(f"{desk.ready['url']}/console/?view=all")
    for _ in range(10):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.className") == "skip":
            break
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.context.close()


def test_a_customer_who_signs_in_finds_no_console(desk: Live, chromium: Browser) -> None:
    page = signed_in(desk, chromium, "oto")
    answer = page.goto(f"{desk.ready['url']}/console/")
    assert answer is not None
    assert answer.status == 404
    page.context.close()
