"""The owner of the database, who alone could tamper with the chain."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import psycopg

from roomdesk import bootstrap
from roomdesk.runtime.databases import with_database


@contextmanager
def connected(database: str) -> Iterator[psycopg.Connection]:
    """A connection as the owner to the database of the test; committed at the end."""
    assert bootstrap.settings.database_owner_url
    name = urlsplit(database).path.lstrip("/")
    with psycopg.connect(with_database(bootstrap.settings.database_owner_url, name)) as connection:
        yield connection


def tamper(database: str, statement: str) -> None:
    """Carries out a statement that changes something."""
    with connected(database) as connection:
        assert connection.execute(statement).rowcount > 0  # type: ignore[arg-type]
