"""One homeserver, one database, one web process; workers come and go as a test wants them."""

from __future__ import annotations

import signal

from tests.chaos.check import Said, problems
from tests.chaos.installation import Installation
from tests.chaos.kills import Points
from tests.harness.live import eventually

OWNER, ENGINEER = "olga", "ivan"
#: A workspace for each story, so that none begins with what another left behind.
SCENES = {f"scene-{number}": [OWNER] for number in range(1, 13)}
SAYING = "Orders cannot be saved."


class Bench(Installation):
    """No worker runs but those that a test starts. The web process dies at a crash point once it is armed."""

    def __init__(self, points: Points) -> None:
        super().__init__(ROOMDESK_WORKER_PROCESSES="0", **points.environ)
        self.points = points
        self._unused = list(SCENES)

    def scene(self) -> Scene:
        return Scene(self, self._unused.pop())


class Scene:
    """A workspace in which Olga says something; `problems` says what is wrong with what the desk made of it."""

    def __init__(self, bench: Bench, slug: str) -> None:
        self.bench, self.slug = bench, slug
        self.room = bench.rooms[slug]
        self.said: Said = {}
        self._olga, self._ivan = bench.person(OWNER), bench.person(ENGINEER)

    def say(self, text: str = SAYING) -> str:
        event = self._olga.say(self.room, text)
        self.said[event] = text
        return event

    def await_pending(self, count: int = 1) -> None:
        """Until so many events wait in the inbox."""
        eventually(lambda: self.bench.pending() >= count, f"{count} events in the inbox", seconds=60)

    def await_recorded(self) -> None:
        """Until all that was said is on record."""
        self.bench.await_recorded(list(self.said))

    def await_sent(self) -> None:
        """Until the desk has said its notice and noted that."""
        found = "SELECT count(*) FROM queues_outboxrow WHERE destination = %s AND kind = 'send' AND state = 'sent'"
        eventually(lambda: self.bench.count(found, f"matrix:room:{self.slug}"), "a notice", seconds=60)

    def problems(self) -> list[str]:
        found = problems(self.bench, {self.slug: self.said}, self._ivan)
        self._olga.close()
        self._ivan.close()
        return found

    def die_at(self, point: str, **environ: str) -> None:
        """Starts a worker that has to die at this point, and waits until it has."""
        self.bench.points.arm(point)
        worker = self.bench.worker(**environ)
        assert worker.wait(150) == -signal.SIGKILL
        assert self.bench.points.was_hit(point)
