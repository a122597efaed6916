"""From a Matrix client's send to the words on an open case page in Chromium, at 20 messages a second. Run: `python benchmarks/live.py [MESSAGES]`.

A whole installation runs in a folder that is removed afterwards. The page is open as staff have it; in it a MutationObserver notes when the words stand
there. Each second one message goes to the page's room and the others to other rooms, all by the Matrix API. Beside it, from the same sends: until the homeserver
has answered the send, which is what any client of Matrix waits for, and where the time goes: until the event was stored, until a worker took it up, until the page
asked, until it had its answer, until the words stood there. The aim: a median under 300 ms.

And before any traffic: how long until a page of the console, the portal and the room can be used in a browser that has nothing of it yet (the browser's own
navigation timing, until the end of `load`; the aim: a second).
"""

from __future__ import annotations

import os
import statistics
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

MESSAGES, RATE, ROOMS = 100, 20, 10
_WATCH = """() => {
  window.stood = {};
  performance.clearResourceTimings();
  performance.setResourceTimingBufferSize(5000);
  new MutationObserver(() => {
    for (const [number] of document.getElementById("timeline").textContent.matchAll(/live \\d+ here/g))
      window.stood[number] ??= performance.timeOrigin + performance.now();
  }).observe(document.body, { childList: true, subtree: true, characterData: true });
}"""


def main(messages: int) -> None:
    from playwright.sync_api import sync_playwright

    from tests.acceptance.browsing import address, signing_in
    from tests.harness.live import Live
    from tests.harness.matrix import close_all
    from tests.harness.scene import workspace

    live = Live().start()
    try:
        print(f"load of the machine before: {_load()}, {os.cpu_count()} cores")
        scenes = [workspace(live, f"live-{number}") for number in range(ROOMS)]
        clients = [(scene, scene.client(scene.owner)) for scene in scenes]
        scene, client = clients[0]
        client.say(scene.room, "Something is slow.")
        ref = scene.case()["ref"]
        with sync_playwright() as playwright:
            chromium = playwright.chromium.launch(
                executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
            )
            with signing_in(live, chromium) as signed_in:
                for person, path in (
                    (scene.engineer, "/console/"),
                    (scene.engineer, f"/console/cases/{ref}"),
                    (scene.owner, "/portal/live-0/"),
                    (scene.owner, "/chat/live-0"),
                ):
                    print(
                        f"first load of {path}: {_ms(_first_load(signed_in(person, '/'), address(live) + path))}",
                        flush=True,
                    )
            with signing_in(live, chromium) as signed_in, _traffic(clients[1:], RATE - 1):
                page = signed_in(scene.engineer, f"/console/cases/{ref}")
                page.evaluate(_WATCH)
                _measured(page, scene, client, messages)
            chromium.close()
        print(f"load of the machine after: {_load()}")
    finally:
        close_all()
        live.stop()
        live.remove()


def _first_load(page: Any, url: str) -> float:
    """Seconds until a page with empty caches has loaded."""
    page.context.new_cdp_session(page).send("Network.clearBrowserCache")
    page.goto(url)
    return float(page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")) / 1000


def _measured(page: Any, scene: Any, client: Any, messages: int) -> None:
    sent, taken, events = {}, [], {}
    for number in range(messages):
        words, begun = f"live {number} here", time.time()
        events[words] = client.say(scene.room, words)
        sent[words] = begun
        taken.append(time.time() - begun)
        page.wait_for_timeout(max(0.0, 1000 * (begun + 1 - time.time())))
    page.wait_for_function("many => Object.keys(window.stood).length >= many", arg=messages)
    stood = page.evaluate("window.stood")
    whole = sorted(stood[words] / 1000 - begun for words, begun in sent.items())
    print(
        f"send → on the page: median {_ms(statistics.median(whole))}, p95 {_ms(whole[int(len(whole) * 0.95) - 1])}, "
        f"longest {_ms(whole[-1])} ({len(whole)} messages at {RATE}/s in all; aim: median under 300 ms); "
        f"send → answered by the homeserver: median {_ms(statistics.median(taken))}"
    )
    _tell_stages(page, scene.live, sent, stood, events)


def _tell_stages(page: Any, live: Any, sent: dict[str, float], stood: dict[str, float], events: dict[str, str]) -> None:
    """Where the time goes, by the medians of its parts; they need not add up to the median of the whole."""
    looks = page.evaluate(
        """() => performance.getEntriesByType("resource").filter(one => one.name === location.href).map(one =>
          [performance.timeOrigin + one.startTime, performance.timeOrigin + one.responseEnd])"""
    )
    stored = _stored(live, list(events.values()))
    parts: list[list[float]] = []
    for words, begun in sent.items():
        received, taken_up = stored[events[words]]
        asked, answered = max(look for look in looks if look[1] <= stood[words])
        moments = [begun, received, taken_up, asked / 1000, answered / 1000, stood[words] / 1000]
        parts.append([after - before for before, after in pairwise(moments)])
    names = ("send → stored", "→ taken up", "→ the page asks", "→ it has its answer", "→ the words stand there")
    medians = [statistics.median(part) for part in zip(*parts, strict=True)]
    print("; ".join(f"{name} {_ms(median)}" for name, median in zip(names, medians, strict=True)))


def _stored(live: Any, events: list[str]) -> dict[str, tuple[float, float]]:
    """By event: when it was stored, and when the transaction began in which it was worked on."""
    import psycopg

    from roomdesk.runtime import instance
    from roomdesk.runtime.settings import load

    settings = instance.resolve(load({"ROOMDESK_MODE": "test", "ROOMDESK_DATA": str(live.folder)}))
    with psycopg.connect(str(settings.database_url)) as database:
        rows = database.execute(
            "SELECT external_id, received_at, done_at FROM queues_inboxevent WHERE source = 'matrix' AND external_id = ANY(%s)",
            [events],
        ).fetchall()
    return {event: (received.timestamp(), done.timestamp()) for event, received, done in rows}


@contextmanager
def _traffic(clients: list[Any], rate: int) -> Iterator[None]:
    """Other messages, spread over the other rooms, at a steady rate."""
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
                time.sleep(max(0.0, begun + number / rate - time.monotonic()))

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"


def _load() -> str:
    return " ".join(f"{part:.1f}" for part in os.getloadavg())


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else MESSAGES)
