"""`roomdesk demo`, as a newcomer starts it: once into an empty folder, and again."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from roomdesk.demo.world import world
from tests.harness.live import ROOT, eventually

V3 = "/_matrix/client/v3"


@contextmanager
def demo(folder: Path) -> Iterator[dict[str, Any]]:
    """A running demo and what it told."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ROOMDESK_")}
    with (folder.parent / f"{folder.name}.log").open("a") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "roomdesk.cli", "demo", "--json"],
            env={**clean, "ROOMDESK_DATA": str(folder)},
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            start_new_session=True,
        )
    assert process.stdout
    try:
        line = process.stdout.readline()
        assert line, Path(log.name).read_text()
        yield json.loads(line)
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(120) == 0
        process.stdout.close()


def everything(facts: dict[str, Any]) -> dict[str, Any]:
    """Workspaces, and the texts of every case, by REST."""
    headers = {"Authorization": f"Bearer {facts['api_token']}"}
    with httpx.Client(base_url=f"{facts['url']}/api/v1/", headers=headers, trust_env=False, timeout=60) as rest:
        workspaces = [one["slug"] for one in rest.get("workspaces").raise_for_status().json()["items"]]
        cases = rest.get("cases", params={"limit": 200}).raise_for_status().json()["items"]
        stories = [rest.get(f"cases/{case['ref']}").raise_for_status().json() for case in cases]
    return {"workspaces": workspaces, "stories": stories}


def said(found: dict[str, Any]) -> list[tuple[str, str]]:
    """Workspace and text of everything that people said, sorted."""
    return sorted(
        (story["workspace"], message["text"])
        for story in found["stories"]
        for message in story["messages"]
        if message["author_kind"] in ("customer", "staff")
    )


def test_the_demo_lives_and_its_second_start_says_nothing_twice() -> None:
    folder = Path(tempfile.mkdtemp(prefix="roomdesk-demo-"))
    expected = sorted((one.workspace, line.text) for one in world().conversations for line in one.lines)
    with demo(folder) as facts:
        first = everything(facts)
        assert said(first) == expected
        assert sorted(first["workspaces"]) == sorted(place.slug for place in world().places)
        assert len(first["stories"]) == len(world().conversations)
        answered = [story for story in first["stories"] if story["answered_at"]]
        assert 0 < len(answered) < len(first["stories"])
        assert [story["workspace"] for story in first["stories"] if story["p0"]] == ["acme"]
        sign_in(facts)
        refs = {story["ref"] for story in first["stories"] if story["state"] not in ("resolved", "closed")}
        eventually(lambda: cards(folder) >= refs, "a card of every open case in the control rooms")
    with demo(folder) as facts:
        second = everything(facts)
        assert said(second) == expected
        assert sorted(story["ref"] for story in second["stories"]) == sorted(story["ref"] for story in first["stories"])
        sign_in(facts)
    shutil.rmtree(folder)


def cards(folder: Path) -> set[str]:
    """References on the cards that somebody who works for every product reads in the control rooms, once in the Staff Space."""
    everywhere = next(one.id for one in world().staff if "" in one.products)
    login = run(folder, "matrix-login", everywhere, "--json")
    headers = {"Authorization": f"Bearer {login['access_token']}"}
    with httpx.Client(base_url=login["homeserver"], headers=headers, trust_env=False, timeout=60) as client:
        rooms = {room: name_of(client, room) for room in client.get(f"{V3}/joined_rooms").json()["joined_rooms"]}
        if "Support desk" not in rooms.values():
            # Staff come into the Staff Space in the desk's own time.
            return set()
        pages = [
            client.get(f"{V3}/rooms/{room}/messages", params={"dir": "f", "limit": "500"}).json()["chunk"]
            for room, name in rooms.items()
            if name.endswith("control room")
        ]
    bodies = [str(event["content"].get("body", "")) for page in pages for event in page]
    return {body.partition(" · ")[0] for body in bodies if "/console/cases/" in body}


def name_of(client: httpx.Client, room: str) -> str:
    return str(client.get(f"{V3}/rooms/{room}/state/m.room.name").json().get("name", ""))


def run(folder: Path, *words: str) -> Any:
    """What a command prints about the running demo."""
    done = subprocess.run(
        [sys.executable, "-m", "roomdesk.cli", *words],
        env={**os.environ, "ROOMDESK_MODE": "demo", "ROOMDESK_DATA": str(folder)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def sign_in(facts: dict[str, Any]) -> None:
    """The first of the people that were told gets into the console with the password that was told."""
    one = facts["sign_ins"][0]
    with httpx.Client(base_url=facts["url"], trust_env=False, timeout=60, follow_redirects=True) as browser:
        page = browser.get("/console/")
        token = page.text.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
        form = {"login": one["email"], "password": one["password"], "csrfmiddlewaretoken": token, "next": "/console/"}
        page = browser.post(page.url, data=form, headers={"Referer": str(page.url)})
        assert "Open cases" in page.text
