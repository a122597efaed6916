"""Taking over the rotas that are PagerDuty's, every few minutes (D33)."""

from __future__ import annotations

from roomdesk.oncall import importing
from roomdesk.runtime import clock

#: Seconds between two looks whether one is due.
_EVERY = 20.0


def step() -> float:
    importing.ask_due(clock.now())
    return _EVERY
