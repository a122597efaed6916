from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from roomdesk.directory.models import Person
from tests.rooms.conftest import matrix, place
from tests.rooms.place import Place
from tests.rooms.talking import hear

__all__ = ["matrix", "place"]

Browser = Callable[[str], Client]


@pytest.fixture
def browser(place: Place) -> Browser:
    """A browser in which this person of the place is signed in; the desk has heard who is in the room."""
    hear(place)

    def opened(name: str) -> Client:
        client = Client(headers={"host": "127.0.0.1"})
        person = Person.objects.get(slug=place.id(name))
        client.force_login(person, "allauth.account.auth_backends.AuthenticationBackend")
        return client

    return opened
