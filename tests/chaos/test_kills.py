"""Web, worker, homeserver and database are killed in turn under load; afterwards nothing is lost, doubled or out of order (DESIGN §12)."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.chaos.check import problems
from tests.chaos.crowd import Crowd
from tests.chaos.forgetting import forgetful
from tests.chaos.installation import Installation
from tests.chaos.kills import Killer, seeded
from tests.harness.live import eventually

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


@pytest.mark.part_of("R56")
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
        assert len(crowd.taken) == MESSAGES
        assert installation.count("SELECT count(*) FROM cases_case") >= ROOMS * 2
        assert problems(installation, crowd.said, crowd.people["ivan"]) == []


#: Said when the homeserver dies without having pushed it, and as soon as it is there again.
FORGOTTEN, AFTERWARDS = 40, 60


@pytest.mark.part_of("R56")
def test_what_a_dead_homeserver_forgot_stands_in_its_place(installation: Installation) -> None:
    installation.await_quiet()
    before = _fetched(installation)
    with Crowd(installation, WORKSPACES, seeded()) as crowd:
        with forgetful(installation):
            crowd.speak(FORGOTTEN, newcomers=ROOMS)
            crowd.await_taken()
        forgotten = crowd.taken
        assert len(forgotten) == FORGOTTEN
        crowd.speak(AFTERWARDS)
        crowd.await_taken()
        installation.await_recorded(crowd.taken)
        installation.await_quiet(seconds=180)

        # The first transaction waits at the lock, and the database writes it although who asked for it is dead; what
        # follows it is forgotten. The worker tells when it has read the last room, which may be one that missed nothing.
        eventually(lambda: _fetched(installation) - before > len(forgotten) / 2, "most of it to be fetched")
        said = {slug: {**_earlier(installation, slug), **messages} for slug, messages in crowd.said.items()}
        assert problems(installation, said, crowd.people["ivan"]) == []


def _fetched(installation: Installation) -> int:
    """How many events the workers say they found in rooms that were never pushed."""
    log = (installation.live.folder / "log" / "worker.log").read_text()
    return sum(map(int, re.findall(r"(\d+) events that the homeserver had not pushed were fetched", log)))


def _earlier(installation: Installation, slug: str) -> dict[str, str]:
    """What earlier tests of this installation said in the workspace; they have checked it."""
    sql = (
        "SELECT m.external_id, m.body FROM record_message m JOIN directory_workspace w ON w.id = m.workspace_id "
        "WHERE w.slug = %s AND m.kind = 'message' AND m.author_kind <> 'desk'"
    )
    return dict(installation.rows(sql, slug))
