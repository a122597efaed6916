"""Open pages as the endpoint sees them: ASGI calls in an event loop of their own, read from the test's thread."""

from __future__ import annotations

import asyncio
import queue
import threading
from concurrent.futures import Future
from typing import Any

from roomdesk.web.live.endpoint import Live

#: Seconds in which what is told has to come.
SOON = 20.0


class Web:
    """One web process' streams; `kill` ends it as SIGKILL would: without a word to anybody."""

    def __init__(self, address: str) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()
        self.live = Live(address)

    def kill(self) -> None:
        async def end() -> None:
            mine = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
            for task in mine:
                task.cancel()
            await asyncio.gather(*mine, return_exceptions=True)
            await self.live.hub.close()

        asyncio.run_coroutine_threadsafe(end(), self.loop).result(SOON)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(SOON)
        self.loop.close()

    def open(self, path: str, session: str = "", last: str = "", query: str = "", method: str = "GET") -> Stream:
        return Stream(self, path, session, last, query, method)


class Stream:
    """One open page. `status` once it is answered; `next` gives (event, mark)."""

    def __init__(self, web: Web, path: str, session: str, last: str, query: str, method: str) -> None:
        self._web = web
        self._told: queue.Queue[tuple[str, str]] = queue.Queue()
        self._status: Future[int] = Future()
        self._leave = asyncio.Event()
        self.takes = threading.Event()
        self.takes.set()
        headers = [(b"cookie", f"sessionid={session}".encode())]
        headers += [(b"last-event-id", last.encode())] if last else []
        scope: dict[str, Any] = {"type": "http", "method": method, "path": path, "headers": headers}
        scope["query_string"] = query.encode()
        asyncio.run_coroutine_threadsafe(self._run(scope), web.loop)

    @property
    def status(self) -> int:
        return self._status.result(SOON)

    def next(self) -> tuple[str, str]:
        return self._told.get(timeout=SOON)

    def others(self) -> list[tuple[str, str]]:
        """What came besides, until now."""
        found = []
        while not self._told.empty():
            found.append(self._told.get_nowait())
        return found

    def leave(self) -> None:
        self._web.loop.call_soon_threadsafe(self._leave.set)

    async def _run(self, scope: dict[str, Any]) -> None:
        await self._web.live(scope, self._receive, self._send)
        self._told.put(("end", ""))

    async def _receive(self) -> dict[str, Any]:
        await self._leave.wait()
        return {"type": "http.disconnect"}

    async def _send(self, sent: Any) -> None:
        if sent["type"] == "http.response.start":
            self._status.set_result(sent["status"])
            return
        # A reader that takes nothing: the server's `send` waits, as it does for a full socket.
        await asyncio.get_running_loop().run_in_executor(None, self.takes.wait)
        for block in sent["body"].decode().split("\n\n"):
            lines = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line)
            if "event" in lines:
                self._told.put((lines["event"], lines["id"]))
