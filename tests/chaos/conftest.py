from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.bench import SCENES, Bench
from tests.chaos.kills import Points


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    """See `Bench`; its web process has crash points to be armed."""
    with tempfile.TemporaryDirectory(prefix="roomdesk-points-") as folder:
        points = Points(Path(folder) / "hit")
        one = Bench(points)
        with one.running():
            with one.working():
                one.provision(SCENES)
                one.await_rooms(SCENES)
            yield one
