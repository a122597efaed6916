"""R05 on a running installation, with every process of Roomdesk stopped: the homeserver alone refuses, and afterwards all goes on."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from roomdesk.channels.matrix.client import from_settings
from roomdesk.channels.matrix.names import path
from roomdesk.rules.room_plan import THERE
from roomdesk.runtime.instance import resolve
from roomdesk.runtime.settings import load
from tests.harness.live import Live, eventually
from tests.harness.scene import workspace
from tests.wall.attempts import COMING_IN, FINDING, MAKING, READING, WRITING, Attempt
from tests.wall.homes import Home
from tests.wall.people import WORD

#: All but those that need a room which an administrator has bent.
ATTEMPTS = [a for a in (*MAKING, *COMING_IN, *WRITING, *READING, *FINDING) if "$bent" not in a.request]


@pytest.fixture(scope="module")
def home(live: Live) -> Iterator[Home]:
    """Olga and Ivan in nord; Mira was let in by the switch and is out again, and owns west; Asen was never let in; Oto owns ost."""
    nord, west, ost = (workspace(live, f"{slug}-still") for slug in ("nord", "west", "ost"))
    mira = nord.member("member", "Mira", support_room_access=True)
    nord.await_in_room(mira)
    west_mira = west.live.rest("PUT", f"workspaces/{west.slug}/members/{mira}", json={"name": "Mira", "email": f"{mira}@{nord.slug}.test", "role": "admin"})  # fmt: skip
    assert west_mira.status_code in (200, 201), west_mira.text
    west.await_in_room(mira)
    people = {
        "olga": nord.owner,
        "ivan": nord.engineer,
        "mira": mira,
        "oto": ost.owner,
        "asen": nord.member("member", "Asen"),
    }
    settings = resolve(load({"ROOMDESK_MODE": "test", "ROOMDESK_DATA": str(live.folder)}))
    rooms = {"nord": nord.room, "west": west.room, "ost": ost.room}
    made = Home(settings, from_settings(settings), rooms=rooms, localparts=people, alias=f"support-{nord.slug}")
    made.matrix.ensure_desk()
    made.clients = {name: _signed_in(live, made, person) for name, person in people.items()}
    made.said = made.clients["olga"].say(nord.room, f"The word is {WORD}.")
    nord.member("member", "Mira", support_room_access=False)
    eventually(lambda: nord.memberships().get(mira) not in THERE, "Mira out of the room")
    yield made
    made.matrix.close()


def _signed_in(live: Live, home: Home, person: str) -> Any:
    """Somebody who never was in a room has an account from their first sign-in on."""
    where = path("users", f"@{person}:{home.settings.matrix_server_name}", base="/_synapse/admin/v2")
    home.matrix.admin("PUT", where, {})
    return live.client(person)


@contextmanager
def stopped(live: Live) -> Iterator[None]:
    """Supervisor, web and worker neither run nor answer; Synapse and PostgreSQL do."""
    assert live._process
    pids = [live._process.pid, *(int((live.folder / "run" / f"{name}.pid").read_text()) for name in ("web", "worker"))]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in reversed(pids):
            os.kill(pid, signal.SIGCONT)


def _all(home: Home) -> list[Any]:
    """Every room with its newest event, every account with its name."""
    rooms = home.matrix.admin("GET", "/_synapse/admin/v1/rooms?limit=500")["rooms"]
    ours = [
        home.matrix.call("GET", path("rooms", room, "messages"), params={"dir": "b", "limit": "1"})
        for room in home.rooms.values()
    ]
    accounts = home.matrix.admin("GET", "/_synapse/admin/v2/users?limit=500")["users"]
    return [
        rooms,
        [one["chunk"][0]["event_id"] for one in ours],
        [(user["name"], user["displayname"]) for user in accounts],
    ]


def _at_rest(home: Home) -> list[Any]:
    """What the worker had asked for when it was stopped is still done by the homeserver: what no longer changes counts."""

    def same() -> list[Any] | None:
        seen = _all(home)
        time.sleep(1)
        return seen if seen == _all(home) else None

    return eventually(same, "a homeserver at rest")


@pytest.mark.part_of("R05")
def test_everything_forbidden_is_refused_by_the_homeserver_alone(live: Live, home: Home) -> None:
    with stopped(live):
        before = _at_rest(home)
        answers = {str(attempt): _refusal(home, attempt) for attempt in ATTEMPTS}
        assert answers == {str(attempt): attempt.refusal for attempt in ATTEMPTS}
        assert _all(home) == before
    home.clients["olga"].say(home.rooms["nord"], "Are you there again?")
    eventually(lambda: live.rest("GET", "cases?workspace=nord-still").json()["items"], "the desk at work again", 300)


def _refusal(home: Home, attempt: Attempt) -> tuple[int, str]:
    answer = attempt.make(home)
    assert WORD not in answer.text, str(attempt)
    return answer.status_code, answer.json().get("errcode", "")


@pytest.mark.part_of("R05")
def test_other_servers_are_not_spoken_to(home: Home) -> None:
    for where in ("/_matrix/federation/v1/version", "/_matrix/key/v2/server"):
        answer = home.anybody("GET", where)
        assert (answer.status_code, answer.json()["errcode"]) == (404, "M_UNRECOGNIZED")
