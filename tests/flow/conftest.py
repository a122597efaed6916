from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest

from tests.flow import world
from tests.harness.database import Databases

#: Gives a database that begins as the world was built, for as long as the context lasts.
Fresh = Callable[[], AbstractContextManager[str]]


@pytest.fixture(scope="module")
def fresh(databases: Databases) -> Fresh:
    """Copies of the world (`world.build`)."""
    return lambda: databases.copy_of(world.build)


@pytest.fixture
def desk(fresh: Fresh) -> Iterator[None]:
    """The world, for this test alone."""
    with fresh():
        yield
