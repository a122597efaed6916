"""Starts, watches and stops everything an installation runs. PostgreSQL first, then migrations, the homeserver, web and workers.

SIGKILL of the supervisor leaves no orphan: every child asked Linux for a death signal (`children.spawn`).
"""

from __future__ import annotations

import fcntl
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from roomdesk.runtime import databases, http, instance, ports, postgres, synapse
from roomdesk.runtime.children import Child, ChildError, ChildSpec, run_once, stop_all
from roomdesk.runtime.instance import Instance, InstanceError
from roomdesk.runtime.settings import Settings, environment
from roomdesk.runtime.settings_table import PREFIX

#: Seconds that a change of the schema may take: a large table takes long, and what is ended in the middle begins anew at the next start.
_MIGRATING = 900.0
PARTS = frozenset({"postgres", "migrate", "synapse", "web", "worker"})
_LOCK_GRACE = 2.0


@dataclass(frozen=True)
class Running:
    """A started installation: its complete settings, and how many seconds the start took."""

    settings: Settings
    seconds: float


class Supervisor:
    """Runs one installation, once. All methods are called from the main thread.

    `parts`: which of `PARTS` to run (an outside database or homeserver is never run). `fsync=False` is for tests only.
    `signals=False` leaves signal handling to the caller. Raises `InstanceError` or `ChildError`, whose texts are for people.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        progress: Callable[[str], None] = lambda sentence: None,
        parts: frozenset[str] | set[str] = PARTS,
        fsync: bool = True,
        signals: bool = True,
    ) -> None:
        self._settings = settings
        self._progress = progress
        self._parts = frozenset(parts) & _possible(settings)
        self._fsync = fsync
        self._signals = signals
        self._children: list[Child] = []
        self._reservations = ports.Reservations()
        self._lock: Any = None
        self._asked_at: float | None = None
        self._hurried = False
        self._stopping = False
        self._handlers: dict[int, Any] = {}

    def start(self) -> Running:
        """Start all parts and return when they answer. When anything fails, or on a signal, what was started is stopped again."""
        self._catch_signals()
        began = time.monotonic()
        try:
            self._settings = self._claim()
            self._start_parts()
        except BaseException:
            self.stop()
            raise
        return Running(self._settings, time.monotonic() - began)

    def _claim(self) -> Settings:
        """Make this process the only supervisor of the folder, and choose its ports."""
        folder = instance.create(self._settings.data)
        self._lock = _lock(folder)
        # Before the ports are looked at: a server of a killed supervisor may still hold its own.
        postgres.end_leftover(folder)
        ports.choose(self._settings, folder, self._reservations)
        return instance.resolve(self._settings)

    def _start_parts(self) -> None:
        folder = Instance(self._settings.data)
        if "postgres" in self._parts:
            self._start_postgres(folder)
        home = self._begin_synapse(folder) if "synapse" in self._parts else None
        if "migrate" in self._parts:
            with self._timed("Database schema is up to date"):
                run_once(replace(self._command(folder, "migrate"), start_seconds=_MIGRATING))
        # Web and workers need the administrator's token: known from the second start on, so that they can start beside the homeserver.
        early = self._begin_own(folder) if home is None or self._settings.admin_token else None
        if home:
            self._finish_synapse(folder, home)
        self._finish_own(early if early is not None else self._begin_own(folder))

    def _start_postgres(self, folder: Instance) -> None:
        port = self._settings.pg_port
        assert port is not None
        with self._timed("PostgreSQL runs"):
            postgres.initialise(folder, fsync=self._fsync)
            self._begin(postgres.spec(folder, port, fsync=self._fsync)).await_ready()
            databases.prepare(folder, port)

    def _begin_synapse(self, folder: Instance) -> Child:
        # It needs seconds before it answers; the migrations run meanwhile.
        synapse.write_files(self._settings, folder)
        return self._begin(synapse.spec(self._settings, folder))

    def _finish_synapse(self, folder: Instance, home: Child) -> None:
        home.await_ready()
        self._settings = replace(self._settings, admin_token=synapse.ensure_admin(self._settings, folder))
        self._progress(
            f"The homeserver answers at {self._settings.matrix_url} (after {time.monotonic() - home.started:.1f} s)."
        )

    def _begin_own(self, folder: Instance) -> list[Child]:
        counts = {"web": self._settings.web_processes, "worker": self._settings.worker_processes}
        return [
            self._begin(self._command(folder, name, number))
            for name in counts
            if name in self._parts
            for number in range(1, counts[name] + 1)
        ]

    def _finish_own(self, begun: list[Child]) -> None:
        for child in begun:
            child.await_ready()
        if begun:
            self._progress(
                f"Roomdesk answers at {self._settings.public_url} (after {time.monotonic() - begun[0].started:.1f} s)."
            )

    def _begin(self, spec: ChildSpec) -> Child:
        child = Child(spec)
        self._children.append(child)
        child.start()
        return child

    def _command(self, folder: Instance, name: str, number: int = 1) -> ChildSpec:
        """One of our own commands as a child."""
        label = name if number == 1 else f"{name}-{number}"
        address = f"{instance.web_address(self._settings)}/healthz"
        ready: Callable[[int], bool] = (lambda pid: http.answers(address)) if name == "web" else (lambda pid: True)
        return ChildSpec(
            name=label,
            command=[sys.executable, "-m", "roomdesk.cli", name],
            log=folder.logs / f"{label}.log",
            env=child_environ(self._settings),
            cwd=Path.cwd(),
            pid_file=folder.run / f"{label}.pid",
            ready=ready,
        )

    def wait(self) -> None:
        """Watch the children and start again whoever ends, until a signal; then stop everything and return."""
        try:
            while self._asked_at is None:
                self.watch()
                time.sleep(0.1)
        except KeyboardInterrupt:
            pass
        finally:
            self.stop()

    def watch(self) -> None:
        """One look at all children, for callers with a loop of their own."""
        for child in self._children:
            if sentence := child.watch():
                self._progress(sentence)

    def stop(self) -> None:
        """Stop all children, the last started first: SIGTERM, after 10 s SIGKILL (PostgreSQL: SIGINT, SIGQUIT); a second signal hurries. Idempotent."""
        self._stopping = True
        began, had = time.monotonic(), bool(self._children)
        for group in _stop_groups(self._children):
            stop_all(group, seconds=10, hurried=lambda: self._hurried)
        self._children.clear()
        self._reservations.close()
        self._release()
        if had:
            self._progress(f"Everything is stopped (after {time.monotonic() - began:.1f} s).")

    def _release(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        self._handlers.clear()

    def _catch_signals(self) -> None:
        if self._signals:
            self._handlers = {
                number: signal.signal(number, self._on_signal)
                for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
            }

    def _on_signal(self, number: int, frame: object) -> None:
        # The first one breaks whatever is being waited for; while stopping, a further one only hurries.
        # (A signal sent to the process and to its group arrives twice at once; that is no hurry.)
        self._hurried = self._asked_at is not None and time.monotonic() - self._asked_at > 0.5
        self._asked_at = self._asked_at or time.monotonic()
        if not self._stopping:
            raise KeyboardInterrupt

    @contextmanager
    def _timed(self, sentence: str) -> Iterator[None]:
        began = time.monotonic()
        yield
        self._progress(f"{sentence} (after {time.monotonic() - began:.1f} s).")


def run(
    settings: Settings, *, progress: Callable[[str], None], on_ready: Callable[[Running], None] = lambda running: None
) -> None:
    """Start everything, call `on_ready` once, watch until Ctrl-C or SIGTERM, stop everything. A signal during start or `on_ready` stops too."""
    supervisor = Supervisor(settings, progress=progress)
    try:
        on_ready(supervisor.start())
        supervisor.wait()
    except KeyboardInterrupt:
        pass
    finally:
        supervisor.stop()


def child_environ(settings: Settings) -> dict[str, str]:
    """The environment of our own processes: what we have, with the settings as they are now. Embedded secrets stay in the data folder."""
    others = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    return others | environment(settings)


def _possible(settings: Settings) -> frozenset[str]:
    outside = {
        "postgres": not (settings.embedded_database or settings.embedded_matrix),
        "synapse": not settings.embedded_matrix,
    }
    return PARTS - {name for name, elsewhere in outside.items() if elsewhere}


def _stop_groups(children: list[Child]) -> list[list[Child]]:
    """Our own processes together, then the homeserver, then the database they all stand on."""
    base = ("synapse", "postgres")
    own = [child for child in children if child.spec.name not in base]
    return [own, *([child for child in children if child.spec.name == name] for name in base)]


def _lock(folder: Instance) -> Any:
    """The supervisor's lock on the folder, held until closed or dead. A killed predecessor gets a moment to vanish."""
    file = (folder.run / "supervisor.lock").open("a+")
    deadline = time.monotonic() + _LOCK_GRACE
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except OSError:
            if time.monotonic() > deadline:
                file.close()
                raise InstanceError(
                    f'Roomdesk already runs on the data folder "{folder.folder}"; stop it first, or set ROOMDESK_DATA to another folder.'
                ) from None
            time.sleep(0.05)
    (folder.run / "supervisor.pid").write_text(f"{os.getpid()}\n")
    return file


__all__ = ["PARTS", "ChildError", "InstanceError", "Running", "Supervisor", "child_environ", "run"]
