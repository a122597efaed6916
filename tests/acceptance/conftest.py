"""What acceptance tests share: browsers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.acceptance.browsing import Signed, signing_in
from tests.harness.live import Live


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
    """A page of somebody's own browser, after signing in at the address that was asked for."""
    with signing_in(live, chromium) as opened:
        yield opened
