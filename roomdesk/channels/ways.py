"""The ways out, by the name in `OutboxRow.channel`: same shape each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from roomdesk.channels.matrix import retry as matrix_retry
from roomdesk.channels.matrix import send as matrix_send
from roomdesk.queues.models import OutboxRow
from roomdesk.queues.outbox import Sent


@dataclass(frozen=True, slots=True)
class Way:
    """`send` makes the call and raises; `retry_delay(error, attempt, key)` says when again, None for never."""

    send: Callable[[OutboxRow], Sent]
    retry_delay: Callable[[Exception, int, str], timedelta | None]


WAYS: Mapping[str, Way] = {"matrix": Way(matrix_send.send, matrix_retry.retry_delay)}
