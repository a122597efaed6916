from __future__ import annotations

import pytest

from tests.directory import world


@pytest.fixture
def desk(database: str) -> None:
    """See `world.build`."""
    world.build()
