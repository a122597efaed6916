"""Waiting for the signal to end, in a process whose signals are blocked for all threads."""

from __future__ import annotations

import signal

SIGNALS = frozenset({signal.SIGTERM, signal.SIGINT})


def block() -> None:
    """Before any thread exists, so that all inherit it: the signals then wait for `asked`."""
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)


def asked(seconds: float) -> bool:
    """Waits for at most so many seconds; whether the process was asked to end."""
    found = signal.sigtimedwait(SIGNALS, seconds)
    # A process that was stopped (by a debugger, a frozen machine) and goes on later than the wait should have ended is given
    # a result without a signal in it: CPython leaves its loop after EINTR.
    return found is not None and found.si_signo in SIGNALS
