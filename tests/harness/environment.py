"""One installation for this pytest process: its data folder and settings are there before anything of ours is imported."""

from __future__ import annotations

import atexit
import json
import os
import shutil
import tempfile
from pathlib import Path

PREFIX = "ROOMDESK_"
#: What tests are asked by whoever runs them; everything else would be settings of another installation.
OURS = ("ROOMDESK_DEEP", "ROOMDESK_EXAMPLES")


def prepare() -> Path:
    """Sets the environment of this process to a fresh test installation and returns its folder. Idempotent."""
    # Processes of pytest-xdist inherit what their controller has set, but need an installation of their own.
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    if os.environ.get("ROOMDESK_TESTS_FOLDER") and os.environ.get("ROOMDESK_TESTS_WORKER") == worker:
        return Path(os.environ["ROOMDESK_TESTS_FOLDER"])
    for name in [name for name in os.environ if name.startswith(PREFIX) and name not in OURS]:
        del os.environ[name]
    folder = Path(tempfile.mkdtemp(prefix="roomdesk-tests-", dir=in_memory()))
    os.environ.update(
        ROOMDESK_MODE="test", ROOMDESK_DATA=str(folder), ROOMDESK_TESTS_FOLDER=str(folder), ROOMDESK_TESTS_WORKER=worker
    )
    _choose_ports(folder)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


#: What two pytest processes need at most, and what must be left for everything else.
_ROOM, _MEMORY = 4 << 30, 8 << 30


def in_memory() -> str | None:
    """A folder in memory, where there is plenty: thousands of databases are copied. None: where temporary files go."""
    shared = Path("/dev/shm")
    if "TMPDIR" in os.environ or not os.access(shared, os.W_OK):
        return None
    disk = os.statvfs(shared)
    available = next(line for line in Path("/proc/meminfo").read_text().splitlines() if line.startswith("MemAvailable"))
    is_roomy = disk.f_bavail * disk.f_frsize > _ROOM and int(available.split()[1]) * 1024 > _MEMORY
    return str(shared) if is_roomy else None


def _choose_ports(folder: Path) -> None:
    """Gives the installation its ports now: the settings are read when the first module of ours is imported.

    They are used only when the services start, so each process has a range of its own: two test runs at once never meet.
    """
    from roomdesk.runtime import instance, ports

    first = 10_000 + os.getpid() % 2_000 * 10
    free = [port for port in range(first, first + 10) if ports.is_free(port)]
    chosen = dict(zip(("web", "matrix", "postgres"), free, strict=False))
    instance.write_private(instance.create(folder).ports, json.dumps(chosen))
