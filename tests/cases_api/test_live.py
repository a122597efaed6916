"""A whole installation: one line says it is ready, the clock steps beside real workers, sign-in, answers in a real room."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.harness.live import Live, eventually


@pytest.fixture(scope="module")
def live() -> Iterator[Live]:
    started = Live().start()
    started.run("workspace", "put", "acme", "--product", "plana-business-cloud", "--tier", "pro", "--owner", "olga")
    started.run("staff", "put", "ivan", "--role", "engineer")
    yield started
    assert started.stop() == 0


def test_ready_line_says_where_everything_is(live: Live) -> None:
    assert set(live.ready) >= {"ready", "url", "matrix_url", "api_token", "data", "mode", "server_name"}
    assert live.ready["ready"] is True
    assert live.ready["mode"] == "test"
    assert live.rest("GET", "products").json()["items"], "the products beside the program are loaded"


def test_person_signs_in_before_the_outbox_has_made_the_account(live: Live) -> None:
    live.run(
        "workspace", "put", "fresh", "--product", "plana-business-cloud", "--tier", "pro", "--owner", "fresh-owner"
    )
    login = live.json("matrix-login", "fresh-owner")
    assert login["user_id"] == f"@fresh-owner:{live.ready['server_name']}"
    assert login["homeserver"] == live.ready["matrix_url"]


def test_answer_counts_once_the_room_has_it(live: Live) -> None:
    live.room("acme")
    eventually(lambda: _joined(live, {"olga", "ivan"}), "Olga and Ivan in the room")
    ref = live.rest("POST", "cases", json={"workspace": "acme", "author": "olga", "text": "P0 all is down"}).json()[
        "ref"
    ]
    said = live.rest("POST", f"cases/{ref}/messages", json={"author": "ivan", "text": "We look"}).json()
    assert said["state"] == "sending"
    eventually(lambda: _clock(live, ref)["state"] == "met", "the answered clock")
    assert _clock(live, ref)["stopped_by"].startswith("$"), "an event of the room stopped it"
    notices = [m for m in live.rest("GET", f"cases/{ref}").json()["messages"] if m["author_kind"] == "desk"]
    assert len(notices) == 1


def _joined(live: Live, wanted: set[str]) -> bool:
    members = live.rest("GET", "workspaces/acme/room").json()["members"]
    return wanted <= {member["person"] for member in members if member["membership"] == "join"}


def _clock(live: Live, ref: str) -> dict[str, str]:
    clock: dict[str, str] = live.rest("GET", f"cases/{ref}").json()["clocks"][0]
    return clock


def test_clock_steps_to_the_breach_beside_real_workers(live: Live) -> None:
    live.room("acme")
    eventually(lambda: _joined(live, {"olga"}), "Olga in the room")
    ref = live.json("case", "open", "acme", "Nobody answers", "--as", "olga")["ref"]
    moved = live.json("clock", "advance", "14d")
    assert moved["steps"] >= 1
    assert _clock(live, ref)["state"] == "breached"
    assert "It is breached" in live.run("sla", "explain", ref).stdout
    assert live.run("audit", "verify").returncode == 0


def test_doctor_finds_no_problem(live: Live) -> None:
    problems: list[dict[str, str]] = []

    def well() -> list[dict[str, str]] | None:
        """The clock was moved by days: a call that was under way then looks stuck until it is done."""
        checks: list[dict[str, str]] = json.loads(live.run("doctor", "--json", check=False).stdout)["checks"]
        problems[:] = [check for check in checks if check["status"] == "problem"]
        return None if problems else checks

    checks = eventually(well, lambda: f"a desk without problem; there is {problems}:")
    assert {check["part"]: check["status"] for check in checks}["push"] == "ok"
