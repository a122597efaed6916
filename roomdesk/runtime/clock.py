"""The only source of time (D29). All times are aware and UTC.

In demo and test one offset, stored once in the data folder and shared by all processes, is added to the real time and to every time that comes from
outside, and subtracted where a time goes out. In production there is no offset.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from roomdesk.runtime.instance import write_private
from roomdesk.runtime.settings import Settings

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ZERO = timedelta()
_MOVABLE = ("demo", "test")


class ClockRefused(RuntimeError):
    """The clock may not be moved like this; the text is a sentence for people."""


@dataclass
class _Source:
    """Where the offset comes from, and what was read last. `seen` identifies the file's version (inode, mtime)."""

    path: Path | None = None
    seen: tuple[int, int] | None = None
    offset: timedelta = _ZERO


class Frozen:
    """A clock that stands still until told; for tests inside one process."""

    def __init__(self, at: datetime) -> None:
        self.at = _aware(at)

    def tick(self, delta: timedelta) -> datetime:
        """Move it and return the new time."""
        self.at += delta
        return self.at


_source = _Source()
_frozen: Frozen | None = None


def configure(settings: Settings) -> None:
    """Use the offset of this data folder in demo and test, none in production. Until called there is no offset."""
    global _source
    _source = _Source(settings.data / "clock-offset" if settings.mode in _MOVABLE else None)


def now() -> datetime:
    """The time of this installation."""
    return _frozen.at if _frozen else datetime.now(UTC) + offset()


def offset() -> timedelta:
    """What is added to real time now. The file is read again only when it has been replaced."""
    if _source.path is None:
        return _ZERO
    try:
        found = os.stat(_source.path)
    except FileNotFoundError:
        return _ZERO
    version = (found.st_ino, found.st_mtime_ns)
    if version != _source.seen:
        _source.offset = _read(_source.path)
        _source.seen = version
    return _source.offset


def _read(path: Path) -> timedelta:
    return timedelta(microseconds=json.loads(path.read_text(encoding="ascii"))["microseconds"])


def advance(delta: timedelta) -> timedelta:
    """Move the clock of all processes forward and return the new offset. Raises `ClockRefused` outside demo and test, and for going back."""
    path = _source.path
    if path is None:
        raise ClockRefused(
            "The clock can be moved only in a demo or test installation; set ROOMDESK_MODE to demo or test for a separate data folder."
        )
    if delta < _ZERO:
        raise ClockRefused("The clock cannot go back; give a time of at least zero.")
    # Two who advance at once must both count.
    with path.with_name("clock-offset.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        moved = (_read(path) if path.exists() else _ZERO) + delta
        write_private(path, json.dumps({"microseconds": moved // timedelta(microseconds=1)}))
    return moved


def from_outside(at: datetime) -> datetime:
    """A time told by somebody outside (Matrix, mail, hooks) as a time of this installation."""
    return _aware(at) + offset()


def to_outside(at: datetime) -> datetime:
    """A time of this installation as somebody outside has to be told it."""
    return _aware(at) - offset()


def from_ms(milliseconds: int) -> datetime:
    """Milliseconds since 1970 (as Matrix tells time) as a time, not moved. Exact: no floats."""
    return _EPOCH + timedelta(milliseconds=milliseconds)


def to_ms(at: datetime) -> int:
    """Whole milliseconds since 1970, rounded down, not moved."""
    return (_aware(at) - _EPOCH) // timedelta(milliseconds=1)


@contextmanager
def frozen(at: datetime) -> Iterator[Frozen]:
    """Within it `now()` stands still at `at`; all threads of this process see it. The offset for outside times is unaffected."""
    global _frozen
    before, _frozen = _frozen, Frozen(at)
    try:
        yield _frozen
    finally:
        _frozen = before


def _aware(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError("A time without zone was given; times here are aware.")
    return at.astimezone(UTC)
