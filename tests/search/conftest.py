from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.flow import world
from tests.flow.conftest import Fresh
from tests.harness.database import Databases
from tests.search.talk import say_everything


def build() -> None:
    """Three customers with rooms in which much was said (`talk`)."""
    world.build()
    say_everything()


@pytest.fixture(scope="module")
def talk(databases: Databases) -> Iterator[str]:
    """One of it for a file whose tests change nothing; the name of what it is a copy of."""
    with databases.copy_of(build):
        yield databases.world(build).name


@pytest.fixture(scope="module")
def fresh(databases: Databases) -> Fresh:
    """Copies of it."""
    return lambda: databases.copy_of(build)


@pytest.fixture
def desk(fresh: Fresh) -> Iterator[None]:
    """A copy for this test alone."""
    with fresh():
        yield
