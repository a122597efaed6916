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
from pathlib import Path

import psycopg

from roomdesk.runtime.databases import create_database, drop_database, with_database
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


class Databases:
    """Hands out copies of the template and points this process's Django at them."""

    def __init__(self, settings: Settings) -> None:
        assert settings.database_owner_url
        assert settings.database_url
        self._owner, self._app = settings.database_owner_url, settings.database_url
        self._number = 0

    @contextmanager
    def copy(self, template: str = TEMPLATE) -> Iterator[str]:
        """A fresh database under Django's default connection; gives the application's address of it.

        `template` may be the name of another copy that nobody is connected to.
        """
        self._number += 1
        name = f"test_{os.getpid()}_{self._number}"
        self.disconnect()
        # PostgreSQL itself waits 5 s for connections that were just given up.
        _patiently(lambda: create_database(self._owner, name, template=template))
        self._point(name)
        _forget_roots()
        try:
            yield with_database(self._app, name)
        finally:
            self.disconnect()
            self._point(TEMPLATE)
            self._drop(name)

    def _drop(self, name: str) -> None:
        """Autovacuum may be at work in the copy; it gives way within moments."""
        _patiently(lambda: drop_database(self._owner, name))

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
    """Does it as soon as nobody uses the database, within a minute."""
    deadline = time.monotonic() + 60
    while True:
        try:
            act()
        except psycopg.errors.ObjectInUse:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return


def _forget_versions() -> None:
    """What is kept by a product version's id: ids begin anew in every copy, which they never do in one installation."""
    from roomdesk.cases import speaking
    from roomdesk.clocks import policy
    from roomdesk.product import queries

    for kept in (queries.product_of, policy.target_rows, policy.calendar_of, policy.name_of, speaking._small_talk):
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
