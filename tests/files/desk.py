"""Olga attaches files to what she writes; a worker's keeper fetches them when the test says so."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Any

import httpx

from roomdesk.channels.matrix import history
from roomdesk.queues import inbox
from roomdesk.record.models import File, Message
from roomdesk.runtime import clock
from roomdesk.runtime.settings import Settings
from roomdesk.worker.files import FileKeeper
from tests.rooms.place import Place

PICTURE = b"\x89PNG\r\n\x1a\n" + b"nothing of a picture but its beginning"
PAGE = b"<!doctype html><script>alert(document.cookie)</script>"


@dataclass
class Desk:
    place: Place
    settings: Settings

    @cached_property
    def olga(self) -> httpx.Client:
        """Her session at the homeserver."""
        session = self.place.matrix.log_in(self.place.id("olga"), "FILES")
        return httpx.Client(
            base_url=self.settings.matrix_url or "",
            headers={"Authorization": f"Bearer {session['access_token']}"},
            trust_env=False,
            timeout=60,
        )

    def upload(self, content: bytes, kind: str = "application/octet-stream") -> str:
        answer = self.olga.post("/_matrix/media/v3/upload", content=content, headers={"Content-Type": kind})
        answer.raise_for_status()
        return str(answer.json()["content_uri"])

    def attach(self, content: bytes, name: str = "screen.png", kind: str = "image/png", url: str = "") -> File:
        """Olga attaches it; it is on record and waits to be fetched."""
        body = {"msgtype": "m.file", "body": name, "url": url or self.upload(content, kind), "info": {"mimetype": kind}}
        event = self.send("m.room.message", body)
        return File.objects.get(message_id=Message.objects.get(external_id=event).pk)

    def send(self, kind: str, content: dict[str, Any]) -> str:
        where = f"/_matrix/client/v3/rooms/{self.place.room}/send/{kind}/{clock.now().timestamp()}"
        answer = self.olga.put(where, content=json.dumps(content))
        answer.raise_for_status()
        self.hear()
        return str(answer.json()["event_id"])

    def redact(self, file: File) -> None:
        event = Message.objects.get(pk=file.message_id).external_id
        where = f"/_matrix/client/v3/rooms/{self.place.room}/redact/{event}/{clock.now().timestamp()}"
        self.olga.put(where, json={}).raise_for_status()
        self.hear()

    def hear(self) -> None:
        """What the room holds comes in and is worked off, with what follows from it."""
        arrivals = history.since_then(self.place.matrix, self.place.room, clock.now() - timedelta(hours=1))
        inbox.store(arrivals, clock.now())
        self.place.settle()

    def keep(self, attempts: int = 1) -> None:
        """The keeper works until nothing is due; what has to wait is made due so many times."""
        keeper = FileKeeper(lambda: self.place.matrix)
        for _ in range(attempts):
            File.objects.filter(state="waiting").update(next_at=clock.now())
            while keeper.step() == 0:
                pass
