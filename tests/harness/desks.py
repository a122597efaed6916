"""A desk with people and workspaces, for tests of what is written about them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.directory import world
from tests.harness.database import Databases


@pytest.fixture
def desk(databases: Databases) -> Iterator[str]:
    """A copy of what `world.build` makes, for this test alone; its address."""
    with databases.copy_of(world.build) as address:
        yield address


@pytest.fixture(scope="module")
def still_desk(databases: Databases) -> Iterator[None]:
    """The same, one for a file whose tests change nothing."""
    with databases.copy_of(world.build):
        yield
