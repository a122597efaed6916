"""How much memory there is: the machine's, or what our control group is given of it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

#: Where control groups of either version say the limit of a container to those inside it, in bytes or as `max`.
LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))
MEGABYTE = 1 << 20
#: The least and the most megabytes of tables and indexes that the embedded PostgreSQL keeps at hand.
_FEWEST, _MOST = 128, 1024
#: And how much of the memory that is: the homeserver and our own processes have to live, too.
_PART = 8


def available(limits: Iterable[Path] = LIMITS) -> int:
    """Bytes."""
    return min([os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"), *filter(None, map(_limit, limits))])


def _limit(file: Path) -> int:
    """None (0) where there is no such file, or no limit."""
    try:
        return int(file.read_text())
    except (OSError, ValueError):
        return 0


def shared_buffers(memory: int) -> str:
    """PostgreSQL's setting for so many bytes of memory. It takes of it what it comes to use, and then keeps it."""
    return f"{max(_FEWEST, min(_MOST, memory // _PART // MEGABYTE))}MB"
