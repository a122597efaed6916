"""An ordinary Matrix client for tests: matrix-nio, an implementation that has nothing to do with ours."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any

import httpx
from nio import AsyncClient, AsyncClientConfig, RoomSendResponse

from tests.harness import http

#: One event loop for all clients of this process.
_loop = asyncio.new_event_loop()
threading.Thread(target=_loop.run_forever, daemon=True, name="matrix-clients").start()


#: Clients that are open; `close_all` at the end of a test run.
_open: list[Client] = []


def close_all() -> None:
    while _open:
        _open.pop().close()


class Client:
    """A signed-in client that keeps everything that was ever delivered to it by /sync (`delivered`)."""

    def __init__(self, homeserver: str, user_id: str, token: str) -> None:
        self.homeserver, self.user_id, self.token = homeserver.rstrip("/"), user_id, token
        self.delivered: list[dict[str, Any]] = []
        self._since: str | None = None
        self._nio = _run(self._make())
        _open.append(self)

    async def _make(self) -> AsyncClient:
        client = AsyncClient(self.homeserver, self.user_id, config=AsyncClientConfig(encryption_enabled=False))
        client.restore_login(self.user_id, "TEST", self.token)
        return client

    def close(self) -> None:
        _run(self._nio.close())

    def join(self, room: str) -> None:
        answer = _run(self._nio.join(room))
        assert hasattr(answer, "room_id"), answer

    def say(
        self, room: str, text: str, *, thread: str | None = None, reply_to: str | None = None, **content: Any
    ) -> str:
        """Sends a text and gives its event id."""
        relates: dict[str, Any] = {}
        if thread:
            relates = {"rel_type": "m.thread", "event_id": thread}
        if reply_to:
            relates["m.in_reply_to"] = {"event_id": reply_to}
        body: dict[str, Any] = {"msgtype": "m.text", "body": text, **content}
        if relates:
            body["m.relates_to"] = relates
        return self.send(room, "m.room.message", body)

    def send(self, room: str, kind: str, content: dict[str, Any]) -> str:
        answer = _run(self._nio.room_send(room, kind, content, ignore_unverified_devices=True))
        assert isinstance(answer, RoomSendResponse), answer
        return answer.event_id

    def sync(self) -> list[dict[str, Any]]:
        """One /sync; returns the new timeline and state events of joined rooms, each with its `room_id`."""
        params: dict[str, Any] = {"timeout": 0, "filter": '{"room":{"timeline":{"limit":500}}}'}
        if self._since:
            params["since"] = self._since
        answer = self.call("GET", "/_matrix/client/v3/sync", params=params).json()
        self._since = answer["next_batch"]
        new = [
            {**event, "room_id": room}
            for room, found in answer.get("rooms", {}).get("join", {}).items()
            for part in ("state", "timeline")
            for event in found.get(part, {}).get("events", [])
        ]
        self.delivered += new
        return new

    def texts(self, room: str) -> list[dict[str, Any]]:
        """Every message delivered so far in the room."""
        self.sync()
        found = (e for e in self.delivered if e["room_id"] == room and e["type"] == "m.room.message")
        return list({event["event_id"]: event for event in found}.values())

    def notices(self, room: str) -> list[dict[str, Any]]:
        """What the desk bot has said."""
        return [event for event in self.texts(room) if event["sender"].startswith("@support:")]

    def call(self, method: str, path: str, **given: Any) -> httpx.Response:
        """One raw call, for what a client library would not do."""
        headers = {"Authorization": f"Bearer {self.token}"}
        return http.request(method, self.homeserver + path, headers=headers, **given)


def _run(work: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run_coroutine_threadsafe(work, _loop).result(120)
