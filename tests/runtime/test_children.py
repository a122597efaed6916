"""Children: they cannot outlive us, are started again with patience, and end when told."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from roomdesk.runtime.children import Child, ChildError, ChildSpec, run_once, spawn, stop_all
from tests.runtime.processes import exists, until


def spec(folder: Path, code: str) -> ChildSpec:
    return ChildSpec(
        name="trial",
        command=[sys.executable, "-c", code],
        log=folder / "trial.log",
        env=dict(os.environ),
        cwd=folder,
        pid_file=folder / "trial.pid",
    )


def test_a_child_that_ends_is_started_again_ever_later(tmp_path: Path) -> None:
    child = Child(spec(tmp_path, "raise SystemExit(3)"))
    child.start()
    sentences: list[str] = []

    def looked_five_times() -> bool:
        if said := child.watch():
            sentences.append(said)
        return len(sentences) == 5

    until(looked_five_times)
    assert "trial ended (exit code 3); it is started again in 0.2 s" in sentences[0]
    assert sentences[1] == "trial is started again."
    assert "in 0.4 s" in sentences[2] and "in 0.8 s" in sentences[4]
    stop_all([child], seconds=1, hurried=lambda: False)
    assert not (tmp_path / "trial.pid").exists()


def test_patience_has_a_limit_and_a_long_run_restores_it(tmp_path: Path) -> None:
    child = Child(spec(tmp_path, "import time; time.sleep(60)"), failures=20)
    assert child._back_off() == 10.0
    child.start()
    child.watch()
    assert child.failures == 10
    child.started -= 31
    child.watch()
    assert child.failures == 0
    stop_all([child], seconds=5, hurried=lambda: False)


def test_one_that_ignores_the_request_to_end_is_killed(tmp_path: Path) -> None:
    child = Child(
        spec(
            tmp_path,
            "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)",
        )
    )
    child.start()
    until(lambda: "deaf" in (tmp_path / "trial.log").read_text())
    process = child.process
    assert process
    began = time.monotonic()
    stop_all([child], seconds=0.5, hurried=lambda: False)
    # Asked first, and killed long before it would have ended.
    assert process.returncode == -signal.SIGKILL and time.monotonic() - began > 0.4


def test_a_failed_start_tells_the_end_of_its_log(tmp_path: Path) -> None:
    child = Child(spec(tmp_path, "raise SystemExit('the reason')"))
    child.start()
    with pytest.raises(ChildError, match=r"(?s)trial ended while starting \(exit code 1\).*the reason"):
        for _ in range(1200):
            child.is_ready()
            time.sleep(0.05)
    with pytest.raises(ChildError, match=r"(?s)trial failed \(exit code 1\).*the reason"):
        run_once(spec(tmp_path, "raise SystemExit('the reason')"))
    with pytest.raises(ChildError, match="could not be started"):
        run_once(replace(spec(tmp_path, ""), command=["/does/not/exist"]))


def test_a_start_that_takes_too_long_is_given_up(tmp_path: Path) -> None:
    slow = replace(spec(tmp_path, "import time; time.sleep(60)"), start_seconds=0.3, ready=lambda pid: False)
    child = Child(slow)
    child.start()
    with pytest.raises(ChildError, match="did not answer within 0 s"):
        child.await_ready()
    stop_all([child], seconds=5, hurried=lambda: False)
    with pytest.raises(ChildError, match="did not end within 0 s"):
        run_once(slow)


@pytest.fixture
def interrupted(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Ctrl-C comes at the moment in which a process has been started and its starter does not know it yet."""
    started: list[subprocess.Popen[bytes]] = []

    class Interrupted(subprocess.Popen[bytes]):
        def __init__(self, *args: Any, **given: Any) -> None:
            super().__init__(*args, **given)
            started.append(self)
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(subprocess, "Popen", Interrupted)
    former = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield started
    signal.signal(signal.SIGINT, former)
    for process in started:
        process.kill()
        process.wait()


def test_who_is_asked_to_end_while_it_starts_a_child_knows_it_and_ends_it(
    tmp_path: Path, interrupted: list[subprocess.Popen[bytes]]
) -> None:
    child = Child(spec(tmp_path, "import time; time.sleep(600)"))
    with pytest.raises(KeyboardInterrupt):
        child.start()
    assert child.process is interrupted[0] and child.alive
    stop_all([child], seconds=60, hurried=lambda: False)
    assert interrupted[0].returncode == -signal.SIGTERM
    with pytest.raises(KeyboardInterrupt):
        run_once(spec(tmp_path, "import time; time.sleep(600)"))
    assert interrupted[1].returncode == -signal.SIGKILL


def test_a_child_is_asked_to_end_by_the_signals_that_were_held_back_when_it_began(tmp_path: Path) -> None:
    child = Child(spec(tmp_path, "import time; print('here', flush=True); time.sleep(600)"))
    child.start()
    until(lambda: "here" in (tmp_path / "trial.log").read_text())
    process = child.process
    assert process
    stop_all([child], seconds=60, hurried=lambda: False)
    assert process.returncode == -signal.SIGTERM


def test_children_are_refused_to_other_threads(tmp_path: Path) -> None:
    refused: list[str] = []

    def attempt() -> None:
        try:
            spawn(spec(tmp_path, ""))
        except RuntimeError as error:
            refused.append(str(error))

    thread = threading.Thread(target=attempt)
    thread.start()
    thread.join()
    assert "main thread only" in refused[0]


def test_a_killed_parent_takes_its_child_along(tmp_path: Path) -> None:
    code = (
        "import os, sys, time; from pathlib import Path; from roomdesk.runtime.children import Child, ChildSpec\n"
        "here = Path(sys.argv[1])\n"
        "Child(ChildSpec('trial', [sys.executable, '-c', 'import time; time.sleep(600)'], here / 'log', dict(os.environ), here, here / 'pid')).start()\n"
        "time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)])
    until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text().endswith("\n"))
    child = int((tmp_path / "pid").read_text())
    assert exists(child)
    parent.kill()
    parent.wait()
    until(lambda: not exists(child))
