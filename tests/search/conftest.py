from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.flow import world
from tests.flow.conftest import Fresh
from tests.harness.database import Databases
from tests.search.talk import say_everything


@pytest.fixture(scope="module")
def talk(databases: Databases) -> Iterator[str]:
    """Three customers with rooms in which much was said (`talk`), built once for a file."""
    with databases.copy() as address:
        world.build()
        say_everything()
        yield address.rpartition("/")[2]


@pytest.fixture(scope="module")
def fresh(databases: Databases, talk: str) -> Fresh:
    """Copies of it."""
    return lambda: databases.copy(template=talk)


@pytest.fixture
def desk(fresh: Fresh) -> Iterator[None]:
    """A copy for this test alone."""
    with fresh():
        yield
