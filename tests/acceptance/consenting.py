"""What acceptance tests of consents share: asking by REST, looking at what became of it, and a script that wants to restore a real database."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from roomdesk.runtime import postgres
from tests.harness.live import ROOT, Live, eventually
from tests.harness.scene import Scene

PHRASE = "yes, replace prod"
CURRENT = {"do": "restore", "target": "current", "database": "customer"}


def ask(scene: Scene, kind: str, action: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Asked by REST; in the room when it returns."""
    body = {"kind": kind, "workspace": scene.slug, "words": "As we talked about", "action": action, "author": scene.engineer, **more}  # fmt: skip
    answer = scene.live.rest("POST", "consents", json=body)
    assert answer.status_code == 201, answer.text
    ref = answer.json()["id"]
    return eventually(lambda: found if (found := consent(scene, ref))["event_id"] else None, "the question in the room")


def consent(scene: Scene, ref: str) -> dict[str, Any]:
    found: dict[str, Any] = scene.live.rest("GET", f"consents/{ref}").json()
    return found


def granted(scene: Scene, ref: str) -> dict[str, Any]:
    return eventually(lambda: found if (found := consent(scene, ref))["state"] == "granted" else None, "the grant")


def consume(scene: Scene, request: dict[str, Any], nonce: str = "") -> Any:
    body = {"action": request["action"], "nonce": nonce or f"nonce-of-{request['id']}"}
    return scene.live.rest("POST", f"consents/{request['id']}/consume", json=body)


@dataclass
class Customer:
    """A customer's real database beside the desk's own: a backup of two orders, and a third entered since. `key` is the desk's public one."""

    live: Live
    folder: Path
    url: str
    environ: dict[str, str]
    key: str

    def orders(self) -> int:
        with psycopg.connect(self.url) as database:
            row = database.execute("SELECT count(*) FROM orders").fetchone()
            assert row is not None
            return int(row[0])

    def enter_another(self) -> None:
        with psycopg.connect(self.url) as database:
            database.execute("INSERT INTO orders VALUES (3)")

    def restore(self, ref: str, action: dict[str, Any], state: str = "state") -> subprocess.CompletedProcess[str]:
        """`roomdesk-guard run … -- pg_restore`, by Python's standard library alone; `state` is where it keeps its notes."""
        ours = {"ROOMDESK_URL": self.live.ready["url"], "ROOMDESK_TOKEN": self.live.ready["api_token"], "ROOMDESK_KEY": self.key}  # fmt: skip
        words = ["run", "--consent", ref, "--action", json.dumps(action), "--state", str(self.folder / state), "--"]
        restore = [str(postgres.binaries() / "pg_restore"), "--clean", "-d", "customer", str(self.folder / "orders.dump")]  # fmt: skip
        program = [sys.executable, "-I", "-S", str(ROOT / "roomdesk_guard.py"), *words, *restore]
        return subprocess.run(program, env={**self.environ, **ours}, capture_output=True, text=True, check=False)

    def refused(self, ref: str, action: dict[str, Any], word: str, state: str = "state") -> None:
        before, done = self.orders(), self.restore(ref, action, state)
        assert done.returncode == 78 and word in done.stderr and "Nothing was run." in done.stderr, done
        assert self.orders() == before == 3


@contextmanager
def customer_database(live: Live, folder: Path) -> Iterator[Customer]:
    ports, secrets = (json.loads((live.folder / f"{name}.json").read_text()) for name in ("ports", "secrets"))
    password = secrets["pg_superuser_password"]
    base = f"postgresql://postgres:{password}@127.0.0.1:{ports['postgres']}"
    place = {"PGHOST": "127.0.0.1", "PGPORT": str(ports["postgres"]), "PGUSER": "postgres", "PGPASSWORD": password, "PGDATABASE": "customer"}  # fmt: skip
    key = live.rest("GET", "consents/keys").json()["items"][-1]["public"]
    with psycopg.connect(f"{base}/postgres", autocommit=True) as owner:
        owner.execute("DROP DATABASE IF EXISTS customer")
        owner.execute("CREATE DATABASE customer")
        try:
            found = Customer(live, folder, f"{base}/customer", {**os.environ, **place}, key)
            with psycopg.connect(found.url) as database:
                database.execute("CREATE TABLE orders (number int)")
                database.execute("INSERT INTO orders VALUES (1), (2)")
            dump = [str(postgres.binaries() / "pg_dump"), "-Fc", "-f", str(folder / "orders.dump")]
            subprocess.run(dump, env=found.environ, check=True)
            found.enter_another()
            yield found
        finally:
            owner.execute("DROP DATABASE customer WITH (FORCE)")
