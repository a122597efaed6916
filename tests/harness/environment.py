"""One installation for this pytest process: its data folder and settings are there before anything of ours is imported."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

PREFIX = "ROOMDESK_"


def prepare() -> Path:
    """Sets the environment of this process to a fresh test installation and returns its folder. Idempotent."""
    if os.environ.get("ROOMDESK_TESTS_FOLDER"):
        return Path(os.environ["ROOMDESK_TESTS_FOLDER"])
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        del os.environ[name]
    folder = Path(tempfile.mkdtemp(prefix="roomdesk-tests-"))
    os.environ.update(ROOMDESK_MODE="test", ROOMDESK_DATA=str(folder), ROOMDESK_TESTS_FOLDER=str(folder))
    _choose_ports(folder)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _choose_ports(folder: Path) -> None:
    """Gives the installation its ports now: the settings are read when the first module of ours is imported."""
    from roomdesk.runtime import instance, ports
    from roomdesk.runtime.settings import load

    reserved = ports.Reservations()
    ports.choose(load(os.environ), instance.create(folder), reserved)
    reserved.close()
