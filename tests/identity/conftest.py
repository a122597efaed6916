from __future__ import annotations

import pytest
from django.core.cache import cache

from tests.harness.desks import desk, still_desk

__all__ = ["desk", "still_desk"]


@pytest.fixture(autouse=True)
def _nobody_has_tried() -> None:
    """How often somebody tried to sign in is counted by the minute in this process, which a fast machine would fill."""
    cache.clear()
