"""The heap of a process that runs for long: what it has loaded is not looked through again."""

from __future__ import annotations

import gc

#: New objects until the youngest are looked through, and young rounds until older ones are. Python's own are meant for small programs.
_YOUNG, _MIDDLE, _OLD = 10_000, 20, 20


def settle() -> None:
    """Sets apart what has been loaded. May be called again, once more has been.

    Looking through all of it took 0.2 s, in which every thread of the process stood still: a P0 among them.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, _MIDDLE, _OLD)
