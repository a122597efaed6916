"""Writing on a case's page in Chromium, into a customer's real room: people called, files by drop and paste, macros, Markdown, nothing that runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.console.test_in_chromium import PASSWORD, chromium, signed_in
from tests.harness.live import Live, eventually

__all__ = ["chromium"]
CORPUS = (Path(__file__).parent.parent / "data" / "xss.txt").read_text()
PRODUCT = "plana-business-cloud"


@pytest.fixture(scope="module")
def desk(live: Live) -> Live:
    """Engineer Ivana, who is in the room of `quay`; its owner Olena."""
    live.run("staff", "put", "ivana", "--name", "Ivana Petrova", "--role", "engineer", "--product", PRODUCT)
    tier = ("--product", PRODUCT, "--tier", "enterprise")
    live.run("workspace", "put", "quay", *tier, "--owner", "olena", "--display-name", "Quay Traders")
    live.run("member", "put", "quay", "olena", "--role", "owner", "--name", "Olena Quay")
    live.run("person", "password", "ivana", "--password-stdin", stdin=f"{PASSWORD}\n")
    room = live.room("quay")
    olena = live.client("olena")

    def both() -> bool:
        answer = olena.call("GET", f"/_matrix/client/v3/rooms/{room}/joined_members")
        names = {user[1:].partition(":")[0] for user in answer.json().get("joined", {})}
        return {"ivana", "olena"} <= names

    eventually(both, "both in the room")
    return live


def opened(desk: Live, text: str) -> str:
    answer = desk.rest("POST", "cases", json={"workspace": "quay", "author": "olena", "text": text})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["ref"])


def at(desk: Live, chromium: Browser, ref: str) -> Page:
    page = signed_in(desk, chromium, "ivana")
    page.goto(f"{desk.ready['url']}/console/cases/{ref}")
    return page


def said_in_room(desk: Live, words: str) -> dict[str, Any]:
    """The content of a message with these words, as the owner's Matrix client gets it."""
    olena, room = desk.client("olena"), desk.room("quay")

    def found() -> dict[str, Any] | None:
        return next((e["content"] for e in olena.texts(room) if words in e["content"].get("body", "")), None)

    return eventually(found, f"“{words}” in the room")


def test_people_are_called_and_markdown_is_drawn_in_room_and_page(desk: Live, chromium: Browser) -> None:
    ref = opened(desk, "Who looks after this?")
    page = at(desk, chromium, ref)
    page.locator("#text").click()
    page.keyboard.type("Dear @Ole")
    expect(page.locator("#text-people li:visible")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.locator("#text")).to_have_value("Dear @Olena Quay ")
    expect(page.locator("#text-people")).to_be_hidden()
    page.keyboard.type("it is **done**.")
    page.get_by_role("button", name="Send answer").click()
    said = page.locator("#timeline .entry.staff .rich")
    expect(said.locator("strong")).to_have_text("done")
    expect(said.locator("a")).to_have_text("Olena Quay")
    content = said_in_room(desk, "**done**")
    assert [user[1:].partition(":")[0] for user in content["m.mentions"]["user_ids"]] == ["olena"]
    assert "<strong>done</strong>" in content["formatted_body"]
    assert page.faults == []  # type: ignore[attr-defined]
    page.context.close()


DROP = """([name, text]) => {
  const data = new DataTransfer();
  data.items.add(new File([text], name, { type: "text/plain" }));
  return data;
}"""


def test_files_are_dropped_and_pasted_left_out_and_sent_with_the_answer(desk: Live, chromium: Browser) -> None:
    ref = opened(desk, "Please send the log")
    page = at(desk, chromium, ref)
    for kind, name in (("drop", "dropped.txt"), ("drop", "wrong.txt")):
        data = page.evaluate_handle(DROP, [name, "what happened"])
        page.dispatch_event("#composer", kind, {"dataTransfer": data})
    page.evaluate(
        """(make) => {
          const data = new DataTransfer();
          data.items.add(new File(["a picture"], "pasted.png", { type: "image/png" }));
          document.getElementById("text").dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
        }"""
    )
    expect(page.locator("#text-chosen li")).to_have_count(3)
    page.get_by_role("button", name="Leave out wrong.txt").click()
    expect(page.locator("#text-chosen li")).to_have_count(2)
    page.locator("#text").fill("Here it is.")
    page.get_by_role("button", name="Send answer").click()
    timeline = page.locator("#timeline")
    expect(timeline).to_contain_text("Here it is.")
    expect(timeline.get_by_role("link", name="dropped.txt")).to_be_visible()
    expect(timeline.get_by_role("link", name="pasted.png")).to_be_visible()
    expect(timeline).not_to_contain_text("wrong.txt")
    expect(page.locator("#text-chosen")).to_be_hidden()
    # Each is in the room once it was looked over.
    expect(timeline.locator(".mark", has_text="sending")).to_have_count(0)
    expect(timeline.locator(".mark", has_text="not delivered")).to_have_count(0)
    assert said_in_room(desk, "dropped.txt")["msgtype"] == "m.file"
    with page.expect_download() as download:
        timeline.get_by_role("link", name="dropped.txt").click()
    assert Path(download.value.path()).read_text() == "what happened"
    assert page.faults == []  # type: ignore[attr-defined]
    page.context.close()


def test_a_macro_is_put_in_and_changed_before_it_is_sent_and_the_draft_is_kept(desk: Live, chromium: Browser) -> None:
    ref = opened(desk, "Canned")
    page = at(desk, chromium, ref)
    chosen = page.locator("#text-canned option").nth(1)
    text = chosen.get_attribute("value") or ""
    assert text
    page.locator("#text-canned").select_option(index=1)
    expect(page.locator("#text")).to_have_value(text)
    page.reload()
    expect(page.locator("#text")).to_have_value(text)
    page.locator("#act-note summary").click()
    expect(page.locator("#f-note-text")).to_have_value("")
    page.context.close()


def test_nothing_of_the_corpus_runs_on_the_page(desk: Live, chromium: Browser) -> None:
    ref = opened(desk, CORPUS)
    page = at(desk, chromium, ref)
    page.on("dialog", lambda dialog: page.faults.append(dialog.message))  # type: ignore[attr-defined]
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.locator("#text").fill(CORPUS)
    page.get_by_role("button", name="Send answer").click()
    expect(page.locator("#timeline .entry.staff")).to_have_count(1)
    page.reload()
    for part in page.locator("#timeline .entry .text").all():
        part.hover()
    assert page.evaluate("window.hit") is None
    assert [url for url in asked if not url.startswith(desk.ready["url"])] == []
    assert page.url.startswith(desk.ready["url"])
    assert page.faults == []  # type: ignore[attr-defined]
    page.context.close()


def test_each_clocks_strip_and_the_reports_fit_a_phone(desk: Live, chromium: Browser) -> None:
    ref = opened(desk, "P0 All is down")
    page = signed_in(desk, chromium, "ivana", viewport={"width": 320, "height": 640})
    for path in (
        f"cases/{ref}", "reports", "reports/responses", "reports/backlog", "reports/cases?report=backlog&figure=all",
        "workspaces", "workspaces/quay", "products", f"products/{PRODUCT}",
    ):  # fmt: skip
        page.goto(f"{desk.ready['url']}/console/{path}")
        assert page.evaluate("document.documentElement.scrollWidth") == 320, path
    page.goto(f"{desk.ready['url']}/console/cases/{ref}")
    page.locator("#clocks summary").first.click()
    expect(page.locator("#clocks .strip svg").first).to_be_visible()
    assert page.faults == []  # type: ignore[attr-defined]
    page.context.close()
