from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.test import Client

from roomdesk.directory.models import Person
from roomdesk.runtime import clock
from tests.flow import world
from tests.harness.database import Databases
from tests.portal import scene

#: A browser in which this person is signed in, or nobody.
Browser = Callable[[str | None], Client]


@pytest.fixture(scope="module")
def built(databases: Databases) -> Iterator[str]:
    """See `scene.build`; made once for a file."""
    with databases.copy() as address:
        world.build()
        scene.build()
        yield address.rpartition("/")[2]


@pytest.fixture
def desk(databases: Databases, built: str) -> Iterator[None]:
    """A copy of it for this test alone, at a quarter past ten on the Monday of the scene."""
    with databases.copy(template=built), clock.frozen(scene.NOW):
        yield


@pytest.fixture
def browser(desk: None) -> Browser:
    def opened(who: str | None) -> Client:
        client = Client(headers={"host": "127.0.0.1"})
        if who:
            client.force_login(Person.objects.get(slug=who), "allauth.account.auth_backends.AuthenticationBackend")
        return client

    return opened
