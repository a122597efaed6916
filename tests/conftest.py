"""Shared fixtures: real PostgreSQL and Synapse for this pytest process, a database of its own for every test that asks."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests.harness.environment import prepare

# How long an example takes depends on what else the machine does; a test must not fail for that.
settings.register_profile("roomdesk", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("roomdesk")

FOLDER = prepare()

from roomdesk import bootstrap  # noqa: E402 - the environment must be there first

bootstrap.setup()

from tests.harness.database import Databases, migrate  # noqa: E402

#: Folders whose files take longest. They begin first, so that at the end no process waits for the other one's long file.
LONGEST = ("chaos", "day", "rooms", "year", "acceptance", "runtime", "wall")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    places = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path.parent.name, len(places)))


@pytest.fixture(autouse=True, scope="session")
def _loopback_only() -> Iterator[None]:
    """No test speaks to anything but this machine."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and not _is_loopback(str(address[0])):
            raise AssertionError(f"A test tried to reach {address[0]}; tests speak to loopback only.")
        return connect(self, address)

    socket.socket.connect = guarded  # type: ignore[method-assign]
    yield
    socket.socket.connect = connect  # type: ignore[method-assign]


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


@pytest.fixture(scope="session")
def services() -> Iterator[Any]:
    """PostgreSQL and Synapse of this process, migrated, products loaded; no web, no worker. Gives the settings."""
    from roomdesk.runtime.settings import load
    from roomdesk.runtime.supervisor import Supervisor

    supervisor = Supervisor(
        load({"ROOMDESK_MODE": "test", "ROOMDESK_DATA": str(FOLDER)}),
        parts={"postgres", "synapse"},
        fsync=False,
        signals=False,
    )
    try:
        supervisor.start()
        migrate(FOLDER)
        yield bootstrap.settings
    finally:
        Databases.disconnect()
        supervisor.stop()


@pytest.fixture(scope="session")
def databases(services: Any) -> Iterator[Databases]:
    made = Databases(services)
    yield made
    made.close()


@pytest.fixture
def database(databases: Databases) -> Iterator[str]:
    """A fresh copy of the template (schema and products) under Django, for this test alone."""
    with databases.copy() as address:
        yield address


@pytest.fixture(scope="session")
def live() -> Iterator[Any]:
    """A whole installation, run as its operator would; shared by all tests of this process that speak to it."""
    from tests.harness.live import Live
    from tests.harness.matrix import close_all

    running = Live().start()
    try:
        yield running
    finally:
        close_all()
        running.stop()
        running.remove()
