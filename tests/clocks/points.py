"""Crash points of the timers, walked by `test_crashes`."""

from __future__ import annotations

IN_TIMERS = ("timers-decided", "timers-written", "timers-committed")
