"""Every named crash point, each in a process of its own against one shared homeserver (D40): once is once.

And what the lane lock and the idempotency key are there for: without them the same stories end in damage that the checks see.
"""

from __future__ import annotations

import signal

import pytest

from roomdesk.runtime import faults
from tests.chaos.bench import Bench
from tests.clocks.points import IN_TIMERS

IN_WEB = ("inbox-stored", "inbox-committed")
IN_WORKER = ("apply-decided", "apply-written", "apply-committed", "outbox-claimed", "outbox-called", "outbox-noted")
#: Who has decided lets the other one come.
PAUSED = "pause=apply-decided:1500"
#: Both have decided before either writes, however long one of them takes to start.
TOGETHER = "meet=apply-decided:60000"


def test_every_point_is_walked() -> None:
    assert {*IN_WEB, *IN_WORKER, *IN_TIMERS} == set(faults.POINTS)


@pytest.mark.parametrize("point", IN_WEB)
def test_a_web_process_that_dies_here_loses_and_doubles_nothing(bench: Bench, point: str) -> None:
    scene, pid = bench.scene(), bench.pid("web")
    ended = bench.log.count("web ended (signal SIGKILL)")
    bench.points.arm(point)
    scene.say()
    bench.await_other("web", pid)
    assert bench.points.was_hit(point)
    assert bench.log.count("web ended (signal SIGKILL)") == ended + 1
    with bench.working():
        scene.await_recorded()
        bench.await_quiet()
        assert scene.problems() == []


@pytest.mark.parametrize("point", IN_WORKER)
def test_a_worker_that_dies_here_loses_and_doubles_nothing(bench: Bench, point: str) -> None:
    scene = bench.scene()
    scene.say()
    scene.await_pending()
    scene.die_at(point)
    with bench.working():
        scene.await_recorded()
        bench.await_quiet()
        assert scene.problems() == []


def two_workers_at_once(bench: Bench, *faults: str) -> list[str]:
    """Three messages wait; two workers look at the inbox at the same moment."""
    scene = bench.scene()
    for number in range(1, 4):
        scene.say(f"Matter {number} cannot be saved.")
    scene.await_pending(3)
    with bench.working(2, ROOMDESK_FAULTS=",".join(faults)):
        scene.await_recorded()
        bench.await_quiet()
        return scene.problems()


def test_two_workers_share_the_work_of_a_lane(bench: Bench) -> None:
    assert two_workers_at_once(bench, PAUSED) == []


def test_without_the_lane_lock_they_do_it_twice(bench: Bench) -> None:
    found = two_workers_at_once(bench, TOGETHER, "without=lane-lock")
    assert any("is 2 times on record" in words for words in found), found


def a_worker_dies_having_sent(bench: Bench, *faults: str) -> list[str]:
    """The notice is in the room, nobody noted it, and its echo is held up: the next worker sends it again."""
    scene = bench.scene()
    scene.say()
    scene.await_pending()
    bench.send_signal("web", signal.SIGSTOP)
    try:
        scene.die_at("outbox-called", ROOMDESK_FAULTS=",".join(("outbox-called", *faults)))
        # It reads the rooms as it starts, and finds the echo there; paused it sends before it has noted what that says.
        with bench.working(ROOMDESK_FAULTS=",".join((PAUSED, *faults))):
            scene.await_sent()
            bench.send_signal("web", signal.SIGCONT)
            bench.await_quiet()
            return scene.problems()
    finally:
        bench.send_signal("web", signal.SIGCONT)


def test_what_is_sent_again_is_in_the_room_once(bench: Bench) -> None:
    assert a_worker_dies_having_sent(bench) == []


def test_without_the_idempotency_key_the_room_has_it_twice(bench: Bench) -> None:
    found = a_worker_dies_having_sent(bench, "without=idempotency-key")
    assert any("notices in the room, not" in words for words in found), found
    assert any(words.startswith(f"scene-{n}: the marker") for words in found for n in range(1, 13)), found
