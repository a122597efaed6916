"""Making a homeserver forget for certain: it may not write down what it pushes next, and dies with that in its hands."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from roomdesk.runtime.instance import create, read_secrets
from tests.chaos.installation import Installation
from tests.harness.live import eventually


@contextmanager
def homeserver_database(installation: Installation) -> Iterator[psycopg.Connection]:
    settings = installation.settings
    password = read_secrets(create(settings.data))["pg_synapse_password"]
    with psycopg.connect(
        host="127.0.0.1", port=settings.pg_port, user="synapse", password=password, dbname="synapse"
    ) as connection:
        yield connection


@contextmanager
def forgetful(installation: Installation) -> Iterator[None]:
    """What is said inside is taken by the homeserver and never pushed: killed at the end, it has forgotten it."""
    with homeserver_database(installation) as connection:
        # It moves its position first and writes the transaction afterwards, which waits for this lock.
        connection.execute("LOCK TABLE application_services_txns IN ACCESS EXCLUSIVE MODE")
        yield
        eventually(lambda: _has_moved(connection), "the homeserver to have taken up all events", seconds=60)
        pid = installation.pid("synapse")
        installation.send_signal("synapse", signal.SIGKILL)
        installation.await_other("synapse", pid)
        connection.rollback()


def _has_moved(connection: psycopg.Connection) -> bool:
    sql = "SELECT (SELECT stream_ordering FROM appservice_stream_position) >= (SELECT max(stream_ordering) FROM events)"
    row = connection.execute(sql).fetchone()
    return bool(row and row[0])
