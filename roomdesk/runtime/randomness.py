"""Random bytes of the operating system, fetched many at once.

A fetch lets other threads go on, and then waits for one of them: with senders at work each cost the flow milliseconds (D25's lock
held meanwhile). What is given out once is never given out again, in no thread and in no process.
"""

from __future__ import annotations

import os
import threading
import uuid

_BLOCK = 4096


class _Store(threading.local):
    """What a thread has fetched and not given out yet, with the process that fetched it: a copied process must not give it out too."""

    rest = b""
    pid = 0


_store = _Store()


def token(size: int) -> bytes:
    """`size` bytes, at most 4,096, fit for secrets."""
    if len(_store.rest) < size or _store.pid != os.getpid():
        _store.rest, _store.pid = os.urandom(_BLOCK), os.getpid()
    found, _store.rest = _store.rest[:size], _store.rest[size:]
    return found


def new_uuid() -> uuid.UUID:
    """A random UUID (version 4, RFC 9562)."""
    return uuid.UUID(bytes=token(16), version=4)
