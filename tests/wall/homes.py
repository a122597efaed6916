"""Homeservers without any process of Roomdesk: rooms as the desk makes them, people by role, and each person's own client."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
import yaml

from roomdesk.channels.matrix import membership, room_body
from roomdesk.channels.matrix.client import Matrix, from_settings
from roomdesk.channels.matrix.names import path
from roomdesk.runtime import children, http, instance, ports, synapse
from roomdesk.runtime.settings import Settings, load
from tests.harness.live import eventually
from tests.harness.matrix import Client

ADMIN = "/_synapse/admin"
#: Tables of Synapse, with what in them nobody's mere asking changes.
STORED = (
    ("events", "event_id"),
    ("rooms", "room_id, is_public"),
    ("room_aliases", "room_alias, room_id"),
    ("users", "name, admin, deactivated"),
    ("profiles", "full_user_id, displayname, avatar_url"),
    ("device_inbox", "stream_id, user_id"),
)
Change = Callable[[dict[str, Any]], None]


@dataclass
class Home:
    """A homeserver and what was made there. Everybody's client is kept; names are localparts."""

    settings: Settings
    matrix: Matrix
    clients: dict[str, Client] = field(default_factory=dict)
    rooms: dict[str, str] = field(default_factory=dict)
    #: What Olga said in nord while Mira was there.
    said: str = ""
    #: The alias of nord, without its server.
    alias: str = "support-nord"
    #: Localparts that are others than the people's names.
    localparts: dict[str, str] = field(default_factory=dict)

    def id(self, name: str) -> str:
        return f"@{self.localparts.get(name, name)}:{self.settings.matrix_server_name}"

    def names(self, me: str) -> dict[str, str]:
        """What the names in a table of requests stand for."""
        people = ("support", "nobody", "olga", "mira", "oto", "asen", "ivan")
        rest = {"me": self.id(me), "server": self.settings.matrix_server_name, "said": self.said, "alias": self.alias}
        return {name: self.id(name) for name in people} | self.rooms | rest

    def client(self, name: str) -> Client:
        """The person's client; the account is made at the first call, as sign-in would find it."""
        if name not in self.clients:
            membership.provision(self.matrix, self.id(name), name.title(), name)
            login = self.matrix.log_in(name, f"TEST{name}")
            self.clients[name] = Client(str(self.settings.matrix_url), login["user_id"], login["access_token"])
        return self.clients[name]

    def room(self, slug: str, *people: str, staff: tuple[str, ...] = (), power: dict[str, int] | None = None) -> str:
        """A support room as the desk makes it, with these people in it. `power` is what an administrator's hand may have added."""
        server = self.settings.matrix_server_name
        self.matrix.ensure_desk()
        body = room_body.room_body(
            name=f"{slug.title()} · Support", topic="", server=server, workspace_slug=slug, alias_localpart=f"support-{slug}",
            staff=[self.id(name) for name in staff],
        )  # fmt: skip
        users = body["power_level_content_override"]["users"]
        users.update({self.id(name): level for name, level in (power or {}).items()})
        self.rooms[slug] = room = str(self.matrix.call("POST", path("createRoom"), body)["room_id"])
        membership.join(self.matrix, room, self.matrix.keeper)
        for name in (*people, *staff):
            self.admit(room, name)
        return room

    def admit(self, room: str, name: str) -> None:
        self.client(name)
        membership.invite(self.matrix, room, self.id(name))
        membership.join(self.matrix, room, self.id(name))

    def everything(self) -> dict[str, list[Any]]:
        """What is stored of events, rooms, accounts and messages to devices: equal before and after means that nothing has changed."""
        with closing(sqlite3.connect(f"file:{self.settings.data / 'synapse' / 'home.db'}?mode=ro", uri=True)) as file:
            return {
                table: file.execute(f"SELECT {columns} FROM {table} ORDER BY 1").fetchall() for table, columns in STORED
            }

    def at_rest(self) -> dict[str, list[Any]]:
        """The same, once what was begun before has come to an end: a new name, say, reaches rooms in the homeserver's own time."""
        found: list[dict[str, list[Any]]] = [self.everything()]

        def same() -> bool:
            time.sleep(0.5)
            found.append(self.everything())
            return found[-1] == found[-2]

        eventually(same, "a homeserver at rest")
        return found[-1]

    def anybody(self, method: str, where: str, *, token: str | None = None, **given: Any) -> httpx.Response:
        """A call with any token, or with none."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        address = f"{self.settings.matrix_url}{where}"
        return httpx.request(method, address, headers=headers, timeout=60, trust_env=False, **given)

    def close(self) -> None:
        for client in self.clients.values():
            client.close()
        self.matrix.close()


@contextmanager
def homeserver(change: Change) -> Iterator[Home]:
    """A Synapse of its own as Roomdesk would start it, but for what `change` does to its configuration (and SQLite: it is small)."""
    with data_folder() as settings, running(settings, change) as home:
        yield home


@contextmanager
def data_folder() -> Iterator[Settings]:
    with tempfile.TemporaryDirectory(prefix="roomdesk-home-") as name:
        instance.write_private(instance.create(Path(name)).ports, _ports())
        yield instance.resolve(load({"ROOMDESK_MODE": "test", "ROOMDESK_DATA": name}))


@contextmanager
def running(settings: Settings, change: Change) -> Iterator[Home]:
    """The homeserver of this data folder as it is configured now; what it has stored before is there again."""
    folder = instance.Instance(settings.data)
    synapse.write_files(settings, folder)
    _rewrite(folder.synapse / "homeserver.yaml", change)
    spec = synapse.spec(settings, folder)
    process = children.spawn(spec)
    try:
        _await(spec, process, f"{settings.matrix_url}/health")
        known = replace(settings, admin_token=synapse.ensure_admin(settings, folder))
        home = Home(known, from_settings(known))
        yield home
        home.close()
    finally:
        process.terminate()
        process.wait(120)


def _await(spec: children.ChildSpec, process: subprocess.Popen[bytes], health: str) -> None:
    """One that has ended is told at once, with the end of its log."""

    def answers() -> bool:
        assert process.poll() is None, f"the homeserver has ended: {children.log_tail(spec.log, 20)}"
        return http.answers(health)

    eventually(answers, lambda: f"the homeserver ({children.log_tail(spec.log, 20)})", 120)


def free_ports() -> list[int]:
    """Those of this process of pytest that nobody listens on now.

    All lie below the ports that Linux gives to outgoing connections (from 32768): one of those would keep a server from its
    port. And above those of `tests.harness.environment`, which are chosen long before anybody listens on them.
    """
    first = 30_000 + os.getpid() % 270 * 10
    return [port for port in range(first, first + 10) if ports.is_free(port)]


def _ports() -> dict[str, int]:
    return dict(zip(("web", "matrix", "postgres"), free_ports(), strict=False))


def _rewrite(file: Path, change: Change) -> None:
    config = yaml.safe_load(file.read_text())
    config["database"] = {"name": "sqlite3", "args": {"database": str(file.with_name("home.db"))}}
    change(config)
    file.write_text(yaml.safe_dump(config))
