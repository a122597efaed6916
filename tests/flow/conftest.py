from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest

from tests.flow import world
from tests.harness.database import Databases

#: Gives a database that begins as the world was built, for as long as the context lasts.
Fresh = Callable[[], AbstractContextManager[str]]


@pytest.fixture(scope="module")
def fresh(databases: Databases) -> Iterator[Fresh]:
    """Copies of the world (`world.build`), which is built once for a file."""
    with databases.copy() as address:
        world.build()
        name = address.rpartition("/")[2]
        yield lambda: databases.copy(template=name)


@pytest.fixture
def desk(fresh: Fresh) -> Iterator[None]:
    """The world, for this test alone."""
    with fresh():
        yield
