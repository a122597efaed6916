"""A desk with people and workspaces, for tests of what is written about them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.directory import world
from tests.harness.database import Databases


@pytest.fixture
def desk(database: str) -> None:
    """See `world.build`."""
    world.build()


@pytest.fixture(scope="module")
def still_desk(databases: Databases) -> Iterator[None]:
    """The same, made once for a file whose tests change nothing."""
    with databases.copy():
        world.build()
        yield
