from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest

from roomdesk import bootstrap, pipeline
from roomdesk.directory import services
from roomdesk.queues import outbox
from roomdesk.queues.models import OutboxRow
from roomdesk.runtime import clock
from roomdesk.webhooks import managing, sending
from roomdesk.worker.outbox import send_one
from roomdesk.worker.ways import WAYS
from tests.cases_api.place import ACTOR, Rest, token
from tests.fakes.receiver import Receiver, receiver
from tests.harness.database import Databases


@dataclass
class Hooks:
    """One customer of a product without rooms, a receiver, and a worker that sends when the test says so."""

    time: clock.Frozen
    receiver: Receiver
    rest: Rest
    secrets: dict[str, str] = field(default_factory=dict)

    def put(self, slug: str = "crm", **wanted: Any) -> str:
        """An endpoint at the receiver; gives its secret, which the receiver knows from then on."""
        answer = self.call("PUT", f"webhooks/{slug}", {"url": self.receiver.url, **wanted})
        assert answer.status_code == 201, answer.content
        secret = str(answer.json()["secret"])
        self.receiver.secrets.append(secret)
        return secret

    def call(self, method: str, path: str, body: Any = None) -> Any:
        client, headers = self.rest._client, self.rest._headers
        return client.generic(method, f"/api/v1/{path}", "" if body is None else json.dumps(body),
                              content_type="application/json", headers=headers)  # fmt: skip

    def open(self, text: str = "The invoices are gone") -> str:
        return self.rest.open(text, author="oto", workspace="beta")

    def change(self, ref: str, **wanted: Any) -> None:
        answer = self.rest.patch(f"cases/{ref}", wanted)
        assert answer.status_code == 200, answer.content

    def send(self, rounds: int = 20) -> int:
        """Sends what is due now; gives how many calls were made."""
        made = 0
        for _ in range(rounds):
            rows = [row for row in outbox.claim(1, 20, clock.now()) if row.channel == "webhook"]
            if not rows:
                break
            for row in rows:
                send_one(row, WAYS)
                made += 1
        while pipeline.drain():
            pass
        return made

    def told(self) -> list[dict[str, Any]]:
        """The bodies that the receiver took, in their order."""
        return list(self.receiver.taken.values())

    def log(self, slug: str = "crm") -> list[dict[str, Any]]:
        return list(self.call("GET", f"webhooks/{slug}/deliveries").json()["items"])

    def endpoint(self, slug: str = "crm") -> dict[str, Any]:
        found: dict[str, Any] = self.call("GET", f"webhooks/{slug}").json()
        return found

    def passes(self, **length: float) -> None:
        self.time.tick(timedelta(**length))

    def waiting(self) -> int:
        return OutboxRow.objects.filter(channel="webhook", state__in=OutboxRow.ACTIVE).count()


def build() -> None:
    """Engineer Ivan, and `beta` with owner Oto, of a product without rooms; at rest."""
    long_ago = clock.now() - timedelta(days=30)
    services.do_put_staff(id="ivan", roles=["engineer"], actor=ACTOR, now=long_ago)
    services.do_put_workspace(slug="beta", product="power-omni", tier="enterprise", actor=ACTOR, now=long_ago)
    services.do_put_member(workspace="beta", id="oto", role="owner", actor=ACTOR, now=long_ago)
    while pipeline.drain():
        pass


@pytest.fixture
def open_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """The receiver stands on this machine and speaks plain http."""
    allowed = replace(bootstrap.settings, webhook_networks="any", webhook_schemes="any")
    monkeypatch.setattr(managing, "settings", allowed)
    monkeypatch.setattr(sending, "settings", allowed)


@pytest.fixture
def desk(databases: Databases) -> Iterator[None]:
    """A copy of what `build` makes, for this test alone."""
    with databases.copy_of(build):
        yield


@pytest.fixture
def hooks(desk: None, open_network: None) -> Iterator[Hooks]:
    with clock.frozen(clock.now()) as time, receiver() as found:
        found.now = lambda: clock.now().timestamp()
        yield Hooks(time, found, Rest(token("ops", "admin", "cases:read", "cases:write")))
