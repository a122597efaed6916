"""What others do with clocks. Each function plans its writes in the caller's `Work`, under the lane's lock.

`running` is always the list of a cycle's clocks that are neither stopped nor cancelled, changed in place.
"""

from __future__ import annotations

from roomdesk.clocks.changing import reclassified, retarget
from roomdesk.clocks.measure import amount_text, due_at, measure_of
from roomdesk.clocks.merging import give_back, take_over
from roomdesk.clocks.pausing import pause, resume
from roomdesk.clocks.starting import start
from roomdesk.clocks.stopping import answered, cancel, find_late, resolved, stop
from roomdesk.clocks.subject import Subject
from roomdesk.clocks.writing import DUE_TIMER, wake

__all__ = [
    "DUE_TIMER",
    "Subject",
    "amount_text",
    "answered",
    "cancel",
    "due_at",
    "find_late",
    "give_back",
    "measure_of",
    "pause",
    "reclassified",
    "resolved",
    "resume",
    "retarget",
    "start",
    "stop",
    "take_over",
    "wake",
]
