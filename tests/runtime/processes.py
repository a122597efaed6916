"""Helpers of the runtime tests: a supervisor in a process of its own, and who lives."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

PROGRAM = """
import json, os, sys
from roomdesk.runtime import settings, supervisor
one = supervisor.Supervisor(settings.load(os.environ), parts=set(sys.argv[1].split(",")), fsync=False, progress=lambda line: print(json.dumps(line), flush=True))
try:
    running = one.start()
    print(json.dumps({"ready": running.seconds}), flush=True)
    one.wait()
except KeyboardInterrupt:
    pass
"""


#: The first of three ports. What starts elsewhere looks from 8080 upwards, and would take those of one that was killed.
PORT = 30_000 + os.getpid() % 900 * 3


def until(condition: Callable[[], bool], *, seconds: float = 60) -> None:
    """Wait for a condition; fail the test when it does not come."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "what was waited for did not happen"
        time.sleep(0.05)


def exists(pid: int) -> bool:
    """Whether this process runs (a dead one waiting to be reaped does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


@dataclass
class Supervised:
    """A supervisor in its own process group, as a terminal would start it."""

    folder: Path
    process: subprocess.Popen[str]

    def read(self) -> object:
        """The next thing it printed."""
        assert self.process.stdout
        line = self.process.stdout.readline()
        assert line, "the supervisor ended: " + (self.folder / "supervisor.stderr").read_text()
        return json.loads(line)

    def await_ready(self) -> None:
        while not isinstance(self.read(), dict):
            pass

    def pid(self, name: str) -> int:
        return int((self.folder / "run" / f"{name}.pid").read_text())

    def pids(self) -> list[int]:
        """All its descendants' process ids."""
        found = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout.split()
        parents = {int(pid): int(parent) for pid, parent in zip(found[::2], found[1::2], strict=True)}
        ours = {self.process.pid}
        while more := {pid for pid, parent in parents.items() if parent in ours} - ours:
            ours |= more
        return sorted(ours - {self.process.pid})

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=120)
        if self.process.stdout:
            self.process.stdout.close()


def supervise(folder: Path, parts: str) -> Supervised:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("ROOMDESK_")}
    with (folder / "supervisor.stderr").open("w") as errors:
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, parts],
            env=environ | {"ROOMDESK_DATA": str(folder), "ROOMDESK_MODE": "test", "ROOMDESK_PORT": str(PORT)},
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            start_new_session=True,
        )
    return Supervised(folder, process)
