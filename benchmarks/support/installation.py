"""An installation to measure: in a folder of its own, on this machine, removed afterwards."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]


@contextmanager
def installation(kept: Path | None = None, *, parts: set[str] | None = None) -> Iterator[Path]:
    """Runs one (or only some of its `parts`) in a new folder, or in `kept`, which stays. Gives the folder.

    Its settings stand in the environment of this process, so there is one installation to a process.
    """
    folder = kept or Path(tempfile.mkdtemp(prefix="roomdesk-bench-"))
    folder.mkdir(parents=True, exist_ok=True)
    os.environ.update(ROOMDESK_DATA=str(folder), ROOMDESK_MODE="test", ROOMDESK_LOG_LEVEL="warning")
    from roomdesk.runtime.settings import load
    from roomdesk.runtime.supervisor import PARTS, Supervisor

    supervisor = Supervisor(load(os.environ), parts=parts or set(PARTS), signals=False)
    try:
        supervisor.start()
        from roomdesk import bootstrap

        bootstrap.setup()
        yield folder
    finally:
        supervisor.stop()
        if kept is None:
            shutil.rmtree(folder, ignore_errors=True)


def migrate() -> None:
    """Makes the tables and loads the products, where only the database runs."""
    for command in (["migrate"], ["product", "load", str(ROOT / "products")]):
        subprocess.run([sys.executable, "-m", "roomdesk.cli", *command], check=True, capture_output=True)
