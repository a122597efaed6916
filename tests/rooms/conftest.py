from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from roomdesk.channels.matrix import client
from roomdesk.channels.matrix.client import Matrix
from roomdesk.runtime.instance import resolve
from roomdesk.runtime.settings import load
from tests.harness.database import Databases
from tests.rooms.place import Place
from tests.wall.homes import Home, homeserver


@pytest.fixture(scope="session")
def matrix(services: object) -> Iterator[Matrix]:
    """As a process that starts now has it: with the administrator's token."""
    made = client.from_settings(resolve(load(os.environ)))
    yield made
    made.close()
    if client.current.cache_info().currsize:
        # The one that commands use, run in this process.
        client.current().close()


@pytest.fixture
def place(database: str, matrix: Matrix) -> Place:
    """See `Place`."""
    return Place(matrix).build()


@pytest.fixture(scope="module")
def same_place(databases: Databases, matrix: Matrix) -> Iterator[Place]:
    """One place for all tests of a file that leave it right."""
    with databases.copy():
        yield Place(matrix).build()


@pytest.fixture(scope="session")
def open_home(services: object) -> Iterator[Home]:
    """A homeserver that lets its administrator do anything: without the module, which refuses that a room is deleted or encrypted."""
    with homeserver(lambda config: config.pop("modules")) as home:
        yield home


@pytest.fixture
def there(database: str, open_home: Home) -> Place:
    """See `Place`."""
    return Place(open_home.matrix).build()
