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
#: Who is killed, and who was stopped before, so that the load gathers: with `web` stopped in the homeserver, with `worker`
#: stopped in the inbox. The homeserver dies last, so that nothing said later pushes what it still holds.
ORDER = (
    ("web", "web"),
    ("worker", "worker"),
    ("synapse", "worker"),
    ("worker", "worker"),
    ("postgres", "worker"),
    ("web", "web"),
    ("worker", "worker"),
    ("synapse", "web"),
)
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
    with Crowd(installation, WORKSPACES, seeded()) as crowd:
        killer = Killer(installation, crowd)
        sizes = [MESSAGES // len(ORDER) + (n < MESSAGES % len(ORDER)) for n in range(len(ORDER))]
        for (name, stopped), messages in zip(ORDER, sizes, strict=True):
            killer.kill_over_backlog(name, stopped, messages, more_than=QUEUED, newcomers=ROOMS * 2 // len(ORDER))
        installation.await_recorded(crowd.taken)
        installation.await_quiet(seconds=180)

        print(killer.kills)
        assert [kill.name for kill in killer.kills] == [name for name, _ in ORDER]
        assert all(kill.queued > QUEUED for kill in killer.kills)
        assert installation.log.count("(signal SIGKILL)") == len(ORDER), "nobody died but those that were killed"
        worker_log = (installation.live.folder / "log" / "worker.log").read_text()
        # Whether the homeserver forgets what it holds when it dies is its own chance (tests/channels/test_watch.py shows both).
        print("fetched from the rooms:", worker_log.count("had not pushed were fetched"))
        assert len(crowd.taken) == MESSAGES
        assert installation.count("SELECT count(*) FROM cases_case") >= ROOMS * 2
        assert problems(installation, crowd.said, crowd.people["ivan"], killer.deaths) == []
