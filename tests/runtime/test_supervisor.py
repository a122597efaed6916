"""The supervisor with stand-ins for our own commands: order, environment, restart, stop, and one per folder."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from roomdesk.runtime import supervisor as supervising
from roomdesk.runtime.instance import InstanceError
from roomdesk.runtime.settings import load
from roomdesk.runtime.supervisor import ChildError, Supervisor
from tests.runtime.processes import exists, until

# Stands in the children's working folder, where `python -m roomdesk.cli` finds it first.
STAND_IN = """
import http.server, json, os, sys, time
with open("order", "a") as file:
    file.write(json.dumps([sys.argv[1], dict(os.environ)]) + "\\n")
if sys.argv[1] == "migrate":
    raise SystemExit(int(os.environ.get("MIGRATE_FAILS", 0)))
if sys.argv[1] == "web":
    http.server.HTTPServer(("127.0.0.1", int(os.environ["ROOMDESK_PORT"])), http.server.SimpleHTTPRequestHandler).serve_forever()
time.sleep(60)
"""
OUTSIDE = {
    "ROOMDESK_DATABASE_URL": "postgresql://db/x",
    "ROOMDESK_SECRET_KEY": "k" * 20,
    "ROOMDESK_MATRIX_URL": "https://m",
    "ROOMDESK_AS_TOKEN": "a" * 20,
    "ROOMDESK_HS_TOKEN": "h" * 20,
    "ROOMDESK_MATRIX_SERVER_NAME": "m",
    "ROOMDESK_WORKER_PROCESSES": "2",
}


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def supervisor(folder: Path, monkeypatch: pytest.MonkeyPatch, said: list[str]) -> Iterator[Supervisor]:
    (folder / "roomdesk").mkdir()
    (folder / "roomdesk" / "cli.py").write_text(STAND_IN)
    monkeypatch.chdir(folder)
    one = Supervisor(load(OUTSIDE | {"ROOMDESK_DATA": str(folder / "data")}), progress=said.append, signals=False)
    yield one
    one.stop()


def begun(folder: Path) -> list[tuple[str, dict[str, str]]]:
    """Without a line that is just being written."""
    whole = (folder / "order").read_text().rpartition("\n")[0]
    return [json.loads(line) for line in whole.splitlines()]


def pid(folder: Path, name: str) -> int:
    return int((folder / "data" / "run" / f"{name}.pid").read_text())


def test_migrations_come_first_and_children_get_the_settings(supervisor: Supervisor, folder: Path) -> None:
    running = supervisor.start()
    until(lambda: len(begun(folder)) == 4)
    assert begun(folder)[0][0] == "migrate" and sorted(name for name, _ in begun(folder)[1:]) == [
        "web",
        "worker",
        "worker",
    ]
    assert all(
        load(environ) == load(environ | {"ROOMDESK_PORT": str(running.settings.port)}) for _, environ in begun(folder)
    )
    assert all(
        environ["ROOMDESK_AS_TOKEN"] == "a" * 20 and environ["ROOMDESK_MODE"] == "production"
        for _, environ in begun(folder)
    )


def test_a_killed_worker_comes_back_and_stop_ends_all(supervisor: Supervisor, folder: Path, said: list[str]) -> None:
    supervisor.start()
    first = pid(folder, "worker-2")
    os.kill(first, signal.SIGKILL)
    until(lambda: supervisor.watch() or pid(folder, "worker-2") != first)  # type: ignore[func-returns-value]
    assert any("worker-2 ended (signal SIGKILL); it is started again in 0.2 s" in sentence for sentence in said)
    all_pids = [pid(folder, name) for name in ("web", "worker", "worker-2")]
    supervisor.stop()
    assert not any(exists(one) for one in all_pids)
    assert "Everything is stopped" in said[-1]


def test_failed_migrations_stop_the_start(
    supervisor: Supervisor, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIGRATE_FAILS", "1")
    with pytest.raises(ChildError, match=r"migrate failed \(exit code 1\)"):
        supervisor.start()
    assert [name for name, _ in begun(folder)] == ["migrate"]


def test_only_one_supervisor_per_folder(supervisor: Supervisor, folder: Path) -> None:
    supervisor.start()
    with pytest.raises(InstanceError, match="already runs on the data folder"):
        Supervisor(load(OUTSIDE | {"ROOMDESK_DATA": str(folder / "data")}), signals=False).start()
    assert exists(pid(folder, "web"))


def test_a_repeated_signal_is_no_hurry_but_a_later_one_is(
    supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    moment = 100.0
    monkeypatch.setattr(supervising, "time", SimpleNamespace(monotonic=lambda: moment))
    supervisor._stopping = True
    supervisor._on_signal(signal.SIGINT, None)
    moment += 0.4
    supervisor._on_signal(signal.SIGINT, None)
    assert not supervisor._hurried
    moment += 0.2
    supervisor._on_signal(signal.SIGINT, None)
    assert supervisor._hurried
