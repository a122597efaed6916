"""What has to be tidied now and then, by every worker; each of these may be done by several at once."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from roomdesk.cases import chat_files
from roomdesk.consent import roots
from roomdesk.queues import inbox, outbox, partitions, requests, workers
from roomdesk.queues.models import OutboxRow
from roomdesk.queues.signals import OUTBOX, notify
from roomdesk.runtime import clock
from roomdesk.worker.identity import Identity

_LOG = logging.getLogger("roomdesk.worker")

EVERY = 5.0
HOURLY = 3600.0
#: How old a claim of ours is before we miss its row: between claiming and holding it lies a moment.
_LOST_AFTER = timedelta(seconds=30)


class Sweeper:
    """`step` is a loop's step."""

    def __init__(self, identity: Identity, held: Callable[[], list[int]], put_away: Callable[[], int]) -> None:
        self._identity = identity
        self._held = held
        self._put_away = put_away
        self._hourly_at = 0.0

    def step(self) -> float:
        now = clock.now()
        freed = outbox.release_orphans(workers.living(), now)
        if self._identity.number is not None:
            freed += release_lost(self._identity.number, self._held(), now)
        if freed:
            _LOG.warning("%d rows that nobody was sending any more go out again.", freed)
            notify(OUTBOX)
        self._put_away()
        if time.monotonic() >= self._hourly_at:
            inbox.forget_transactions(now)
            requests.forget(now)
            partitions.ensure(now)
            roots.give_out(now)
            chat_files.clear(now)
            self._hourly_at = time.monotonic() + HOURLY
        return EVERY


def release_lost(number: int, held: list[int], now: datetime) -> int:
    """Gives back rows that this worker claimed but does not hold: the database broke off after the claim was committed."""
    rows = OutboxRow.objects.filter(state=OutboxRow.State.SENDING, claimed_by=number, claimed_at__lt=now - _LOST_AFTER)
    lost: int = rows.exclude(pk__in=held).update(state=OutboxRow.State.RETRY, next_at=now, claimed_by=None)
    return lost
