"""A running installation under attack: people at its homeserver, a look into its database, worker processes of our own."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psycopg

from roomdesk.runtime.instance import resolve
from roomdesk.runtime.settings import load
from tests.harness.live import ROOT, Live, eventually

PRODUCT = "plana-business-cloud"
TIERS = ("starter", "pro", "enterprise")
ENGINEER = "ivan"


class Installation:
    """A `Live` with what its operator does not need: direct reads of the database, sessions of many people, single processes."""

    def __init__(self, **environ: str) -> None:
        self.live = Live(**environ)
        self._asking: psycopg.Connection[tuple[Any, ...]] | None = None
        self.rooms: dict[str, str] = {}
        #: The control room of the product.
        self.control = ""
        #: Between which times the homeserver took what many said at once: event id → both, in seconds since 1970.
        self.spans: dict[str, tuple[float, float]] = {}

    @contextmanager
    def running(self) -> Iterator[Installation]:
        self.live.start()
        self.settings = resolve(load(self.live.environ))
        try:
            yield self
        finally:
            self._hang_up()
            self.live.stop()
            self._keep_logs()
            self.live.remove()

    def _keep_logs(self) -> None:
        """`CHAOS_LOGS`: a folder that gets the logs of all processes, for whoever wants to know what happened."""
        if kept := os.environ.get("CHAOS_LOGS"):
            shutil.copytree(self.live.folder / "log", kept, dirs_exist_ok=True)
            shutil.copy(f"{self.live.folder}.log", kept)

    def rows(self, sql: str, *given: Any) -> list[tuple[Any, ...]]:
        """The answer of the installation's database; waits while it is being started again."""

        def answer() -> list[list[tuple[Any, ...]]] | None:
            try:
                return [self._connection().execute(sql, given).fetchall()]
            except psycopg.OperationalError:
                self._hang_up()
                return None

        return eventually(answer, "an answer of the database", seconds=60)[0]

    def _connection(self) -> psycopg.Connection[tuple[Any, ...]]:
        """Kept from one question to the next: who asks twenty times a second would take half a core for signing in."""
        if self._asking is None:
            assert self.settings.database_url
            self._asking = psycopg.connect(self.settings.database_url, autocommit=True, connect_timeout=5)
        return self._asking

    def _hang_up(self) -> None:
        if self._asking is not None:
            self._asking.close()
            self._asking = None

    def count(self, sql: str, *given: Any) -> int:
        return int(self.rows(sql, *given)[0][0])

    def provision(self, workspaces: dict[str, list[str]]) -> None:
        """Workspaces with these people (the first is the owner), tiers in turn, one engineer everywhere; by one import."""
        self.live.run("staff", "put", ENGINEER, "--name", "Ivan", "--email", "ivan@vendor.test", "--role", "engineer")
        lines = [
            {
                "slug": slug,
                "product": PRODUCT,
                "tier": TIERS[number % len(TIERS)],
                "owner": people[0],
                "owner_name": people[0].title(),
                "members": [{"id": p, "name": p.title(), "role": "admin"} for p in people[1:]],
            }
            for number, (slug, people) in enumerate(workspaces.items())
        ]
        self.live.run("workspace", "import", "-", stdin="\n".join(map(json.dumps, lines)))

    def await_rooms(self, workspaces: dict[str, list[str]]) -> None:
        """Until every room is made and everybody in it, as the homeserver says."""
        missing = "SELECT w.slug FROM directory_workspace w LEFT JOIN rooms_room r ON r.workspace_id = w.id WHERE r.room_id IS NULL OR r.room_id = ''"
        eventually(lambda: not self.rows(missing), "all rooms", seconds=120)
        found = "SELECT w.slug, r.room_id FROM rooms_room r JOIN directory_workspace w ON w.id = r.workspace_id"
        self.rooms = dict(self.rows(found))
        joined = (
            "SELECT count(*) FROM rooms_roommember m JOIN rooms_room r ON r.id = m.room_id "
            "WHERE r.workspace_id IS NOT NULL AND m.membership = 'join' AND m.user_id NOT LIKE '@support%%'"
        )
        wanted = sum(len(people) + 1 for people in workspaces.values())
        eventually(lambda: self.count(joined) == wanted, "everybody in their rooms", seconds=180)
        found = "SELECT room_id FROM rooms_room WHERE kind = 'control' AND product = %s AND room_id <> ''"
        self.control = eventually(lambda: self.rows(found, PRODUCT), "the control room", seconds=60)[0][0]
        self.await_quiet()

    def await_quiet(self, seconds: float = 120) -> None:
        """Until nothing waits in inbox and outbox."""
        eventually(lambda: not self.waiting(), "an empty inbox and outbox", seconds)

    def await_recorded(self, events: list[str], seconds: float = 120) -> None:
        """Until all these events are on record: what a homeserver forgot is fetched only when it is back."""
        found = "SELECT count(DISTINCT external_id) FROM record_message WHERE external_id = ANY(%s)"
        eventually(
            lambda: self.count(found, events) == len(set(events)), f"the record of {len(events)} events", seconds
        )

    def waiting(self) -> int:
        events = self.pending()
        return events + self.count(
            "SELECT count(*) FROM queues_outboxrow WHERE state IN ('queued', 'sending', 'retry') "
            "OR (kind = 'send' AND state = 'sent' AND confirmed_at IS NULL)"
        )

    def pending(self) -> int:
        return self.count("SELECT count(*) FROM queues_inboxevent WHERE state = 'pending'")

    def person(self, name: str) -> Person:
        """A session of a person at the homeserver, as any client has it."""
        return Person(self, name)

    def pid(self, name: str) -> int:
        return int((self.live.folder / "run" / f"{name}.pid").read_text())

    def send_signal(self, name: str, number: signal.Signals) -> None:
        os.kill(self.pid(name), number)

    def await_other(self, name: str, pid: int) -> None:
        """Until the supervisor has started this process again, after the one with `pid`."""
        eventually(lambda: self.pid(name) != pid, f"a new {name} process", seconds=60)

    @property
    def log(self) -> str:
        """What the supervisor has said so far."""
        return Path(f"{self.live.folder}.log").read_text()

    def worker(self, **environ: str) -> subprocess.Popen[bytes]:
        """One more worker process, not watched by the supervisor."""
        with Path(f"{self.live.folder}.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "roomdesk.cli", "worker"],
                env={**self.live.environ, **environ},
                stdout=log,
                stderr=log,
                cwd=ROOT,
            )

    @contextmanager
    def working(self, count: int = 1, **environ: str) -> Iterator[None]:
        """Healthy workers for a while."""
        workers = [self.worker(**environ) for _ in range(count)]
        try:
            yield
        finally:
            for one in workers:
                one.send_signal(signal.SIGTERM)
            for one in workers:
                one.wait(120)


class Person:
    """An ordinary client: sends again under the same transaction id until the homeserver has taken it."""

    def __init__(self, installation: Installation, name: str) -> None:
        settings = installation.settings
        self.name = name
        self.user_id = f"@{name}:{settings.matrix_server_name}"
        self._http = httpx.Client(base_url=settings.matrix_url or "", timeout=60, trust_env=False, verify=False)
        try:
            self._sign_in(name, str(settings.people_token))
        except httpx.HTTPError:
            # The homeserver has just been killed, and whoever tries again makes another client.
            self._http.close()
            raise

    def _sign_in(self, name: str, people_token: str) -> None:
        body = {
            "type": "m.login.application_service",
            "identifier": {"type": "m.id.user", "user": name},
            "device_id": "CLIENT",
        }
        headers = {"Authorization": f"Bearer {people_token}"}
        answer = self._http.post("/_matrix/client/v3/login", json=body, headers=headers)
        answer.raise_for_status()
        self._http.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def put(self, room: str, transaction: str, content: dict[str, Any]) -> str:
        """One attempt to send; raises `httpx.HTTPError` where the homeserver did not take it."""
        where = f"/_matrix/client/v3/rooms/{room}/send/m.room.message/{transaction}"
        answer = self._http.put(where, json=content)
        answer.raise_for_status()
        return str(answer.json()["event_id"])

    def say(self, room: str, text: str, thread: str | None = None) -> str:
        """Sends once, to a homeserver that is there; gives the event id."""
        return self.put(room, f"t{os.urandom(6).hex()}", content_of(text, thread))

    def messages(self, room: str) -> list[dict[str, Any]]:
        """Every message of the room from its beginning, in the room's own order."""
        found: list[dict[str, Any]] = []
        params = {"dir": "f", "limit": "500"}
        while True:
            answer = self._http.get(f"/_matrix/client/v3/rooms/{room}/messages", params=params)
            answer.raise_for_status()
            page = answer.json()
            found += [event for event in page["chunk"] if event["type"] == "m.room.message"]
            if "end" not in page or not page["chunk"]:
                return found
            params["from"] = page["end"]

    def close(self) -> None:
        self._http.close()


def content_of(text: str, thread: str | None = None) -> dict[str, Any]:
    relation = {"m.relates_to": {"rel_type": "m.thread", "event_id": thread}} if thread else {}
    return {"msgtype": "m.text", "body": text, **relation}
