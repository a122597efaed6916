"""SIGKILL for one process after another while people write."""

from __future__ import annotations

import os
import random
import signal
import time
from dataclasses import dataclass, field
from pathlib import Path

from roomdesk.runtime import faults
from tests.chaos.crowd import Crowd
from tests.chaos.installation import Installation
from tests.harness.live import eventually
from tests.runtime.processes import exists


def seeded() -> random.Random:
    """Chance that can be repeated: CHAOS_SEED, or a new one; printed, so that a failure tells it."""
    seed = int(os.environ.get("CHAOS_SEED") or random.SystemRandom().randrange(1_000_000))
    print(f"CHAOS_SEED={seed}")
    return random.Random(seed)


@dataclass(frozen=True)
class Kill:
    """Who was killed, and how many events were queued just then."""

    name: str
    queued: int


@dataclass
class Killer:
    installation: Installation
    crowd: Crowd
    kills: list[Kill] = field(default_factory=list)

    def kill_over_backlog(self, name: str, stopped: str, messages: int, more_than: int, newcomers: int) -> None:
        """Stops who would work the queue off, lets people write until more than `more_than` events wait, kills, goes on.

        With `web` stopped they wait in the homeserver, with `worker` stopped in the inbox, but for what was not pushed yet.
        """
        if (name, stopped) == ("synapse", "web"):
            # While it still recovers from an earlier death of ours, it writes down what it holds; at rest it does not.
            self.crowd.await_taken()
            self.installation.await_quiet()
        # A worker that finds the endpoint dead reads the rooms itself: with `web` stopped it has to stand still too,
        # or it empties the queue that is to gather.
        still = [stopped, "worker"] if stopped == "web" else [stopped]
        for one in still:
            self._await_alive(one)
            self.installation.send_signal(one, signal.SIGSTOP)
        self.crowd.speak(messages, newcomers)
        # A homeserver that has just died may be slow to push again, or strand what it should have pushed (decision 0011):
        # then part of what waits for a stopped worker waits in the homeserver.
        queued = self._in_homeserver if stopped == "web" else self._waiting
        eventually(
            lambda: queued() > more_than,
            lambda: (
                f"more than {more_than} events before {name} is killed; {queued()} wait, {len(self.crowd.taken)} are taken:"
            ),
            seconds=120,
        )
        self._kill(name, queued())
        for one in still:
            if one != name:
                self.installation.send_signal(one, signal.SIGCONT)
        self.crowd.await_taken()

    def kill_at_random(self, name: str, messages: int, within: float) -> None:
        """Kills at some moment while people write."""
        self.crowd.speak(messages, newcomers=1)
        # The moment itself is what is drawn here, nothing is waited for.
        time.sleep(self.crowd.random.uniform(0, within))
        self._kill(name, self._waiting())
        self.crowd.await_taken()

    def die_at(self, point: str, messages: int, points: Points) -> None:
        """Lets whoever comes to this crash point die there while people write."""
        name = "web" if point.startswith("inbox") else "worker"
        self.crowd.await_taken()
        pid = self.installation.pid(name)
        points.arm(point)
        self.crowd.speak(messages, newcomers=2)
        eventually(lambda: points.was_hit(point), f"a death at {point}", seconds=120)
        self.kills.append(Kill(f"{name} at {point}", self.installation.pending()))
        self.installation.await_other(name, pid)
        self.crowd.await_taken()

    def _waiting(self) -> int:
        """Events that are to be worked on, wherever they are."""
        return self._in_homeserver() + self.installation.pending()

    def _in_homeserver(self) -> int:
        """Messages that the homeserver took and our endpoint has not stored."""
        taken = self.crowd.taken
        return len(taken) - self.installation.count(
            "SELECT count(*) FROM queues_inboxevent WHERE source = 'matrix' AND external_id = ANY(%s)", taken
        )

    def _kill(self, name: str, queued: int) -> None:
        self._await_alive(name)
        pid = self.installation.pid(name)
        self.kills.append(Kill(name, queued))
        self.installation.send_signal(name, signal.SIGKILL)
        self.installation.await_other(name, pid)

    def _await_alive(self, name: str) -> None:
        """Until the supervisor has started it again, if somebody has just killed it."""
        eventually(lambda: exists(self.installation.pid(name)), f"{name} to be there", seconds=60)


class Points:
    """Crash points of the supervised processes, armed one by one through the log of those that have been hit."""

    def __init__(self, log: Path) -> None:
        self.log = log
        log.write_text("\n".join(faults.POINTS) + "\n")

    @property
    def environ(self) -> dict[str, str]:
        return {"ROOMDESK_FAULTS": ",".join(faults.POINTS), "ROOMDESK_FAULTS_LOG": str(self.log)}

    def arm(self, name: str) -> None:
        """The next process that comes to this point dies there."""
        fresh = self.log.with_suffix(".new")
        fresh.write_text("".join(f"{point}\n" for point in faults.POINTS if point != name))
        fresh.replace(self.log)

    def was_hit(self, name: str) -> bool:
        return name in self.log.read_text().split()
