"""Looking for P0s that wait in the inbox although the flow should long have had them (D26)."""

from __future__ import annotations

from roomdesk.cases import early_pages
from roomdesk.runtime import clock

#: Seconds between two looks. One costs an index scan over the few urgent events that wait.
_EVERY = 0.5


def step() -> float:
    early_pages.page_waiting(clock.now())
    return _EVERY
