from __future__ import annotations

import pytest

from tests.directory import world
from tests.harness.desks import desk
from tests.rooms.conftest import matrix, place, same_place

__all__ = ["desk", "matrix", "mira", "place", "same_place"]


@pytest.fixture
def mira(desk: None) -> None:
    """Member Mira of acme, without access to the room."""
    world.member(id="mira", name="Mira")
