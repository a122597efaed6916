"""A day of the desk as a script: who says and orders what, in eight workspaces, while processes may be killed."""

from __future__ import annotations

import json
import os
import re
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import holidays
import httpx

from tests.chaos.installation import Installation, Person, content_of
from tests.harness.live import eventually
from tests.harness.matrix import Client

DATA = Path(__file__).parents[1] / "data"
SOFIA = ZoneInfo("Europe/Sofia")
#: Slug, product, tier, locale.
WORKSPACES = (
    ("acme", "plana-business-cloud", "pro", "en"),
    ("birch", "plana-business-cloud", "enterprise", "en"),
    ("cedar", "plana-business-cloud", "starter", "bg"),
    ("dune", "bos", "pro", "en"),
    ("elm", "bos", "enterprise", "bg"),
    ("fjord", "plana-business-cloud", "pro", "en"),
    ("grove", "bos", "starter", "en"),
    ("heath", "plana-business-cloud", "enterprise", "bg"),
)
STAFF = {"ivan": "engineer", "petar": "engineer", "ana": "account_manager", "lea": "lead", "sava": "security"}
IN_ROOMS = ("ivan", "petar", "ana")
#: When each phase begins on the office's clock: a little past the quarter, so that what is due falls into one also on a slow machine.
PHASES = {1: (9, 2), 2: (11, 2), 3: (14, 2), 4: (17, 2)}
KILLED = ("worker", "web", "synapse", "postgres")
Step = dict[str, Any]


def script() -> list[Step]:
    return [json.loads(line) for line in (DATA / "day.jsonl").read_text("utf-8").splitlines()]


def monday() -> date:
    """A Monday of the future with five weeks behind it in which no working day is free and no clock is changed."""
    free = holidays.country_holidays("BG", years=range(datetime.now(UTC).year, datetime.now(UTC).year + 3))
    day = datetime.now(SOFIA).date() + timedelta(days=8)
    while True:
        day += timedelta(days=(7 - day.weekday()) % 7)
        ahead = [day + timedelta(days=n) for n in range(36)]
        offsets = {datetime(d.year, d.month, d.day, 12, tzinfo=SOFIA).utcoffset() for d in ahead}
        if len(offsets) == 1 and not any(d in free for d in ahead if d.weekday() < 5):
            return day
        day += timedelta(days=1)


class Desk:
    """The installation on which days are played, each with workspaces of its own whose slugs end with the day's name."""

    def __init__(self, **environ: str) -> None:
        self.installation = Installation(ROOMDESK_WEBHOOK_NETWORKS="any", ROOMDESK_WEBHOOK_SCHEMES="any", **environ)

    @contextmanager
    def running(self, days: list[str]) -> Iterator[Desk]:
        with self.installation.running():
            self._provision(days)
            yield self

    def _provision(self, days: list[str]) -> None:
        live = self.installation.live
        for person, role in STAFF.items():
            body = {"name": person.title(), "email": f"{person}@vendor.test", "roles": [role]}
            assert live.rest("PUT", f"staff/{person}", json=body).status_code == 201
        lines = [
            {
                "slug": f"{slug}-{day}", "product": product, "tier": tier, "locale": locale, "display_name": slug.title(),
                "owner": f"olga-{slug}-{day}", "owner_name": "Olga",
                "members": [{"id": f"asen-{slug}-{day}", "name": "Asen", "role": "admin"}],
            }
            for day in days
            for slug, product, tier, locale in WORKSPACES
        ]  # fmt: skip
        live.run("workspace", "import", "-", stdin="\n".join(map(json.dumps, lines)))
        joined = (
            "SELECT count(*) FROM rooms_roommember m JOIN rooms_room r ON r.id = m.room_id "
            "WHERE r.workspace_id IS NOT NULL AND m.membership = 'join' AND m.user_id NOT LIKE '@support%%'"
        )
        wanted = len(lines) * (2 + len(IN_ROOMS))
        eventually(lambda: self.installation.count(joined) == wanted, "everybody in their rooms", seconds=180)
        found = "SELECT w.slug, r.room_id FROM rooms_room r JOIN directory_workspace w ON w.id = r.workspace_id"
        self.installation.rooms = dict(self.installation.rows(found))
        self.installation.await_quiet()

    def move_to(self, day: date, hour: int, minute: int, *, jump: bool = False) -> None:
        """Brings the desk's clock to this time of the office."""
        wanted = datetime(day.year, day.month, day.day, hour, minute, tzinfo=SOFIA)
        ahead = wanted - datetime.fromisoformat(self.installation.live.json("clock", "show")["now"])
        assert ahead > timedelta(), "the day took longer than it may"
        words = ["clock", "advance", f"{ahead.days}d{ahead.seconds}s", *(["--jump"] if jump else [])]
        self.installation.live.run(*words)


def _has_synced(client: Client) -> bool:
    try:
        client.sync()
    except (httpx.HTTPError, KeyError, ValueError):
        # Nobody answers, or not with a sync: a killed database takes the homeserver along.
        return False
    return True


class Day:
    """One day. `events` are what was said by name, `clients` the owners' own, which sync all through."""

    def __init__(
        self, desk: Desk, name: str, day: date, kills: Callable[[int], str | None] = lambda step: None
    ) -> None:
        self.desk, self.name, self.date, self._kills = desk, name, day, kills
        self.events: dict[str, str] = {}
        self.clients: dict[str, Client] = {}
        self.killed: list[str] = []
        self._people: dict[str, Person] = {}
        self._dead: list[threading.Thread] = []

    @property
    def installation(self) -> Installation:
        return self.desk.installation

    def play(self) -> None:
        for slug, *_ in WORKSPACES:
            self.clients[slug] = self.installation.live.client(f"olga-{slug}-{self.name}")
        phase = 0
        for number, step in enumerate(script()):
            if step["phase"] != phase:
                self._next(phase := step["phase"])
            if name := self._kills(number):
                self._kill(name)
            self._do(step)
        self._settle()
        self._sync()

    def _sync(self) -> None:
        """Customers' clients get what there is; as clients do, they ask again while the homeserver is still coming back."""
        for client in self.clients.values():
            eventually(partial(_has_synced, client), "the homeserver to answer a client", seconds=90)

    def _next(self, phase: int) -> None:
        """Everything that was said is dealt with before time goes on; customers' clients get what there is."""
        self._settle()
        self.desk.move_to(self.date, *PHASES[phase], jump=phase == 1)
        self._sync()

    def _kill(self, name: str) -> None:
        """Kills it at some moment while the next steps are made, and sees that it comes back."""

        def act() -> None:
            time.sleep(int.from_bytes(os.urandom(1)) / 400)
            pid = self.installation.pid(name)
            self.installation.send_signal(name, signal.SIGKILL)
            self.installation.await_other(name, pid)

        self._revived()
        self.killed.append(name)
        thread = threading.Thread(target=act)
        thread.start()
        self._dead.append(thread)

    def _revived(self) -> None:
        while self._dead:
            self._dead.pop().join(90)

    def _do(self, step: Step) -> None:
        if "say" in step:
            room = self.installation.rooms[f"{step['ws']}-{self.name}"]
            thread = self.events[step["thread"]] if "thread" in step else None
            if step["by"] in STAFF or "{" in step["say"]:
                # What it answers is on record by then, as for somebody who reads before writing.
                self._settle()
            self.events[step["id"]] = self._put(
                step, room, "m.room.message", content_of(self._filled(step["say"]), thread)
            )
        elif "react" in step:
            self._settle()
            room = self.installation.rooms[f"{step['ws']}-{self.name}"]
            relation = {"rel_type": "m.annotation", "event_id": self.events[step["to"]], "key": step["react"]}
            self.events[step["id"]] = self._put(step, room, "m.reaction", {"m.relates_to": relation})
            self._settle()
        else:
            self._order(step)

    def _order(self, step: Step) -> None:
        """A command or a note, in the thread of a case or alone with the desk; the next step comes when it is carried out."""
        self._settle()
        room, root = self._place(step)
        text = self._filled(step.get("order") or step["note"])
        self.events[step["id"]] = self._put(step, room, "m.room.message", content_of(text, root))
        self._settle()

    def _place(self, step: Step) -> tuple[str, str | None]:
        if step.get("in") == "direct":
            sql = "SELECT r.room_id FROM rooms_room r JOIN directory_person p ON p.id = r.person_id WHERE p.slug = %s AND r.room_id <> ''"
            return str(
                eventually(lambda: self.installation.rows(sql, step["by"]), "the room for direct messages", seconds=60)[
                    0
                ][0]
            ), None
        if step.get("case"):
            sql = (
                "SELECT t.room_id, t.root_event_id FROM control_thread t WHERE t.case_id = %s AND t.root_event_id <> ''"
            )
            found = eventually(
                lambda: self.installation.rows(sql, self.case(step["case"])[0]),
                f"the card of {step['case']}",
                seconds=60,
            )
            return found[0]
        # In the main line of the control room of the product of whatever is named.
        product = "plana-business-cloud"
        sql = "SELECT room_id FROM rooms_room WHERE kind = 'control' AND product = %s AND room_id <> ''"
        return str(self.installation.rows(sql, product)[0][0]), None

    def case(self, name: str) -> tuple[int, str]:
        """Id and reference of the case of a message."""
        sql = "SELECT c.id, c.ref FROM record_message m JOIN cases_case c ON c.id = m.case_id WHERE m.external_id = %s"
        return eventually(lambda: self.installation.rows(sql, self.events[name]), f"the case of {name}", seconds=90)[0]  # type: ignore[return-value]

    def _filled(self, text: str) -> str:
        def value(found: re.Match[str]) -> str:
            kind, name = found[1], found[2]
            if kind == "ref":
                return self.case(name)[1]
            sql = "SELECT id FROM record_message WHERE external_id = %s"
            return str(self.installation.rows(sql, self.events[name])[0][0])

        return re.sub(r"\{(ref|msg):(\w+)\}", value, text)

    def _put(self, step: Step, room: str, kind: str, content: Step) -> str:
        """Sends as a client does: again, under the same transaction id, until the homeserver has taken it."""
        name = step["by"] if step["by"] in STAFF else f"{step['by']}-{step['ws']}-{self.name}"
        where = f"/_matrix/client/v3/rooms/{room}/send/{kind}/{self.name}-{step['id']}"

        def attempt() -> str | None:
            try:
                if name not in self._people:
                    self._people[name] = self.installation.person(name)
                answer = self._people[name]._http.put(where, json=content)
                answer.raise_for_status()
            except httpx.HTTPError:
                return None
            return str(answer.json()["event_id"])

        return eventually(attempt, f"{step['id']} to be taken", seconds=90)

    def _settle(self) -> None:
        """Until nothing waits: everything said is on record, every command carried out, everything sent has come back."""
        self._revived()
        self.installation.await_recorded(self._recorded(), seconds=120)
        waiting = "SELECT count(*) FROM control_command WHERE state = 'waiting'"
        unheard = "SELECT count(*) FROM queues_inboxevent WHERE source = 'matrix' AND external_id = ANY(%s) AND state <> 'pending'"

        def quiet() -> bool:
            mine = list(self.events.values())
            return (
                self.installation.count(unheard, mine) >= len(mine)
                and not self.installation.waiting()
                and not self.installation.count(waiting)
            )

        eventually(quiet, "a quiet desk", seconds=120)

    def _recorded(self) -> list[str]:
        """What must be on record: all that was said in customers' rooms."""
        rooms = {step["id"] for step in script() if "ws" in step}
        return [event for name, event in self.events.items() if name in rooms]

    def close(self) -> None:
        for person in self._people.values():
            person.close()
