"""What the tests of all faces share: a Chromium, and people signed in with it."""

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


@pytest.fixture(scope="module")
def signed_in(live: Live, chromium: Browser) -> Iterator[Signed]:
    with signing_in(live, chromium) as opened:
        yield opened
