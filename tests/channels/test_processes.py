"""`roomdesk worker` and `roomdesk web` as processes: ended gently, killed at every point, nothing sent twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from django.db import connection

from roomdesk.channels.matrix.client import Matrix
from roomdesk.queues.models import InboxEvent, OutboxRow
from roomdesk.runtime import ports
from roomdesk.runtime.settings import Settings
from tests.channels.rows import Outbox, add_row
from tests.channels.test_send import admission, messages, new_room, person, text
from tests.harness.live import eventually


class Processes:
    """Processes on this test's own database."""

    def __init__(self, database: str, folder: Path) -> None:
        self._environ = {
            **os.environ,
            "ROOMDESK_DATABASE_URL": database,
            "ROOMDESK_SECRET_KEY": "for-tests-only-nothing-else",
        }
        self._folder = folder
        self._begun: list[subprocess.Popen[bytes]] = []

    def begin(self, name: str, **environ: str) -> subprocess.Popen[bytes]:
        with (self._folder / f"{name}-{len(self._begun)}.log").open("wb") as log:
            command = [sys.executable, "-m", "roomdesk.cli", name]
            begun = subprocess.Popen(command, env={**self._environ, **environ}, stderr=log, stdout=log)
        self._begun.append(begun)
        return begun

    def logs(self) -> str:
        return "\n".join(path.read_text() for path in sorted(self._folder.glob("*.log")))

    def end(self) -> None:
        for process in self._begun:
            process.kill()
            process.wait(60)
        # The server notices a dead client in its own time, and finishes first what it was doing for it.
        eventually(lambda: not self._sessions(), "the end of the processes' sessions")

    @staticmethod
    def _sessions() -> int:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            return int(cursor.fetchone()[0])


@pytest.fixture
def processes(database: str, tmp_path: Path) -> Iterator[Processes]:
    made = Processes(database, tmp_path)
    yield made
    made.end()


def is_sent(row: OutboxRow) -> bool:
    return OutboxRow.objects.get(pk=row.pk).state == OutboxRow.State.SENT


@pytest.mark.parametrize("point", ["outbox-claimed", "outbox-called", "outbox-noted"])
def test_a_worker_killed_while_sending_leaves_nothing_out_and_nothing_double(
    outbox: Outbox, matrix: Matrix, processes: Processes, tmp_path: Path, point: str
) -> None:
    room = outbox.send("create_room", new_room(matrix), state="sent").external_id
    mira, subject = person(matrix)
    payloads = [
        ("create_room", new_room(matrix)),
        ("admit", admission(matrix, room, mira, subject)),
        ("send", text(room)),
    ]
    rows = [add_row(kind, payload, destination=f"matrix:{number}") for number, (kind, payload) in enumerate(payloads)]
    reached = tmp_path / "reached"
    dying = processes.begin("worker", ROOMDESK_FAULTS=f"{point}:2", ROOMDESK_FAULTS_LOG=str(reached))
    assert dying.wait(150) == -signal.SIGKILL, processes.logs()
    assert reached.read_text().split() == [point]
    processes.begin("worker")
    for row in rows:
        eventually(lambda row=row: is_sent(row), f"{row.kind} to be sent")
    made = OutboxRow.objects.get(pk=rows[0].pk).external_id
    alias = payloads[0][1]["alias"]
    assert matrix.call("GET", f"/_matrix/client/v3/directory/room/{alias.replace('#', '%23')}")["room_id"] == made
    assert len(messages(matrix, room)) == 1
    reports = InboxEvent.objects.filter(source="outbox").values_list("external_id", flat=True)
    assert sorted(reports) == sorted([str(rows[0].key), str(rows[1].key)]), list(
        InboxEvent.objects.values_list("raw", flat=True)
    )


def test_a_worker_ends_gently(processes: Processes) -> None:
    worker = processes.begin("worker")
    eventually(lambda: "The worker is running" in processes.logs(), "the worker")
    worker.terminate()
    assert worker.wait(60) == 0, processes.logs()
    assert "Traceback" not in processes.logs()


def test_a_row_that_comes_while_a_worker_runs_is_sent(outbox: Outbox, matrix: Matrix, processes: Processes) -> None:
    room = outbox.send("create_room", new_room(matrix), state="sent").external_id
    processes.begin("worker")
    eventually(lambda: "The worker is running" in processes.logs(), "the worker")
    row = add_row("send", text(room), destination=f"matrix:{room}")
    eventually(lambda: is_sent(row), "the row to be sent")


def test_a_web_process_answers_and_ends_gently(processes: Processes, desk: Settings) -> None:
    # Neither one that the system gives to an outgoing connection nor one that another test run looks at just now.
    first = 9_000 + os.getpid() % 990
    port = next(port for port in range(first, first + 10) if ports.is_free(port))
    web = processes.begin("web", ROOMDESK_PORT=str(port))
    address = f"http://127.0.0.1:{port}"

    def answers() -> bool:
        try:
            return httpx.get(f"{address}/healthz", trust_env=False).json() == {"ok": True}
        except httpx.HTTPError:
            return False

    eventually(answers, "the web process")
    headers = {"Authorization": f"Bearer {desk.hs_token}"}
    with httpx.Client(base_url=address, headers=headers, trust_env=False) as client:
        took = []
        while len(took) < 5 or (min(took) >= 0.035 and len(took) < 500):
            began = time.monotonic()
            body = {"events": [{"event_id": f"${uuid.uuid4()}", "room_id": "!r", "type": "x"}]}
            assert client.put(f"/_matrix/app/v1/transactions/{uuid.uuid4()}", json=body).json() == {}
            took.append(time.monotonic() - began)
    # A listening socket whose protocol is not named would make each 40 ms at least; a busy machine delays many, not all.
    assert min(took) < 0.035
    assert InboxEvent.objects.count() == len(took)
    web.terminate()
    assert web.wait(60) == 0, processes.logs()
