"""Named crash points (D40): places where a test lets a process die or an event fail. Inert outside test mode.

`ROOMDESK_FAULTS` holds `name[:hit]` items separated by commas; at the given hit (default the first) of that point, in
this process or an earlier one, the process kills itself with SIGKILL. Each hit that kills is first written to
`ROOMDESK_FAULTS_LOG`, so that a test can count the crash points that were really reached; a point kills once a log, and
its hits count only while the log does not have it.
`pause=NAME:MS` waits at that point, every time, so that who comes soon afterwards is there too. `meet=NAME:MS` waits there
until another process with the same log has come, MS at most: a race that a guard prevents is certain without it.
`without=GUARD` switches a guard off. `fail=TEXT` lets every event whose raw text contains TEXT raise in the middle of being applied.
"""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

POINTS = (
    "inbox-stored",
    "inbox-committed",
    "apply-decided",
    "apply-written",
    "apply-committed",
    "outbox-claimed",
    "outbox-called",
    "outbox-noted",
    "timers-decided",
    "timers-written",
    "timers-committed",
)
#: Around the use of a consent; walked by tests of their own.
CONSENT_POINTS = ("consent-used", "consent-written", "consent-committed")

_hits: dict[str, int] = {}


class InjectedFault(Exception):
    """A test asked for this event to fail."""


def _active() -> str:
    return os.environ.get("ROOMDESK_FAULTS", "") if os.environ.get("ROOMDESK_MODE") == "test" else ""


def point(name: str) -> None:
    """Dies or waits here if a test asked for it."""
    wanted = _active()
    if not wanted:
        return
    for item in wanted.split(","):
        at, _, hit = item.partition(":")
        if at == name:
            _hit(name, int(hit or 1))
        elif at == f"pause={name}":
            time.sleep(int(hit) / 1000)
        elif at == f"meet={name}":
            _meet(name, int(hit) / 1000)


def _meet(name: str, seconds: float) -> None:
    """Who is there stands in a file beside the log."""
    there, until = Path(f"{os.environ['ROOMDESK_FAULTS_LOG']}.{name}"), time.monotonic() + seconds
    with there.open("a") as file:
        file.write(f"{os.getpid()}\n")
    while len({*there.read_text().split()}) < 2 and time.monotonic() < until:
        time.sleep(0.01)


def _hit(name: str, wanted: int) -> None:
    log = Path(os.environ["ROOMDESK_FAULTS_LOG"])
    if log.exists() and name in log.read_text().split():
        return
    _hits[name] = _hits.get(name, 0) + 1
    if _hits[name] != wanted:
        return
    with log.open("a") as file:
        file.write(name + "\n")
        file.flush()
        os.fsync(file.fileno())
    os.kill(os.getpid(), signal.SIGKILL)


def without(guard: str) -> bool:
    """Whether a test wants to see the damage that a guard prevents: `without=lane-lock`, `without=idempotency-key`."""
    return f"without={guard}" in _active().split(",")


def fail_if_poisoned(raw: str) -> None:
    """Raises `InjectedFault` for an event that a test has poisoned."""
    for item in _active().split(","):
        if item.startswith("fail=") and item[5:] in raw:
            raise InjectedFault(f"This event was poisoned by a test ({item[5:]}).")
