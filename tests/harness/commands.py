"""Command lines of a running installation: each in a process of its own, copied from one that has everything imported.

To start Python and to import Django takes a second, which a test that gives ten commands would wait ten times. The process that is
copied reads the installation's settings once, so it lives no longer than the installation runs. What a start from nothing does is
shown by `roomdesk up` itself, by `tests/cli` and by `tests/console/test_demo.py`.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).parents[2]
_LONGEST = 1 << 17
#: They choose the owner of the tables before Django is there, so each starts from nothing.
_AS_OWNER = (("migrate",), ("audit", "erase"))


class Commands:
    """Those of the installation that `environ` tells of. `run` may be called by several threads."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.harness.commands", str(theirs.fileno())],
                env=dict(environ), cwd=ROOT, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip
        self._socket, self._environ = ours, dict(environ)

    def run(self, words: tuple[str, ...], stdin: str | None) -> subprocess.CompletedProcess[str]:
        if words[:1] in _AS_OWNER or words[:2] in _AS_OWNER:
            return subprocess.run(
                [sys.executable, "-m", "roomdesk.cli", *words],
                env=self._environ, check=False, capture_output=True, text=True, input=stdin, cwd=ROOT,
            )  # fmt: skip
        with tempfile.TemporaryFile("w+") as given, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            given.write(stdin or "")
            given.seek(0)
            ended, ends = os.pipe()
            try:
                handles = [given.fileno(), out.fileno(), err.fileno(), ends]
                socket.send_fds(self._socket, [json.dumps(words).encode()], handles)
            finally:
                os.close(ends)
            with os.fdopen(ended) as answer:
                told = answer.read()
            assert told, f"roomdesk {' '.join(words)}: who runs commands has ended"
            return subprocess.CompletedProcess(words, int(told), _text(out.fileno()), _text(err.fileno()))

    def close(self) -> None:
        """It ends when nobody can ask any more."""
        self._socket.close()
        self._process.wait(60)


def _text(handle: int) -> str:
    os.lseek(handle, 0, os.SEEK_SET)
    with os.fdopen(os.dup(handle), encoding="utf-8") as file:
        return file.read()


def serve(asked: socket.socket) -> None:
    """Runs what is asked for, each in a copy of this process, until nobody can ask any more."""
    from roomdesk import bootstrap

    bootstrap.setup()
    from roomdesk.cli import COMMANDS

    for module in {*COMMANDS.values(), "roomdesk.cli.base", "roomdesk.web.urls"}:
        import_module(module)
    assert threading.active_count() == 1, "a thread would be missing in the copies"
    gc.freeze()
    # Whoever waits for a command is copied too, and waited for by nobody.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        said, handles, _, _ = socket.recv_fds(asked, _LONGEST, 4)
        if not said:
            return
        if os.fork() == 0:
            asked.close()
            _watch(json.loads(said), handles)
        for handle in handles:
            os.close(handle)


def _watch(words: list[str], handles: list[int]) -> None:
    """Tells with which code the command ended, whatever ended it (a signal as a negative number)."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    *streams, ends = handles
    if (pid := os.fork()) == 0:
        os.close(ends)
        for number, handle in enumerate(streams):
            os.dup2(handle, number)
        _work(words)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    os.write(ends, str(code).encode())
    os._exit(0)


def _work(words: list[str]) -> None:
    from roomdesk.cli import main

    code: object = 0
    try:
        main(words, prog_name="roomdesk")
    except SystemExit as ended:
        code = ended.code
    except BaseException:
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else bool(code))


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
