"""From a customer's "P0 …" to the call arriving at PagerDuty, beside the bare way of an event from Synapse to an appservice. Run: `python benchmarks/page.py [PAGES]`.

A whole installation runs in a folder that is removed afterwards. For every page a customer's client sends `P0 …` by the Matrix API into the room of
an enterprise workspace of its own, so that none joins another; a fake PagerDuty in this process notes when the POST arrives. The bare way is measured in the same
run and from the same sends: when the event is first stored by the desk's appservice endpoint (`received_at` of the inbox). Both are counted from
just before the client's send call. Once idle, once with 30 messages a second of other rooms. The aim of issue 8: p99 at most twice the bare p99 when idle, three times and under a
second under load.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))


PAGES, ROOMS, RATE = 500, 25, 30
KEY = "R" + "0" * 31


class Arrivals:
    """When the first call for each page arrived; pages are made one after the other."""

    def __init__(self) -> None:
        self.at: dict[str, float] = {}
        self._changed = threading.Condition()

    def note(self, event: dict[str, Any]) -> None:
        with self._changed:
            self.at.setdefault(event["dedup_key"], time.time())
            self._changed.notify_all()

    def wait(self, pages: int, seconds: float = 60) -> float:
        """When the call for the page of this number arrived."""
        with self._changed:
            if not self._changed.wait_for(lambda: len(self.at) >= pages, seconds):
                raise SystemExit(f"No call for page {pages} within {seconds:.0f} s.")
            return list(self.at.values())[pages - 1]


@contextmanager
def pagerduty(arrivals: Arrivals) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            event = json.loads(self.rfile.read(int(self.headers["content-length"])))
            if event["event_action"] == "trigger":
                arrivals.note(event)
            body = json.dumps({"status": "success", "dedup_key": event["dedup_key"]}).encode()
            self.send_response(202)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            """Nothing is printed."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def main(pages: int) -> None:
    from tests.harness.live import Live
    from tests.harness.matrix import close_all
    from tests.harness.scene import workspace

    arrivals = Arrivals()
    with pagerduty(arrivals) as url:
        live = Live(ROOMDESK_PAGERDUTY_URL=url, ROOMDESK_PAGERDUTY_ROUTING=KEY).start()
        try:
            print(f"load of the machine before: {_load()}, {os.cpu_count()} cores")
            scenes = [workspace(live, f"bench-{number}", tier="enterprise") for number in range(ROOMS)]
            clients = [(scene, scene.client(scene.owner)) for scene in scenes]
            _measure("idle", live, clients, arrivals, pages)
            with _traffic(clients):
                _measure(f"with {RATE} messages/s", live, clients, arrivals, pages)
            print(f"load of the machine after: {_load()}")
        finally:
            close_all()
            live.stop()
            live.remove()


def _measure(name: str, live: Any, clients: list[Any], arrivals: Arrivals, pages: int) -> None:
    from tests.harness.live import eventually

    sent: dict[str, float] = {}
    whole: list[float] = []
    for number in range(pages):
        scene, client = clients[number % len(clients)]
        pages_before, begun = len(arrivals.at), time.time()
        event = client.say(scene.room, f"P0 bench {name} {number}")
        sent[event] = begun
        whole.append(arrivals.wait(pages_before + 1) - begun)
        # The next one in this room is to be a page of its own.
        ref = eventually(partial(_ref, live, scene.slug), "its case")
        done = {"state": "resolved", "fix": "Bench", "root_cause_unknown": True}
        assert live.rest("PATCH", f"cases/{ref}", json=done).status_code == 200
    bare = [at - sent[event] for event, at in _received(live, sent).items()]
    ratio = _p99(whole) / _p99(bare)
    print(
        f"{name}: send → POST p50 {_ms(statistics.median(whole))}, p99 {_ms(_p99(whole))}; "
        f"send → stored p50 {_ms(statistics.median(bare))}, p99 {_ms(_p99(bare))}; p99 ratio {ratio:.2f} ({len(whole)} pages)"
    )


def _ref(live: Any, slug: str) -> str | None:
    """The case of the newest P0, once it is there and open."""
    items = live.rest("GET", f"cases?workspace={slug}").json()["items"]
    return next((one["ref"] for one in items if one["p0"] and one["state"] == "new"), None)


def _received(live: Any, sent: dict[str, float]) -> dict[str, float]:
    """When the desk's endpoint had each event, in real time."""
    import psycopg

    with psycopg.connect(_database(live)) as connection:
        rows = connection.execute(
            "SELECT external_id, received_at FROM queues_inboxevent WHERE external_id = ANY(%s)", [list(sent)]
        ).fetchall()
    return {event: at.astimezone(UTC).timestamp() for event, at in rows}


def _database(live: Any) -> str:
    from roomdesk.runtime.instance import resolve
    from roomdesk.runtime.settings import load

    found = resolve(load({"ROOMDESK_MODE": "test", "ROOMDESK_DATA": str(live.folder)})).database_url
    assert found is not None
    return found


@contextmanager
def _traffic(clients: list[Any]) -> Iterator[None]:
    """Other messages, spread over the rooms, at a steady rate."""
    stop = threading.Event()

    def speak(number: int) -> None:
        scene, client = clients[number % len(clients)]
        client.call(
            "PUT",
            f"/_matrix/client/v3/rooms/{scene.room}/send/m.room.message/t{number}",
            json={"msgtype": "m.text", "body": f"Something else, {number}, with a few words more."},
        )

    def run() -> None:
        with ThreadPoolExecutor(16) as pool:
            number, begun = 0, time.monotonic()
            while not stop.is_set():
                pool.submit(speak, number)
                number += 1
                time.sleep(max(0.0, begun + number / RATE - time.monotonic()))

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _p99(values: list[float]) -> float:
    return sorted(values)[max(0, int(len(values) * 0.99) - 1)]


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"


def _load() -> str:
    return " ".join(f"{part:.1f}" for part in os.getloadavg())


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else PAGES)
