from __future__ import annotations

from collections.abc import Iterator

import pytest

from roomdesk.runtime import clock
from tests.harness.database import Databases
from tests.reports import made_up


@pytest.fixture
def desk(databases: Databases) -> Iterator[clock.Frozen]:
    """A desk for this test alone, where time stands still at `made_up.NOW` until it is moved."""
    with databases.copy_of(made_up.build), clock.frozen(made_up.NOW) as time:
        yield time
