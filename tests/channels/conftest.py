"""One real PostgreSQL and Synapse for all tests of the channels. To be merged into the shared fixtures."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

PORTS = {"ROOMDESK_PORT": "23180", "ROOMDESK_MATRIX_PORT": "23181", "ROOMDESK_PG_PORT": "23182"}


@pytest.fixture(scope="session")
def desk() -> Iterator[Any]:
    """A running installation without web and worker; Django is up in this process. Gives its settings."""
    from roomdesk.runtime.settings import load
    from roomdesk.runtime.supervisor import Supervisor

    folder = Path(tempfile.mkdtemp(prefix="roomdesk-channels-"))
    os.environ.update(PORTS, ROOMDESK_DATA=str(folder), ROOMDESK_MODE="test")
    supervisor = Supervisor(load(os.environ), parts={"postgres", "synapse"}, fsync=False, signals=False)
    try:
        supervisor.start()
        subprocess.run([sys.executable, "-m", "roomdesk.cli", "migrate"], check=True)
        from roomdesk import bootstrap

        bootstrap.setup()
        yield bootstrap.settings
    finally:
        _disconnect()
        supervisor.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _disconnect() -> None:
    if "django" in sys.modules:
        from django.db import connection, connections

        connections.close_all()
        connection.close_pool()


@pytest.fixture
def tables(desk: Any) -> Iterator[None]:
    """Empty queues before the test; connections returned after it."""
    from django.db import connection

    with connection.cursor() as cursor:
        # The application's role may not truncate.
        for table in ("queues_inboxevent", "queues_appservicetransaction", "queues_outboxrow", "queues_timer"):
            cursor.execute(f"DELETE FROM {table}")  # noqa: S608 - our own names
    yield
    connection.close()


@pytest.fixture
def matrix(desk: Any) -> Any:
    """The homeserver's client of this process."""
    from roomdesk.channels.matrix import client

    return client.current()


@dataclass
class Outbox:
    """Puts rows into the outbox and carries them out, as the worker does but one by one in this thread."""

    def row(self, kind: str, payload: dict[str, Any], **fields: Any) -> Any:
        import json

        from roomdesk.queues.models import OutboxRow
        from roomdesk.runtime import clock

        now = clock.now()
        defaults = {"channel": "matrix", "destination": f"test:{uuid.uuid4()}", "attempts": 1}
        return OutboxRow.objects.create(
            kind=kind, payload=json.dumps(payload), next_at=now, created_at=now, **{**defaults, **fields})

    def send(self, kind: str, payload: dict[str, Any], **fields: Any) -> Any:
        from roomdesk.channels.matrix.send import send

        return send(self.row(kind, payload, **fields))


@pytest.fixture
def outbox(tables: None) -> Outbox:
    return Outbox()
