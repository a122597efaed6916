"""Outbox rows for the tests of senders and worker."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from typing import Any

from roomdesk.channels.matrix.client import Matrix
from roomdesk.channels.matrix.send import send
from roomdesk.queues.models import OutboxRow
from roomdesk.queues.outbox import Sent
from roomdesk.runtime import clock


def add_row(kind: str, payload: dict[str, Any], **fields: Any) -> OutboxRow:
    """A queued row with a destination of its own."""
    now = clock.now()
    usual = {"channel": "matrix", "destination": f"test:{uuid.uuid4()}", "next_at": now, "created_at": now}
    return OutboxRow.objects.create(kind=kind, payload=json.dumps(payload), **{**usual, **fields})


@dataclass
class Outbox:
    """Puts rows into the outbox and carries them out, as the worker does but one by one in this thread."""

    matrix: Matrix

    def row(self, kind: str, payload: dict[str, Any], **fields: Any) -> OutboxRow:
        """A row in its first attempt."""
        return add_row(kind, payload, **{"attempts": 1, **fields})

    def carry_out(self, row: OutboxRow) -> Sent:
        return send(row, self.matrix)

    def send(self, kind: str, payload: dict[str, Any], **fields: Any) -> Sent:
        return self.carry_out(self.row(kind, payload, **fields))
