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


def build() -> None:
    """See `scene.build`."""
    world.build()
    scene.build()


@pytest.fixture
def desk(databases: Databases) -> Iterator[None]:
    """A copy of it for this test alone, at a quarter past ten on the Monday of the scene."""
    with databases.copy_of(build), clock.frozen(scene.NOW):
        yield


@pytest.fixture
def browser(desk: None) -> Browser:
    def opened(who: str | None) -> Client:
        client = Client(headers={"host": "127.0.0.1"})
        if who:
            client.force_login(Person.objects.get(slug=who), "allauth.account.auth_backends.AuthenticationBackend")
        return client

    return opened
