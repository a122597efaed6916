"""A day of the desk in real rooms: 60 messages, 8 workspaces, 3 languages, 5 staff; the same after processes were killed.

`tests/data/day.jsonl` is the script, `day_expected.json` the one table of what it comes to.
"""

from __future__ import annotations

import json
import os
import random
import re
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta

import pytest

from tests.chaos.kills import seeded
from tests.day.outcome import delivered_twice, outcome
from tests.day.story import DATA, KILLED, WORKSPACES, Day, Desk, monday, script
from tests.fakes.receiver import Receiver, receiver

pytestmark = pytest.mark.part_of("R11", "R26", "R28", "R29", "R56")
#: So many processes are killed in the second day.
KILLS = 30 if os.environ.get("ROOMDESK_DEEP") else 3
CANARY = re.compile(r"canary-(?!security)[\w-]+")


@pytest.fixture(scope="module")
def hooks() -> Iterator[Receiver]:
    with receiver() as found:
        yield found


@pytest.fixture(scope="module")
def desk(hooks: Receiver) -> Iterator[Desk]:
    with Desk().running(["calm", "wild"]) as found:
        made = found.installation.live.rest("PUT", "webhooks/all", json={"url": hooks.url})
        hooks.secrets.append(made.json()["secret"])
        yield found


def kills(chance: random.Random) -> Callable[[int], str | None]:
    """Who is killed at which step: at random ones, each in turn."""
    at = dict(
        zip(
            sorted(chance.sample(range(1, len(script())), KILLS)),
            [chance.choice(KILLED) for _ in range(KILLS)],
            strict=True,
        )
    )
    return at.get


@pytest.fixture(scope="module")
def calm(desk: Desk) -> Iterator[Day]:
    day = Day(desk, "calm", monday())
    with closing(day):
        day.play()
        yield day


@pytest.fixture(scope="module")
def wild(desk: Desk, calm: Day) -> Iterator[Day]:
    day = Day(desk, "wild", calm.date + timedelta(days=7), kills(seeded()))
    with closing(day):
        day.play()
        yield day


def expected() -> object:
    return json.loads((DATA / "day_expected.json").read_text("utf-8"))


def test_a_day_ends_in_exactly_the_expected_table(calm: Day) -> None:
    found = outcome(calm)
    if os.environ.get("DAY_WRITE"):
        (DATA / "day_expected.json").write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", "utf-8")
    assert found == expected()
    assert delivered_twice(calm) == []


def test_the_same_day_with_processes_killed_ends_the_same(wild: Day) -> None:
    assert len(wild.killed) == KILLS
    assert outcome(wild) == expected()
    assert delivered_twice(wild) == []
    done = wild.installation.live.run("audit", "verify", check=False)
    assert done.returncode == 0, done.stderr


def test_no_customer_was_ever_delivered_a_trace_of_notes_commands_and_refusals(calm: Day, hooks: Receiver) -> None:
    """Searched is what sync ever gave, not the rooms as they are now; and the events that other programs got."""
    planted = {found for step in script() for found in CANARY.findall(step.get("order", "") + step.get("note", ""))}
    assert len(planted) >= 8
    control = [room for (room,) in calm.installation.rows("SELECT room_id FROM rooms_room WHERE workspace_id IS NULL")]
    for slug, *_ in WORKSPACES:
        client = calm.clients[slug]
        delivered = json.dumps(client.delivered, ensure_ascii=False)
        assert client.delivered and not CANARY.findall(delivered), slug
        assert not [room for room in control if room in delivered]
        assert {event["room_id"] for event in client.delivered} == {calm.installation.rooms[f"{slug}-calm"]}
    told = json.dumps([*hooks.taken.values()], ensure_ascii=False)
    assert len(hooks.taken) > 50 and hooks.bad == 0
    assert "canary" not in told, "neither what staff say among themselves nor what a security case says"


def test_a_security_case_is_in_no_log_and_no_staff_room(calm: Day) -> None:
    folder = calm.installation.live.folder
    logs = "".join(path.read_text("utf-8", "replace") for path in (folder / "log").glob("*.log"))
    assert len(logs) > 1000 and "canary-security" not in logs
    staff = "SELECT count(*) FROM queues_outboxrow WHERE payload LIKE '%%canary-security%%' AND destination NOT LIKE 'matrix:room:%%'"
    assert calm.installation.count(staff) == 0
