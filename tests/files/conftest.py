from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from roomdesk import bootstrap
from roomdesk.channels.matrix.client import Matrix
from roomdesk.record import store
from roomdesk.worker import files
from tests.files.desk import Desk
from tests.harness.database import Databases
from tests.rooms.conftest import matrix
from tests.rooms.place import Place

__all__ = ["matrix"]


@pytest.fixture(scope="module")
def _place(databases: Databases, matrix: Matrix) -> Iterator[Place]:
    with databases.copy():
        yield Place(matrix).build()


@pytest.fixture
def desk(_place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """See `Desk`; files of a test lie in a folder of its own."""
    given = replace(bootstrap.settings, files=tmp_path / "kept", file_megabytes=1)
    monkeypatch.setattr(bootstrap, "settings", given)
    monkeypatch.setattr(files, "settings", given)
    assert store.folder() == tmp_path / "kept"
    made = Desk(_place, given)
    yield made
    made.olga.close()
