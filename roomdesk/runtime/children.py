"""One child process: started so that it cannot outlive us, probed, stopped gently and then for good."""

from __future__ import annotations

import ctypes
import functools
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

_LIBC = ctypes.CDLL(None, use_errno=True)
_PR_SET_PDEATHSIG = 1
_LOG_LIMIT = 20_000_000
_REQUESTS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class ChildError(RuntimeError):
    """A child did not start; the text is a sentence for people with the last lines of its log."""


@dataclass(frozen=True)
class Account:
    """A system user, by number."""

    uid: int
    gid: int


@dataclass(frozen=True)
class ChildSpec:
    """What to run. `prepare` runs before every start; `ready` says at once, without waiting, whether it answers."""

    name: str
    command: list[str]
    log: Path
    env: Mapping[str, str]
    cwd: Path
    pid_file: Path
    ready: Callable[[int], bool] = lambda pid: True
    prepare: Callable[[], object] = lambda: None
    account: Account | None = None
    death_signal: signal.Signals = signal.SIGKILL
    end_signal: signal.Signals = signal.SIGTERM
    kill_signal: signal.Signals = signal.SIGKILL
    start_seconds: float = 60.0


def spawn(spec: ChildSpec) -> subprocess.Popen[bytes]:
    """Start the child in a session of its own: Ctrl-C in the terminal reaches only the supervisor, which decides.

    Only from the main thread: Linux sends the death signal when the *thread* that forked ends, not the process.
    """
    if threading.current_thread() is not threading.main_thread():
        raise RuntimeError(
            "Children are started from the main thread only; their death signal follows the thread that starts them."
        )
    dying = functools.partial(die_with_parent, spec.death_signal, os.getpid())
    account: dict[str, Any] = (
        {} if spec.account is None else {"user": spec.account.uid, "group": spec.account.gid, "extra_groups": []}
    )
    try:
        with open_log(spec.log) as log:
            process: subprocess.Popen[bytes] = subprocess.Popen(
                spec.command,
                env=dict(spec.env),
                cwd=spec.cwd,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=dying,  # noqa: PLW1509 - no other thread of ours forks or holds locks here
                **account,
            )
    except (OSError, subprocess.SubprocessError) as error:
        raise ChildError(
            f'{spec.name} could not be started ({error}); see that "{spec.command[0]}" may be run by its user.'
        ) from error
    return process


@contextmanager
def asked_later() -> Iterator[None]:
    """A request to end that comes meanwhile is heard afterwards: one that broke off a start would leave a child that nobody knows."""
    former = signal.pthread_sigmask(signal.SIG_BLOCK, _REQUESTS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, former)


def die_with_parent(number: int, parent: int) -> None:
    """For `preexec_fn`: the child gets signal `number` when its parent (process id `parent`) dies."""
    # The child would inherit what `asked_later` holds back.
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _REQUESTS)
    # Runs in the child after its change of user, which would clear the death signal.
    _LIBC.prctl(_PR_SET_PDEATHSIG, int(number), 0, 0, 0)
    # The parent may have died between fork and prctl: then no signal ever comes.
    if os.getppid() != parent:
        os._exit(1)


def open_log(path: Path) -> BinaryIO:
    """The log to append to, 0600; one that has grown large is set aside first (one older one is kept)."""
    if path.exists() and path.stat().st_size > _LOG_LIMIT:
        path.replace(path.with_suffix(".log.1"))
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab")


def log_tail(path: Path, lines: int = 8) -> str:
    """The last lines of a log."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 8000))
        return "\n".join(file.read().decode(errors="replace").splitlines()[-lines:])


@dataclass
class Child:
    """A running or waiting child with its restart back-off: 0.2 s, doubled to 10 s at most, forgotten after 30 s of running."""

    spec: ChildSpec
    process: subprocess.Popen[bytes] | None = None
    failures: int = 0
    started: float = 0.0
    next_start: float = field(default=0.0)

    @property
    def alive(self) -> bool:
        """Whether its process runs."""
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        """Start it now and write its pid file."""
        self.spec.prepare()
        with asked_later():
            self.process = spawn(self.spec)
        self.started = time.monotonic()
        # Replaced as a whole: whoever reads it just now must not find it empty.
        fresh = self.spec.pid_file.with_suffix(".pid.new")
        fresh.write_text(f"{self.process.pid}\n")
        fresh.replace(self.spec.pid_file)

    def is_ready(self) -> bool:
        """One probe. Raises `ChildError` when it has ended or has taken too long."""
        if not self.alive:
            code = self.process.returncode if self.process else "none"
            raise ChildError(
                f'{self.spec.name} ended while starting (exit code {code}); the end of "{self.spec.log}":\n{log_tail(self.spec.log)}'
            )
        if time.monotonic() - self.started > self.spec.start_seconds:
            raise ChildError(
                f'{self.spec.name} did not answer within {self.spec.start_seconds:.0f} s; the end of "{self.spec.log}":\n{log_tail(self.spec.log)}'
            )
        return self.process is not None and self.spec.ready(self.process.pid)

    def await_ready(self) -> None:
        """Wait until it answers. Raises `ChildError`."""
        while not self.is_ready():
            time.sleep(0.05)

    def watch(self) -> str | None:
        """One look: start it again when its time has come. Returns a sentence when something happened."""
        if self.alive:
            if self.failures and time.monotonic() - self.started > 30:
                self.failures = 0
            return None
        if self.process is not None:
            return self._ended(self.process.returncode)
        return self._again() if time.monotonic() >= self.next_start else None

    def _ended(self, code: int) -> str:
        self.process = None
        return f'{self.spec.name} ended ({exit_words(code)}); it is started again in {self._back_off():.1f} s. Its log: "{self.spec.log}".'

    def _again(self) -> str:
        try:
            self.start()
        except ChildError as error:
            return f"{error} The next try is in {self._back_off():.1f} s."
        return f"{self.spec.name} is started again."

    def _back_off(self) -> float:
        delay = min(10.0, 0.2 * 2.0**self.failures)
        # A number that only has to pass the limit of 10 s; unbounded it would overflow after days of failures.
        self.failures = min(self.failures + 1, 10)
        self.next_start = time.monotonic() + delay
        return delay

    def end(self) -> None:
        """Ask it to end; `stop_all` waits."""
        if self.alive and self.process:
            self.process.send_signal(self.spec.end_signal)

    def kill(self) -> None:
        """End it at once."""
        if self.alive and self.process:
            self.process.send_signal(self.spec.kill_signal)

    def reaped(self) -> None:
        """Note that it is gone."""
        if self.process is not None:
            self.process.wait()
        self.process = None
        self.spec.pid_file.unlink(missing_ok=True)


def exit_words(code: int) -> str:
    """An exit code for people: a negative one is the signal that ended the process."""
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


def stop_all(children: list[Child], *, seconds: float, hurried: Callable[[], bool]) -> None:
    """End these children together; whoever is still there after `seconds`, or when `hurried`, is killed."""
    for child in children:
        child.end()
    deadline = time.monotonic() + seconds
    while any(child.alive for child in children) and time.monotonic() < deadline and not hurried():
        time.sleep(0.02)
    for child in children:
        child.kill()
        child.reaped()


def run_once(spec: ChildSpec) -> None:
    """Run a command to its end, with the same safety. Raises `ChildError` when it fails or takes longer than `start_seconds`."""
    process = None
    try:
        with asked_later():
            process = spawn(spec)
        code = process.wait(timeout=spec.start_seconds)
    except BaseException as error:
        if process is None:
            raise
        process.kill()
        process.wait()
        if isinstance(error, subprocess.TimeoutExpired):
            raise ChildError(
                f'{spec.name} did not end within {spec.start_seconds:.0f} s; its log is "{spec.log}".'
            ) from None
        raise
    if code != 0:
        raise ChildError(f'{spec.name} failed ({exit_words(code)}); the end of "{spec.log}":\n{log_tail(spec.log)}')
