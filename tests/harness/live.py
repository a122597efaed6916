"""A whole installation as its operator runs it: `roomdesk up`, spoken to by command line, REST and Matrix."""

from __future__ import annotations

import atexit
import functools
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import httpx

from roomdesk.runtime.children import die_with_parent
from tests.harness import http, prepared
from tests.harness.commands import Commands
from tests.harness.environment import in_memory
from tests.harness.matrix import Client

ROOT = Path(__file__).parents[2]
T = TypeVar("T")


class Live:
    """A running installation in a folder of its own. `start` waits until everything answers."""

    def __init__(self, **environ: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="roomdesk-live-", dir=in_memory()))
        clean = {name: value for name, value in os.environ.items() if not name.startswith("ROOMDESK_")}
        self.environ = {**clean, "ROOMDESK_MODE": "test", "ROOMDESK_DATA": str(self.folder), **environ}
        self.ready: dict[str, Any] = {}
        self._process: subprocess.Popen[str] | None = None
        self._commands: Commands | None = None
        self._lock = threading.Lock()
        # What is left in memory would stay there.
        atexit.register(self.remove)

    def start(self) -> Live:
        """The first time it continues as a copy of one that was started from nothing; see `prepared`."""
        if not any(self.folder.iterdir()):
            prepared.fill(self.folder, _from_nothing)
        return self.start_as_it_is()

    def start_as_it_is(self) -> Live:
        log = (self.folder.parent / f"{self.folder.name}.log").open("a")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "roomdesk.cli", "up", "--json"],
            env=self.environ,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            cwd=ROOT,
            start_new_session=True,
            # An aborted run of the tests takes its installations along; `up` then ends its own children.
            preexec_fn=functools.partial(die_with_parent, signal.SIGTERM, os.getpid()),  # noqa: PLW1509 - tests start it from their main thread
        )
        log.close()
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            raise AssertionError(f"roomdesk up ended: {Path(log.name).read_text()[-2000:]}")
        self.ready = json.loads(line)
        return self

    def stop(self) -> int:
        """Ctrl-C, as its operator would; gives the exit code."""
        assert self._process
        if self._commands is not None:
            self._commands.close()
            self._commands = None
        self._process.send_signal(signal.SIGINT)
        code = self._process.wait(120)
        assert self._process.stdout
        self._process.stdout.close()
        self._process = None
        return code

    def remove(self) -> None:
        """Removes the stopped installation and its log."""
        shutil.rmtree(self.folder, ignore_errors=True)
        (self.folder.parent / f"{self.folder.name}.log").unlink(missing_ok=True)

    def kill(self, name: str) -> None:
        """SIGKILL for one process by its name (`web`, `worker`, `synapse`, `postgres`)."""
        pid = int((self.folder / "run" / f"{name}.pid").read_text())
        os.kill(pid, signal.SIGKILL)

    def run(self, *words: str, stdin: str | None = None, check: bool = True) -> subprocess.CompletedProcess[str]:
        """One command line; see `commands`."""
        with self._lock:
            if self._commands is None:
                self._commands = Commands(self.environ)
        done = self._commands.run(words, stdin)
        if check and done.returncode:
            raise AssertionError(f"roomdesk {' '.join(words)}: exit {done.returncode}: {done.stderr}")
        return done

    def json(self, *words: str) -> Any:
        return json.loads(self.run(*words, "--json").stdout)

    def rest(self, method: str, path: str, **given: Any) -> httpx.Response:
        """One REST call with the bootstrap token."""
        headers = {"Authorization": f"Bearer {self.ready['api_token']}", **given.pop("headers", {})}
        return http.request(method, f"{self.ready['url'].rstrip('/')}/api/v1/{path}", headers=headers, **given)

    def client(self, person: str) -> Client:
        """An independent Matrix client (matrix-nio) signed in as the person, as `matrix-login` does, without its start-up time."""
        secrets = json.loads((self.folder / "secrets.json").read_text())

        def signed_in() -> httpx.Response | None:
            answer = http.request(
                "POST",
                f"{self.ready['matrix_url'].rstrip('/')}/_matrix/client/v3/login",
                headers={"Authorization": f"Bearer {secrets['people_token']}"},
                json={"type": "m.login.application_service", "identifier": {"type": "m.id.user", "user": person}},
            )
            return None if answer.status_code == 404 else answer

        # The desk makes accounts in its own time.
        login = eventually(signed_in, f"an account of {person}").raise_for_status().json()
        return Client(self.ready["matrix_url"], login["user_id"], login["access_token"])

    def room(self, workspace: str) -> str:
        """The workspace's room once the homeserver has made it."""

        def made() -> str | None:
            answer = self.rest("GET", f"workspaces/{workspace}/room")
            return answer.json().get("room_id") if answer.status_code == 200 else None

        return eventually(made, f"a room of {workspace}")


@contextmanager
def _from_nothing() -> Iterator[Path]:
    """The folder of an installation that was started from nothing, and stopped before any worker has done anything."""
    first = Live(ROOMDESK_WORKER_PROCESSES="0")
    assert first.start_as_it_is().stop() == 0
    yield first.folder
    first.remove()


def eventually(look: Callable[[], T | None], what: str | Callable[[], str], seconds: float = 120) -> T:
    """The first true answer of `look`; fails with the last one after `seconds`. `what` may be told only then."""
    began = time.monotonic()
    while True:
        found = look()
        if found:
            return found
        waited = time.monotonic() - began
        if waited > seconds:
            what = what() if callable(what) else what
            raise AssertionError(f"{what} did not come within {seconds} s; last seen: {found!r}")
        # Who has waited long asks more seldom: each question takes time of the machine from what is waited for.
        time.sleep(min(max(waited / 10, 0.05), 0.25))
