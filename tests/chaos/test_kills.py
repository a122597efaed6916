"""Web, worker, homeserver and database are killed in turn under load; afterwards nothing is lost, doubled or out of order (DESIGN §12)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.chaos.check import problems
from tests.chaos.crowd import Crowd
from tests.chaos.installation import Installation
from tests.chaos.kills import Killer, seeded

ROOMS = 20
MESSAGES = 500
QUEUED = 50
#: Each takes the load that gathered before it; the homeserver last, so that nothing said later pushes what it still holds.
ORDER = ("web", "worker", "synapse", "worker", "postgres", "web", "worker", "synapse")
WORKSPACES = {f"room-{n}": [f"olga-{n}", f"asen-{n}"] for n in range(1, ROOMS + 1)}


@pytest.fixture(scope="module")
def installation() -> Iterator[Installation]:
    one = Installation()
    with one.running():
        one.provision(WORKSPACES)
        one.await_rooms(WORKSPACES)
        yield one


@pytest.mark.requirement("R02", "R17", "R55")
def test_500_messages_outlive_the_kills_of_every_process(installation: Installation) -> None:
    crowd = Crowd(installation, WORKSPACES, seeded())
    killer = Killer(installation, crowd)
    sizes = [MESSAGES // len(ORDER) + (n < MESSAGES % len(ORDER)) for n in range(len(ORDER))]
    for name, messages in zip(ORDER, sizes, strict=True):
        killer.kill_over_backlog(name, messages, more_than=QUEUED, newcomers=ROOMS * 2 // len(ORDER))
    installation.await_quiet(seconds=180)

    print(killer.kills)
    assert [kill.name for kill in killer.kills] == list(ORDER)
    assert all(kill.queued > QUEUED for kill in killer.kills)
    assert installation.log.count("(signal SIGKILL)") == len(ORDER), "nobody died but those that were killed"
    assert len(crowd.taken) == MESSAGES
    assert installation.count("SELECT count(*) FROM cases_case") >= ROOMS * 2
    assert problems(installation, crowd.said, crowd.people["ivan"]) == []
    crowd.close()
