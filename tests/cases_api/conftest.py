from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.cases_api import place
from tests.cases_api.place import Rest
from tests.harness.database import Databases


@pytest.fixture
def desk(databases: Databases) -> Iterator[str]:
    """A copy of what `place.build` makes, for this test alone; its address."""
    with databases.copy_of(place.build) as address:
        yield address


@pytest.fixture
def rest(desk: str) -> Rest:
    """REST with every right on cases."""
    return Rest(place.token("all", "cases:read", "cases:write"))


@pytest.fixture
def real_time() -> Iterator[None]:
    """The clock is put back to real time afterwards."""
    from roomdesk import bootstrap

    yield
    (bootstrap.settings.data / "clock-offset").unlink(missing_ok=True)


@pytest.fixture(scope="module")
def shared_rest(databases: Databases) -> Iterator[Rest]:
    """The same over one database for a whole module: for tests that change nothing."""
    with databases.copy_of(place.build):
        yield Rest(place.token("all", "cases:read", "cases:write"))
