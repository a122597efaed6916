from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.cache import cache

from tests.directory import world
from tests.harness.database import Databases


@pytest.fixture(autouse=True)
def _nobody_has_tried() -> None:
    """How often somebody tried to sign in is counted by the minute in this process, which a fast machine would fill."""
    cache.clear()


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
