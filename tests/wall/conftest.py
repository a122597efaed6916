"""Two homeservers side by side: one as Roomdesk sets it up, one that differs only in that the module is not loaded. No process of Roomdesk runs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.wall.homes import Home, homeserver
from tests.wall.people import settle


@pytest.fixture(scope="session")
def walled() -> Iterator[Home]:
    with homeserver(lambda config: None) as home:
        settle(home)
        yield home


@pytest.fixture(scope="session")
def plain() -> Iterator[Home]:
    with homeserver(lambda config: config.pop("modules")) as home:
        settle(home)
        yield home
