"""People's browsers in acceptance tests: each their own, signed in by the desk's own page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page

from tests.harness.live import Live

PASSWORD = "correct horse 42 staple"

Signed = Callable[..., Page]


@contextmanager
def signing_in(live: Live, chromium: Browser) -> Iterator[Signed]:
    """Opens a page of somebody's own browser, after signing in at the address that was asked for."""
    contexts: list[BrowserContext] = []

    def opened(person: str, path: str, **given: Any) -> Page:
        live.run("person", "password", person, "--password-stdin", stdin=PASSWORD)
        contexts.append(chromium.new_context(locale="en-GB", **given))
        page = contexts[-1].new_page()
        page.set_default_timeout(60_000)
        page.goto(f"{address(live)}{path}")
        sign_in(page, person)
        # Who goes elsewhere before the answer has come is signed in nowhere.
        page.wait_for_url(lambda url: "/accounts/" not in url)
        return page

    yield opened
    for context in contexts:
        context.close()


def address(live: Live) -> str:
    return str(live.ready["url"]).rstrip("/")


def sign_in(page: Page, person: str) -> None:
    page.locator("input[name=login]").fill(person)
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("form button[type=submit]").first.click()
