from __future__ import annotations

from collections.abc import Iterator

import pytest

from roomdesk.directory import services
from roomdesk.runtime import clock
from tests.consent import scene
from tests.flow import world
from tests.flow.world import ACTOR, START
from tests.harness.database import Databases


def build() -> None:
    """The flow's world, with member Mira in acme."""
    world.build()
    with clock.frozen(START):
        services.do_put_member(
            workspace="acme", id="mira", role="member", support_room_access=True, actor=ACTOR, now=clock.now()
        )
        world.work_off()


@pytest.fixture(scope="session")
def built(databases: Databases) -> str:
    """The name of a database that begins so."""
    return databases.world(build).name


@pytest.fixture
def desk(databases: Databases) -> Iterator[str]:
    """A copy of it for this test alone, with its time at hand in `scene.TIME`; its address."""
    with databases.copy_of(build) as address, clock.frozen(START) as time:
        scene.TIME[:] = [time]
        scene.later(1)
        yield address
