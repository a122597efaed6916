from __future__ import annotations

from collections.abc import Iterator

import pytest

from roomdesk.queues.models import InboxEvent
from roomdesk.runtime import clock
from tests.cases_api import place
from tests.cases_api.place import Rest
from tests.cases_life.acting import START, Desk
from tests.harness.database import Databases


def build() -> str:
    """The desk of `place.build`, with staff Petya (lead) and a token, which is given."""
    with clock.frozen(START):
        place.build()
        place.staff("petya", "lead")
        # What would make rooms is put away: without one, what is said through a face counts at once.
        InboxEvent.objects.update(state=InboxEvent.State.IGNORED)
        return place.token("all", "cases:read", "cases:write")


@pytest.fixture
def desk(databases: Databases) -> Iterator[Desk]:
    """The desk for this test alone; time stands still at `START` and is moved by `desk.later`."""
    built = databases.world(build)
    with databases.copy(template=built.name), clock.frozen(START) as time:
        yield Desk(Rest(built.given), time)
