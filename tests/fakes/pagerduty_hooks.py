"""A webhook subscription of PagerDuty as contracts §2 has it: in order for each incident, repeated after an outage, switched off after three drops."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.fakes.pagerduty import Incident, PagerDuty

#: Body and headers of one delivery; the answer's status, None where nobody answers in time.
Post = Callable[[bytes, dict[str, str]], int | None]


@dataclass
class Subscription:
    """`put` is what happens to an incident, `deliver` one round of tries. What is disabled takes nothing more and has forgotten what waited."""

    pagerduty: PagerDuty
    post: Post
    secret: str
    dropped: int = 0
    disabled: bool = False
    answers: list[int | None] = field(default_factory=list)
    _queues: dict[str, deque[tuple[bytes, dict[str, str]]]] = field(default_factory=dict)
    _number: int = 0

    def put(self, incident: Incident, kind: str, agent: str | None = "Ana") -> None:
        if self.disabled:
            return
        self._number += 1
        made = self.pagerduty.webhook(incident, kind, secret=self.secret, webhook_id=f"WSUB{self._number}", agent=agent)
        self._queues.setdefault(incident.id, deque()).append(made)

    @property
    def waiting(self) -> int:
        return sum(map(len, self._queues.values()))

    def deliver(self) -> None:
        """Tries the first of each incident, and those behind it as far as they are taken or dropped."""
        for queue in self._queues.values():
            while queue and not self.disabled and self._try(*queue[0]):
                queue.popleft()
        if self.disabled:
            self._queues.clear()

    def _try(self, body: bytes, headers: dict[str, str]) -> bool:
        """False where it is to be tried again, and everything behind it waits."""
        status = self.post(body, headers)
        self.answers.append(status)
        if status is None or status >= 500 or status == 429:
            return False
        self.dropped = 0 if 200 <= status < 300 else self.dropped + 1
        self.disabled = self.disabled or self.dropped >= 3
        return True
