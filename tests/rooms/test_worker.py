"""The worker sweeps by itself: a running installation heals what was done by hand, and nobody asked it to."""

from __future__ import annotations

import json
from collections.abc import Iterator

import httpx
import pytest

from tests.harness.live import Live, eventually
from tests.harness.scene import Scene, workspace

V3 = "/_matrix/client/v3"


@pytest.fixture
def drifting() -> Iterator[Scene]:
    """An installation of its own: it looks at its rooms every second, which others need not bear."""
    live = Live(ROOMDESK_ROOM_SWEEP_SECONDS="1").start()
    try:
        yield workspace(live, "drifting")
    finally:
        live.stop()
        live.remove()


@pytest.mark.part_of("R05")
def test_the_worker_heals_what_was_done_by_hand(drifting: Scene) -> None:
    live, room = drifting.live, drifting.room
    olga = f"@{drifting.owner}:{live.ready['server_name']}"
    token = json.loads((live.folder / "secrets.json").read_text())["as_token"]
    kick = f"{live.ready['matrix_url'].rstrip('/')}{V3}/rooms/{room}/kick"
    headers = {"Authorization": f"Bearer {token}"}
    answer = httpx.post(kick, json={"user_id": olga}, headers=headers, timeout=20, trust_env=False)
    assert answer.status_code == 200, answer.text

    def repaired() -> bool:
        items = live.json("rooms", "drift", "--workspace", drifting.slug)["items"]
        return any(item["repaired_at"] and "admit" in str(item["found"]) for item in items)

    eventually(repaired, "a drift that was repaired", seconds=40)
    state = drifting.client(drifting.owner).call("GET", f"{V3}/rooms/{room}/state/m.room.member/{olga}")
    assert state.json()["membership"] == "join"
    assert live.json("rooms", "plan", "--workspace", drifting.slug)["items"][0]["actions"] == []
