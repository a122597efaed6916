"""Two workspaces of a shipped product, a way to ask by REST and by command line, and to see that nothing changed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from click.testing import CliRunner, Result
from django.test import Client

from roomdesk.audit.models import Head
from roomdesk.audit.work import Actor
from roomdesk.cases.models import Case, CaseChange, CaseCycle, Link, Merge, Question, StoredMacro
from roomdesk.cli import main
from roomdesk.clocks.models import Clock
from roomdesk.directory import services
from roomdesk.directory.models import Escalation
from roomdesk.queues.models import IdempotentRequest, InboxEvent, OutboxRow, Timer
from roomdesk.record.models import Message
from roomdesk.runtime import clock

ACTOR = Actor("cli", "tests")
PRODUCT = "plana-business-cloud"
_TABLES = (
    Case,
    CaseChange,
    CaseCycle,
    Escalation,
    Link,
    Merge,
    Question,
    StoredMacro,
    Clock,
    Message,
    Timer,
    InboxEvent,
    OutboxRow,
    IdempotentRequest,
)


def build() -> None:
    """Engineer Ivan; `acme` (pro) with owner Olga and member Mira; `beta` (starter) with owner Oto."""
    long_ago = clock.now() - timedelta(days=30)
    services.do_put_staff(id="ivan", roles=["engineer"], actor=ACTOR, now=long_ago)
    for slug, tier, owner in (("acme", "pro", "olga"), ("beta", "starter", "oto")):
        services.do_put_workspace(slug=slug, product=PRODUCT, tier=tier, actor=ACTOR, now=long_ago)
        services.do_put_member(workspace=slug, id=owner, role="owner", actor=ACTOR, now=long_ago)
    services.do_put_member(workspace="acme", id="mira", role="member", actor=ACTOR, now=long_ago)


def staff(person: str, *roles: str) -> None:
    services.do_put_staff(id=person, roles=list(roles), actor=ACTOR, now=clock.now() - timedelta(days=30))


def token(name: str, *scopes: str, workspace: str | None = None) -> str:
    return services.do_make_token(name=name, scopes=scopes, workspace=workspace, actor=ACTOR, now=clock.now())[1]


class Rest:
    """REST with one token."""

    def __init__(self, plain: str | None) -> None:
        self._client = Client()
        self._headers = {"host": "127.0.0.1", **({"authorization": f"Bearer {plain}"} if plain else {})}

    def get(self, path: str) -> Any:
        return self._client.get(f"/api/v1/{path}", headers=self._headers)

    def post(self, path: str, body: Any, key: str | None = None) -> Any:
        headers = {**self._headers, **({"idempotency-key": key} if key else {})}
        return self._client.post(f"/api/v1/{path}", json.dumps(body), content_type="application/json", headers=headers)

    def patch(self, path: str, body: Any) -> Any:
        data = json.dumps(body)
        return self._client.patch(f"/api/v1/{path}", data, content_type="application/json", headers=self._headers)

    def open(
        self, text: str = "The invoices are gone", author: str = "olga", workspace: str = "acme", **more: Any
    ) -> str:
        """Opens a case and gives its reference."""
        answer = self.post("cases", {"workspace": workspace, "author": author, "text": text, **more})
        assert answer.status_code == 201, answer.content
        return str(answer.json()["ref"])


def command(*words: str, stdin: str | bytes | None = None) -> Result:
    return CliRunner().invoke(main, list(words), input=stdin)


def told(*words: str) -> Any:
    """What a command prints with `--json`."""
    done = command(*words, "--json")
    assert done.exit_code == 0, done.stderr
    return json.loads(done.stdout)


@contextmanager
def nothing_changes() -> Iterator[None]:
    before = _snapshot()
    yield
    assert _snapshot() == before


def _snapshot() -> dict[str, Any]:
    rows = {table.__name__: sorted(map(repr, table.objects.values())) for table in _TABLES}
    return {**rows, "heads": sorted(Head.objects.values_list("scope", "seq", "hash"))}
