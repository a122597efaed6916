"""What the tests of all faces share: a Chromium, and people signed in with it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.acceptance.browsing import Signed, signing_in
from tests.acceptance.conftest import chromium
from tests.harness.live import Live

__all__ = ["chromium"]


@pytest.fixture(scope="module")
def signed_in(live: Live, chromium: Browser) -> Iterator[Signed]:
    with signing_in(live, chromium) as opened:
        yield opened
