from __future__ import annotations

from collections.abc import Iterator

import pytest

from roomdesk.channels.matrix import client


@pytest.fixture(autouse=True, scope="package")
def _client_closed() -> Iterator[None]:
    """The process' Matrix client is closed after these tests; a later one makes its own."""
    yield
    client.current().close()
    client.current.cache_clear()
