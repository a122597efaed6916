"""An installation that was started from nothing once and stopped again; the others of a test run begin as copies of it.

Kept in `.venv/prepared` until anything it is made of changes, or the day does. A copy has the data and the secrets of the
first one and no ports: `roomdesk up` chooses those, and brings everything that names them to date, as at every start.
`tests/console/test_demo.py` starts from nothing each time.
"""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).parents[2]
PLACE = ROOT / ".venv" / "prepared"
#: What a start from nothing runs, reads or loads.
MADE_OF = ("roomdesk/**/*.py", "roomdesk_synapse/**/*.py", "products/**/*", "requirements*.lock", "tests/harness/*.py")


def fill(folder: Path, make: Callable[[], AbstractContextManager[Path]]) -> None:
    """Puts a stopped installation into an empty folder; `make` gives the folder of one that was started from nothing."""
    PLACE.mkdir(parents=True, exist_ok=True)
    with (PLACE / "lock").open("w") as lock:
        # The other process of this run wants the same one: it waits for it instead of making its own.
        fcntl.flock(lock, fcntl.LOCK_EX)
        kept = PLACE / _key()
        if not kept.exists():
            _forget_all()
            with make() as first:
                _copy(first, PLACE / "new")
            for name in ("ports.json", "log", "run"):
                _remove(PLACE / "new" / name)
            # The name appears only when all is there.
            (PLACE / "new").rename(kept)
        _copy(kept, folder)


def _key() -> str:
    found = sorted(path for pattern in MADE_OF for path in ROOT.glob(pattern) if path.is_file())
    told = hashlib.sha256(f"{datetime.now(UTC).date()} {sys.version}".encode())
    for path in found:
        told.update(f"{path.relative_to(ROOT)} {path.stat().st_size}\n".encode())
        told.update(path.read_bytes())
    return told.hexdigest()[:20]


def _forget_all() -> None:
    for path in PLACE.iterdir():
        if path.name != "lock":
            _remove(path)


def _copy(source: Path, target: Path) -> None:
    """With owners and modes: PostgreSQL's folder belongs to another user where root runs the tests."""
    target.mkdir(exist_ok=True)
    subprocess.run(["cp", "-a", "--reflink=auto", f"{source}/.", str(target)], check=True)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
