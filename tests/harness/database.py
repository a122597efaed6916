"""A database for every test, copied from a template that has the schema and the three products (D40)."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from roomdesk.runtime.databases import with_database
from roomdesk.runtime.settings import Settings

TEMPLATE = "roomdesk"
ROOT = Path(__file__).parents[2]


def migrate(data: Path) -> None:
    """Brings the installation's own database to this version and loads the products; it is the template afterwards."""
    environ = {**os.environ, "ROOMDESK_DATA": str(data)}
    for command in (["migrate"], ["product", "load", str(ROOT / "products")]):
        subprocess.run(
            [sys.executable, "-m", "roomdesk.cli", *command], check=True, env=environ, capture_output=True, cwd=ROOT
        )


@dataclass(frozen=True)
class World:
    """A database that copies begin as: its name, and what the function that filled it gave."""

    name: str
    given: Any


class Databases:
    """Hands out copies of the template and points this process's Django at them."""

    def __init__(self, settings: Settings) -> None:
        assert settings.database_owner_url
        assert settings.database_url
        self._owner, self._app = settings.database_owner_url, settings.database_url
        self._asking: psycopg.Connection | None = None
        self._number = 0
        self._worlds: dict[Callable[[], Any], World] = {}

    @contextmanager
    def copy(self, template: str = TEMPLATE) -> Iterator[str]:
        """A fresh database under Django's default connection; gives the application's address of it.

        `template` may be the name of another copy that nobody is connected to. Afterwards Django has the database that it had before.
        """
        before = self._name()
        name = self._create(template)
        try:
            yield with_database(self._app, name)
        finally:
            self.disconnect()
            self._point(before)
            self._drop(name)

    def world(self, build: Callable[[], Any]) -> World:
        """What `build` makes of a fresh database, made once for this process: nobody works in it, tests get copies.

        `build` may leave nothing outside of the database, and tells the tests by its answer what they have to know (a token, say).
        """
        if build not in self._worlds:
            before = self._name()
            name = self._create(TEMPLATE)
            try:
                self._worlds[build] = World(name, build())
            finally:
                self.disconnect()
                self._point(before)
        return self._worlds[build]

    @contextmanager
    def copy_of(self, build: Callable[[], Any]) -> Iterator[str]:
        """A copy of what `build` makes; see `copy` and `world`."""
        with self.copy(self.world(build).name) as address:
            yield address

    def _create(self, template: str) -> str:
        self._number += 1
        name = f"test_{os.getpid()}_{self._number}"
        self.disconnect()
        # Copied as files: through the log it takes twice as long, and a test waits for it.
        form = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY")
        # PostgreSQL itself waits 5 s for connections that were just given up.
        _patiently(lambda: self._do(form.format(sql.Identifier(name), sql.Identifier(template))))
        self._point(name)
        _forget_roots()
        return name

    def _drop(self, name: str) -> None:
        """Autovacuum may be at work in the copy; it gives way within moments. Sessions of the owner are ended."""
        _patiently(lambda: self._do(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name))))

    def _do(self, statement: sql.Composed) -> None:
        """By a connection that is kept: to sign in twice a test takes longer than what is asked for."""
        if self._asking is None or self._asking.closed:
            self._asking = psycopg.connect(self._owner, autocommit=True)
        self._asking.execute(statement)

    def close(self) -> None:
        """Before the server is stopped."""
        if self._asking is not None:
            self._asking.close()

    @staticmethod
    def _name() -> str:
        from django.db import connections

        return str(connections.settings["default"]["NAME"])

    @staticmethod
    def _point(name: str) -> None:
        from django.db import connections

        connections.settings["default"]["NAME"] = name
        connections["default"].settings_dict["NAME"] = name
        _forget_versions()

    @staticmethod
    def disconnect() -> None:
        """Gives up every connection of this process: a database in use can be neither copied nor dropped."""
        from django.db import connections

        for connection in connections.all(initialized_only=True):
            connection.close()
            close_pool = getattr(connection, "close_pool", None)
            if close_pool:
                close_pool()


def _patiently(act: Callable[[], object]) -> None:
    """Does it as soon as nobody uses the database, within a minute.

    Sessions that are not the owner's (of a process that just ended, of autovacuum) it may not end: it waits for them.
    """
    deadline = time.monotonic() + 60
    while True:
        try:
            act()
        except (psycopg.errors.ObjectInUse, psycopg.errors.InsufficientPrivilege):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return


def _forget_versions() -> None:
    """What is kept by a product version's id: ids begin anew in every copy, which they never do in one installation."""
    from roomdesk.cases import speaking
    from roomdesk.clocks import measure, policy
    from roomdesk.product import queries

    by_product = (queries.product_of, policy.target_rows, policy.calendar_of, policy.name_of)
    for kept in (*by_product, measure._due_at, speaking._policy):
        kept.cache_clear()


def _forget_roots() -> None:
    """What was filed outside of another database's chains, which have the same names: one installation has one database."""
    from roomdesk.audit import roots

    shutil.rmtree(roots.folder(), ignore_errors=True)


def in_thread(function: object, *args: object) -> threading.Thread:
    """Runs `function` in a thread that gives its database connection back when it ends."""

    def run() -> None:
        from django.db import connections

        try:
            function(*args)  # type: ignore[operator]
        finally:
            connections.close_all()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread
