"""The form of a rota by keys alone and without JavaScript, in Chromium: what is pressed keeps the keyboard, and Enter saves nothing."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.console.test_in_chromium import PASSWORD, PRODUCT, chromium, desk, signed_in
from tests.harness.live import Live

__all__ = ["chromium", "desk"]


@pytest.fixture(scope="module")
def lead(desk: Live) -> str:
    desk.run("staff", "put", "lena", "--name", "Lena", "--role", "lead", "--product", PRODUCT)
    desk.run("person", "password", "lena", "--password-stdin", stdin=f"{PASSWORD}\n")
    return "lena"


def press(page: Page, button: str, turn: int = 0) -> None:
    """Goes to a button of the form by the keyboard's own order, and presses it."""
    wanted = page.locator("#rota").get_by_role("button", name=button, exact=True).nth(turn)
    for _ in range(200):
        if wanted.evaluate("one => one === document.activeElement"):
            with page.expect_navigation():
                page.keyboard.press("Enter")
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{button} cannot be reached by Tab")


@pytest.mark.parametrize("size", [{"width": 1280, "height": 800}, {"width": 320, "height": 640}])
def test_a_rota_is_written_by_keys_alone_without_javascript(
    desk: Live, lead: str, chromium: Browser, size: dict[str, int]
) -> None:
    page = signed_in(desk, chromium, lead, java_script_enabled=False, viewport=size)
    page.goto(f"{desk.ready['url']}/console/oncall/{PRODUCT}/rota")
    stored = desk.run("oncall", "show", "--product", PRODUCT, check=False).stdout
    people = page.locator("#layer-0 .people-order select")
    while people.count() > 1:
        press(page, f"Take out: {people.nth(1).locator('option:checked').inner_text()}")
    people.nth(0).focus()
    page.keyboard.type("Lena")
    press(page, f"One more person in {page.get_by_label('Name').input_value()}")
    expect(people.nth(1)).to_be_focused()
    page.keyboard.type("Tiago")
    press(page, "Up: turn 2" if page.get_by_role("button", name="Up: turn 2").count() else "Up: Tiago")
    assert [one.input_value() for one in people.all()] == ["tiago", "lena"]
    expect(page.get_by_role("button", name="Down: Tiago")).to_be_focused()
    page.get_by_label("Hand-over at").focus()
    page.keyboard.type("1000AM")
    # Enter in a field looks at the rota, and stores nothing.
    page.get_by_label("Name", exact=True).focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="What this would mean")).to_be_focused()
    assert desk.run("oncall", "show", "--product", PRODUCT, check=False).stdout == stored
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    press(page, "Save the rota")
    page.wait_for_url("**/console/oncall")
    expect(page.get_by_role("listitem").filter(has_text="is saved")).to_be_visible()
    (layer,) = desk.json("oncall", "show", "--product", PRODUCT)["written"]["layers"]
    assert (layer["people"], layer["hand_over"]) == (["tiago", "lena"], "10:00")
    assert page.faults == []  # type: ignore[attr-defined]
    page.context.close()
