from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.clocks.bench import Bench, build
from tests.harness.database import Databases


@pytest.fixture(scope="module")
def built(databases: Databases) -> Iterator[str]:
    """The name of a database that begins as `build` made it, once for a file."""
    with databases.copy() as address:
        build()
        yield address.rpartition("/")[2]


@pytest.fixture
def bench(databases: Databases, built: str) -> Iterator[Bench]:
    """A desk for this test alone, with the clock standing still; Monday 10:00 in Sofia."""
    with databases.copy(template=built) as address, Bench.standing_still(address) as made:
        yield made
