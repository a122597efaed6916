"""What a process has loaded is set apart once, and garbage is still found."""

from __future__ import annotations

import gc
import weakref

from roomdesk.runtime import heap


class Ring:
    """Holds itself, so that only a look through the heap finds that nobody else does."""

    def __init__(self) -> None:
        self.me = self


def test_what_is_loaded_is_set_apart_and_later_garbage_is_found() -> None:
    before = gc.get_threshold()
    try:
        heap.settle()
        assert gc.get_freeze_count() > 10_000
        gone = weakref.ref(Ring())
        gc.collect()
        assert gone() is None
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)
