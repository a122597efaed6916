"""Two hundred open pages on one web process; when it is killed, each comes back by itself and has missed nothing (R21, decision 0041)."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field

import httpx
import pytest

from tests.acceptance.browsing import PASSWORD, address
from tests.harness.live import Live, eventually
from tests.harness.scene import workspace

PAGES = 200
#: Seconds in which what is told has to come; many pages reconnect at once, on a busy machine.
SOON = 120.0


@dataclass
class Open:
    """One open page, as a browser follows it: it comes back by itself with the last mark that it heard."""

    path: str
    session: str
    mark: str = ""
    streams: int = 0
    task: asyncio.Task[None] | None = field(default=None, repr=False)

    async def follow(self, client: httpx.AsyncClient) -> None:
        while True:
            headers = {"cookie": f"sessionid={self.session}", **({"last-event-id": self.mark} if self.mark else {})}
            try:
                async with client.stream("GET", self.path, headers=headers) as answer:
                    assert answer.status_code == 200, answer.status_code
                    self.streams += 1
                    async for one in answer.aiter_lines():
                        if one.startswith("id: "):
                            self.mark = one.removeprefix("id: ")
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.2)


async def until(pages: list[Open], mark: str) -> None:
    """Every page has heard this mark."""
    async with asyncio.timeout(SOON):
        while any(page.mark != mark for page in pages):
            await asyncio.sleep(0.05)


def signed_in(live: Live, person: str) -> str:
    live.run("person", "password", person, "--password-stdin", stdin=PASSWORD)
    with httpx.Client(base_url=address(live), timeout=60) as client:
        client.get("/accounts/login/")
        form = {"login": person, "password": PASSWORD, "csrfmiddlewaretoken": client.cookies["csrftoken"]}
        assert client.post("/accounts/login/", data=form).status_code == 302
        return str(client.cookies["sessionid"])


def mark_of(live: Live, path: str, session: str) -> str:
    """The mark that the page is drawn with now; waits out a web process that is just starting."""

    def drawn() -> str | None:
        try:
            page = httpx.get(f"{address(live)}{path}", cookies={"sessionid": session}, timeout=60)
        except httpx.TransportError:
            return None
        found = re.search(r'data-number="([^"]+)"', page.text)
        return found[1] if found and page.status_code == 200 else None

    return eventually(drawn, f"the page {path}")


@pytest.mark.part_of("R21")
def test_two_hundred_pages_hear_everything_and_survive_the_process_that_told_them(live: Live) -> None:
    scene = workspace(live, "crowded")
    phone = scene.client(scene.owner)
    phone.say(scene.room, "The export stops at half.")
    ref = scene.case()["ref"]
    owner, engineer = signed_in(live, scene.owner), signed_in(live, scene.engineer)
    drawn = {f"/live/case/{ref}": (f"/console/cases/{ref}", engineer), "/live/room/crowded": ("/chat/crowded", owner)}
    pages = [Open(path, session) for path, (_page, session) in drawn.items() for _ in range(PAGES // 2)]

    def marks() -> dict[str, str]:
        return {path: mark_of(live, page, session) for path, (page, session) in drawn.items()}

    def recorded(text: str) -> None:
        phone.say(scene.room, text)
        eventually(lambda: text in live.rest("GET", f"cases/{ref}").text, f"{text!r} on record")

    async def all_heard() -> None:
        now = await asyncio.to_thread(marks)
        for path, mark in now.items():
            await until([page for page in pages if page.path == path], mark)

    async def run() -> None:
        limits = httpx.Limits(max_connections=None)
        async with httpx.AsyncClient(
            base_url=address(live), timeout=httpx.Timeout(None, connect=60), limits=limits
        ) as client:
            for page in pages:
                page.task = asyncio.create_task(page.follow(client))
            await all_heard()
            await asyncio.to_thread(recorded, "And it says error 17.")
            await all_heard()
            assert {page.streams for page in pages} == {1}
            live.kill("web")
            phone.say(scene.room, "Said while nobody listened.")
            await asyncio.to_thread(eventually, lambda: marks(), "the next web process")
            await asyncio.to_thread(recorded, "Said afterwards.")
            await all_heard()
            assert {page.streams for page in pages} == {2}
            for page in pages:
                assert page.task is not None
                page.task.cancel()
            await asyncio.gather(*(page.task for page in pages if page.task), return_exceptions=True)

    asyncio.run(run())
    shown = httpx.get(f"{address(live)}/chat/crowded", cookies={"sessionid": owner}).text
    for words in ("And it says error 17.", "Said while nobody listened.", "Said afterwards."):
        assert shown.count(f'lang="">{words}<') == 1
