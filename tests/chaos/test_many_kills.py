"""The long variant: some 200 deaths, at random moments, over backlogs and at crash points. `make chaos`; CHAOS_SEED, CHAOS_KILLS."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from roomdesk.runtime import faults
from tests.chaos.check import problems
from tests.chaos.crowd import Crowd
from tests.chaos.installation import Installation
from tests.chaos.kills import Killer, Points, seeded

ROOMS = 20
KILLS = int(os.environ.get("CHAOS_KILLS") or 200)
#: After so many deaths everything is let come to rest and looked at.
LOOK_EVERY = 20
#: People who have not spoken for ten minutes begin new cases: with so many somebody always does.
PEOPLE = ("olga", "asen", "mira", "boris", "vera")
WORKSPACES = {f"room-{n}": [f"{name}-{n}" for name in PEOPLE] for n in range(1, ROOMS + 1)}
NAMES, WEIGHTS = ("web", "worker", "synapse", "postgres"), (4, 4, 3, 1)


@pytest.fixture
def attacked() -> Iterator[tuple[Installation, Points]]:
    with tempfile.TemporaryDirectory(prefix="roomdesk-points-") as folder:
        points = Points(Path(folder) / "hit")
        one = Installation(**points.environ)
        with one.running():
            one.provision(WORKSPACES)
            one.await_rooms(WORKSPACES)
            yield one, points


@pytest.mark.chaos
def test_everything_said_outlives_many_deaths(attacked: tuple[Installation, Points]) -> None:
    installation, points = attacked
    with Crowd(installation, WORKSPACES, seeded()) as crowd:
        killer = Killer(installation, crowd)
        crowd.speak(ROOMS, newcomers=ROOMS)
        while len(killer.kills) < KILLS:
            _attack(killer, points)
            if len(killer.kills) % LOOK_EVERY == 0:
                _look(killer)
        _look(killer)
        assert installation.log.count("(signal SIGKILL)") == len(killer.kills), "nobody died but those that were killed"


def _attack(killer: Killer, points: Points) -> None:
    """One death, in a way that chance chooses."""
    chance = killer.crowd.random
    way, name = chance.choices(("moment", "backlog", "point"), (4, 2, 4))[0], chance.choices(NAMES, WEIGHTS)[0]
    if way == "point":
        killer.die_at(chance.choice(faults.POINTS), messages=8, points=points)
    elif way == "moment":
        killer.kill_at_random(name, messages=12, within=2.0)
    else:
        stopped = name if name in ("web", "worker") else chance.choice(("web", "worker"))
        killer.kill_over_backlog(name, stopped, messages=30, more_than=20, newcomers=1)
    print(len(killer.kills), way, killer.kills[-1], flush=True)


def _look(killer: Killer) -> None:
    installation, crowd = killer.installation, killer.crowd
    installation.await_recorded(crowd.taken, seconds=300)
    installation.await_quiet(seconds=300)
    assert problems(installation, crowd.said, crowd.people["ivan"]) == []
