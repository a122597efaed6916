"""A request is answered in one thread: nothing of it goes back to the loop in between, and files come whole."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from asgiref.sync import AsyncToSync

from roomdesk.web.one_thread import Pages


def answer(path: str) -> httpx.Response:
    async def asked() -> httpx.Response:
        transport = httpx.ASGITransport(Pages())
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            return await client.get(path)

    return asyncio.run(asked())


@pytest.mark.parametrize(
    ("path", "status"),
    [("/healthz", 200), ("/accounts/login/", 200), ("/console/", 302), ("/nothing", 404), ("/api/v1/me", 401)],
)
def test_no_part_of_a_request_waits_for_the_loop(
    database: str, monkeypatch: pytest.MonkeyPatch, path: str, status: int
) -> None:
    def waits(*given: Any, **named: Any) -> None:
        raise AssertionError("back to the loop")

    monkeypatch.setattr(AsyncToSync, "__call__", waits)
    found = answer(path)
    assert found.status_code == status
    assert found.headers["x-content-type-options"] == "nosniff", "the outermost middleware"


def test_a_file_comes_whole(database: str) -> None:
    found = answer("/static/roomdesk/tokens.css")
    assert (found.status_code, len(found.content)) == (200, int(found.headers["content-length"]))
    assert b"--" in found.content
