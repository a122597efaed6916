from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.clocks.bench import Bench, build
from tests.harness.database import Databases


@pytest.fixture
def bench(databases: Databases) -> Iterator[Bench]:
    """A desk for this test alone, with the clock standing still; Monday 10:00 in Sofia."""
    with databases.copy_of(build) as address, Bench.standing_still(address) as made:
        yield made
