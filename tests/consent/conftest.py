from __future__ import annotations

from collections.abc import Iterator

import pytest

from roomdesk.directory import services
from roomdesk.runtime import clock
from tests.consent import scene
from tests.flow import world
from tests.flow.world import ACTOR, START
from tests.harness.database import Databases


@pytest.fixture(scope="module")
def built(databases: Databases) -> Iterator[str]:
    """The flow's world, with member Mira in acme; built once for a file."""
    with databases.copy() as address:
        world.build()
        with clock.frozen(START):
            services.do_put_member(
                workspace="acme", id="mira", role="member", support_room_access=True, actor=ACTOR, now=clock.now()
            )
            world.work_off()
        yield address.rpartition("/")[2]


@pytest.fixture
def desk(databases: Databases, built: str) -> Iterator[str]:
    """A copy of it for this test alone, with its time at hand in `scene.TIME`; its address."""
    with databases.copy(template=built) as address, clock.frozen(START) as time:
        scene.TIME[:] = [time]
        scene.later(1)
        yield address
