"""Senders against the real homeserver of this pytest process, rows in a database of the test's own."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from django.db import connection

from roomdesk.channels.matrix import client
from roomdesk.channels.matrix.client import Matrix
from roomdesk.runtime.instance import resolve
from roomdesk.runtime.settings import Settings, load
from tests.channels.rows import Outbox
from tests.harness.database import Databases


@pytest.fixture(scope="session")
def desk(services: object) -> Settings:
    """The running installation's settings as a process that starts now finds them: with the administrator's token."""
    return resolve(load(os.environ))


@pytest.fixture(scope="session")
def matrix(desk: Settings) -> Iterator[Matrix]:
    made = client.from_settings(desk)
    yield made
    made.close()


@pytest.fixture(scope="module")
def _copy(databases: Databases) -> Iterator[str]:
    """One database for the tests of a file: these touch nothing but the queues."""
    with databases.copy() as address:
        yield address


@pytest.fixture
def database(_copy: str) -> Iterator[str]:
    """Empty queues."""
    with connection.cursor() as cursor:
        for table in ("inboxevent", "appservicetransaction", "outboxrow", "timer", "workernumber", "route"):
            # The application's role may delete here, not truncate.
            cursor.execute(f"DELETE FROM queues_{table}")
    yield _copy
    connection.close()


@pytest.fixture
def outbox(database: str, matrix: Matrix) -> Outbox:
    return Outbox(matrix)
