"""Data folders of the runtime tests."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.runtime.processes import Supervised, supervise


@pytest.fixture
def folder() -> Iterator[Path]:
    """A data folder that another system user can reach (pytest's own folders are closed, also while a test runs)."""
    made = Path(tempfile.mkdtemp(prefix="roomdesk-test-"))
    yield made
    shutil.rmtree(made)


@pytest.fixture(scope="module")
def installation() -> Iterator[Path]:
    """A data folder that has been started once and stopped: the tests that follow start warm."""
    made = Path(tempfile.mkdtemp(prefix="roomdesk-test-"))
    first = supervise(made, "postgres,synapse")
    try:
        first.await_ready()
    finally:
        first.end()
    yield made
    shutil.rmtree(made)


@pytest.fixture
def start(installation: Path) -> Iterator[Callable[[str], Supervised]]:
    """Start the installation; whatever the test leaves is ended."""
    begun: list[Supervised] = []

    def begin(parts: str = "postgres,synapse") -> Supervised:
        begun.append(supervise(installation, parts))
        return begun[-1]

    yield begin
    for one in begun:
        one.end()
