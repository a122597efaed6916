from __future__ import annotations

from collections.abc import Iterator

import pytest

from roomdesk.runtime import clock
from tests.harness.database import Databases
from tests.reports import made_up


@pytest.fixture(scope="module")
def built(databases: Databases) -> Iterator[str]:
    """The name of a database that begins as `made_up.build` made it, once for a file."""
    with databases.copy() as address:
        made_up.build()
        yield address.rpartition("/")[2]


@pytest.fixture
def desk(databases: Databases, built: str) -> Iterator[clock.Frozen]:
    """A desk for this test alone, where time stands still at `made_up.NOW` until it is moved."""
    with databases.copy(template=built), clock.frozen(made_up.NOW) as time:
        yield time
