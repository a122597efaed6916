"""The owner of the database, who alone could tamper with the chain."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import unquote, urlsplit

import psycopg
from django.db import connections

from roomdesk import bootstrap
from roomdesk.runtime.databases import with_database
from tests.harness.database import Databases


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


@contextmanager
def acting() -> Iterator[None]:
    """Django of this thread as the owner, in the database it is at: what `roomdesk audit erase` runs as."""
    assert bootstrap.settings.database_owner_url
    owner = urlsplit(bootstrap.settings.database_owner_url)
    known = connections["default"].settings_dict
    before = {name: known[name] for name in ("USER", "PASSWORD")}
    Databases.disconnect()
    known.update(USER=unquote(owner.username or ""), PASSWORD=unquote(owner.password or ""))
    try:
        yield
    finally:
        Databases.disconnect()
        known.update(before)
