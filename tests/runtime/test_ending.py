"""A process ends when it is asked to, and not because it stood still for a while."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

WAITING = """
from roomdesk.runtime import ending
ending.block()
print("waiting", flush=True)
while not ending.asked(0.2):
    print("still", flush=True)
print("ended", flush=True)
"""


@pytest.fixture
def process() -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen([sys.executable, "-c", WAITING], stdout=subprocess.PIPE, text=True) as started:
        assert started.stdout is not None and started.stdout.readline() == "waiting\n"
        yield started
        started.kill()


def lines(process: subprocess.Popen[str], count: int) -> list[str]:
    assert process.stdout is not None
    return [process.stdout.readline().strip() for _ in range(count)]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_when_it_is_asked_to(process: subprocess.Popen[str], number: signal.Signals) -> None:
    process.send_signal(number)
    said, _ = process.communicate(timeout=60)
    assert said.splitlines()[-1] == "ended" and process.returncode == 0


def test_it_goes_on_after_it_was_stopped_for_longer_than_it_waits(process: subprocess.Popen[str]) -> None:
    for _ in range(3):
        assert lines(process, 2) == ["still", "still"]
        process.send_signal(signal.SIGSTOP)
        os.waitpid(process.pid, os.WUNTRACED)
        time.sleep(0.5)
        process.send_signal(signal.SIGCONT)
    assert lines(process, 3) == ["still"] * 3
