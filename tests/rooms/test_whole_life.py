"""One case through its whole life, from a Matrix client alone, from the pages alone, from REST alone: with the same history (R26, R28).

Time stands still in the past and is moved between the steps, by the same spans each time; what people say goes through the
real homeserver.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Protocol

import pytest
from django.test import Client

from roomdesk import timers
from roomdesk.cases.models import Case
from roomdesk.channels.matrix.client import Matrix
from roomdesk.channels.matrix.names import path
from roomdesk.clocks.models import Clock
from roomdesk.directory import services
from roomdesk.directory.models import Person
from roomdesk.queues.models import OutboxRow
from roomdesk.runtime import clock
from tests.cases_api.place import Rest, token
from tests.harness.database import Databases
from tests.rooms.control import Control
from tests.rooms.place import ACTOR, PRODUCT, Place

pytestmark = pytest.mark.part_of("R26", "R27", "R28")
#: Mondays at ten in Sofia, with four weeks without holiday after each. All in the past of every machine.
MONDAYS = [datetime(2024, *day, 7, 0, tzinfo=UTC) for day in ((6, 3), (6, 24), (7, 15))]
BROKEN = "Saving a quotation shows error 500 for me."
LOG = "Here is the log you wanted, nothing else is in it."
AGAIN = "It is broken again, it shows error 500."
FIX, CAUSE = "Restarted the queue", "A full disk"
_texts = count()


@dataclass
class World:
    """The desk, and what a step needs: to be done, worked off, and a second to pass, so that what is due at once is due."""

    control: Control
    time: clock.Frozen

    @property
    def place(self) -> Place:
        return self.control.place

    def work_off(self) -> None:
        self.control.settle()
        self.later(timedelta(seconds=1))
        self.control.settle()

    def later(self, span: timedelta) -> None:
        """Time passes, and what is due by then is done."""
        self.time.tick(span)
        while timers.fire():
            self.place.settle()


class Face(Protocol):
    """How the customer (Olga) and the engineer (Ivan) do each thing."""

    def open(self) -> None: ...
    def says(self, case: Case, text: str) -> None: ...
    def rates(self, case: Case) -> None: ...
    def take(self, case: Case) -> None: ...
    def answer(self, case: Case, text: str) -> None: ...
    def raise_severity(self, case: Case) -> None: ...
    def escalate(self, case: Case) -> None: ...
    def go_on(self, case: Case) -> None: ...
    def wait(self, case: Case) -> None: ...
    def snooze(self, case: Case) -> None: ...
    def resolve(self, case: Case, cause: str) -> None: ...


@dataclass
class ByMatrix:
    world: World

    def _root(self, case: Case) -> str:
        return Case.objects.get(pk=case.pk).root_event_id

    def _order(self, case: Case, text: str) -> None:
        control = self.world.control
        event = control.say("ivan", text, room=control.room, thread=control.roots(case)[0]["event_id"])
        self.world.work_off()
        assert control.answers(event) == ["✅"], text

    def open(self) -> None:
        self.world.control.say("olga", BROKEN)

    def says(self, case: Case, text: str) -> None:
        self.world.control.say("olga", text, thread=self._root(case))

    def rates(self, case: Case) -> None:
        place = self.world.place
        row = OutboxRow.objects.get(once=f"case:{case.pk}:1:satisfaction")
        content = {"m.relates_to": {"rel_type": "m.annotation", "event_id": row.external_id, "key": "👍"}}
        where = path("rooms", place.room, "send", "m.reaction", f"r{next(_texts)}")
        place.matrix.call("PUT", where, content, user=place.user("olga"))

    def take(self, case: Case) -> None:
        self._order(case, "!desk ack")

    def answer(self, case: Case, text: str) -> None:
        self.world.control.say("ivan", text, thread=self._root(case))

    def raise_severity(self, case: Case) -> None:
        self._order(case, "!desk severity critical They cannot ship")

    def escalate(self, case: Case) -> None:
        self._order(case, "!desk escalate database The queries are slow")

    def go_on(self, case: Case) -> None:
        self._order(case, "!desk investigate")

    def wait(self, case: Case) -> None:
        self._order(case, "!desk wait customer")

    def snooze(self, case: Case) -> None:
        self._order(case, "!desk snooze 4h")

    def resolve(self, case: Case, cause: str) -> None:
        self._order(case, f"!desk resolve fix: {FIX}; cause: {cause or 'unknown'}")


@dataclass
class ByPages:
    """Olga in chat and portal, Ivan in the console."""

    world: World

    def _browser(self, name: str) -> Client:
        client = Client(headers={"host": "127.0.0.1"})
        person = Person.objects.get(slug=self.world.place.id(name))
        client.force_login(person, "allauth.account.auth_backends.AuthenticationBackend")
        return client

    def _post(self, name: str, address: str, **form: str) -> None:
        answer = self._browser(name).post(address, {"key": f"k{next(_texts)}", **form})
        assert answer.status_code == 302, answer.content.decode()

    def _act(self, case: Case, act: str, **form: str) -> None:
        self._post("ivan", f"/console/cases/{case.ref}/act", act=act, **form)

    def open(self) -> None:
        self._post("olga", f"/chat/{self.world.place.slug}", text=BROKEN)

    def says(self, case: Case, text: str) -> None:
        self._post("olga", f"/portal/{self.world.place.slug}/cases/{case.ref}", text=text)

    def rates(self, case: Case) -> None:
        self._post("olga", f"/portal/{self.world.place.slug}/cases/{case.ref}/rate", score="good")

    def take(self, case: Case) -> None:
        self._act(case, "take")
        self._act(case, "acknowledged")

    def answer(self, case: Case, text: str) -> None:
        self._post("ivan", f"/console/cases/{case.ref}", text=text)

    def raise_severity(self, case: Case) -> None:
        self._act(case, "severity", severity="critical", reason="They cannot ship")

    def escalate(self, case: Case) -> None:
        self._act(case, "escalate", field="database", reason="The queries are slow")

    def go_on(self, case: Case) -> None:
        self._act(case, "investigating")

    def wait(self, case: Case) -> None:
        self._act(case, "waiting_customer")

    def snooze(self, case: Case) -> None:
        self._act(case, "snooze", hours="4")

    def resolve(self, case: Case, cause: str) -> None:
        how = {"root_cause": cause} if cause else {"root_cause_unknown": "yes"}
        self._act(case, "resolved", fix=FIX, **how)


@dataclass
class ByRest:
    world: World
    rest: Rest

    def _post(self, where: str, name: str, **body: object) -> None:
        answer = self.rest.post(where, {"author": self.world.place.id(name), **body})
        assert answer.status_code in (200, 201), answer.content

    def _change(self, case: Case, **wanted: object) -> None:
        answer = self.rest.patch(f"cases/{case.ref}", {"author": self.world.place.id("ivan"), **wanted})
        assert answer.status_code == 200, answer.content

    def open(self) -> None:
        self._post("cases", "olga", workspace=self.world.place.slug, text=BROKEN)

    def says(self, case: Case, text: str) -> None:
        self._post(f"cases/{case.ref}/messages", "olga", text=text)

    def rates(self, case: Case) -> None:
        self._post(f"cases/{case.ref}/satisfaction", "olga", score="good")

    def take(self, case: Case) -> None:
        self._change(case, assignee=self.world.place.id("ivan"), state="acknowledged")

    def answer(self, case: Case, text: str) -> None:
        self._post(f"cases/{case.ref}/messages", "ivan", text=text)

    def raise_severity(self, case: Case) -> None:
        self._change(case, severity="critical", reason="They cannot ship")

    def escalate(self, case: Case) -> None:
        self._post(f"cases/{case.ref}/escalate", "ivan", field="database", reason="The queries are slow")

    def go_on(self, case: Case) -> None:
        self._change(case, state="investigating")

    def wait(self, case: Case) -> None:
        self._change(case, state="waiting_customer")

    def snooze(self, case: Case) -> None:
        self._change(case, snoozed_until=(clock.now() + timedelta(hours=4)).isoformat())

    def resolve(self, case: Case, cause: str) -> None:
        how = {"root_cause": cause} if cause else {"root_cause_unknown": True}
        self._change(case, state="resolved", fix=FIX, **how)


@pytest.fixture
def world(databases: Databases, matrix: Matrix) -> Iterator[World]:
    with databases.copy(), clock.frozen(MONDAYS[0] - timedelta(days=1)) as time:
        place = Place(matrix).build()
        services.do_put_staff(
            id=place.id("dora"), roles=["specialist"], field="database", product=PRODUCT, actor=ACTOR, now=clock.now()
        )
        found = World(Control(place), time)
        found.work_off()
        yield found


def live(world: World, face: Face) -> Case:
    """The life. Each step is followed by its span of time."""
    known = set(Case.objects.values_list("pk", flat=True))
    face.open()
    world.work_off()
    (case,) = Case.objects.exclude(pk__in=known)
    steps: list[tuple[Callable[[], None], timedelta]] = [
        (lambda: face.take(case), timedelta(hours=1)),
        (lambda: face.answer(case, "We have a look."), timedelta(minutes=10)),
        (lambda: face.raise_severity(case), timedelta(minutes=10)),
        (lambda: face.escalate(case), timedelta(minutes=10)),
        (lambda: face.go_on(case), timedelta(hours=1)),
        (lambda: face.wait(case), timedelta(days=1)),
        (lambda: face.says(case, LOG), timedelta(minutes=30)),
        (lambda: face.snooze(case), timedelta(hours=5)),
        (lambda: face.resolve(case, CAUSE), timedelta(minutes=30)),
        (lambda: face.rates(case), timedelta(days=1)),
        (lambda: face.says(case, AGAIN), timedelta(hours=1)),
        (lambda: face.answer(case, "We look again."), timedelta(hours=1)),
        (lambda: face.resolve(case, ""), timedelta(days=9)),
    ]
    inside = []
    for step, span in steps:
        step()
        world.work_off()
        inside.append(world.place.members().get("dora") == "join")
        world.later(span)
    world.work_off()
    assert inside == [False] * 3 + [True] * 5 + [False] * 5, "the specialist is there while the case is escalated"
    return Case.objects.get(pk=case.pk)


def history(case: Case, start: datetime, place: Place) -> list[tuple[object, ...]]:
    """What changed, and after how many minutes; without who did it and by which way."""

    def told(value: str) -> str:
        if value[:4].isdigit():
            return f"minute {_minutes(datetime.fromisoformat(value), start)}"
        return value.replace(f"-{place.slug}", "")

    rows = case.changes.order_by("pk")
    return [
        (_minutes(row.at, start), row.cycle, row.what, told(row.before), told(row.after), row.reason, row.mark)
        for row in rows
    ]


def _minutes(at: datetime, start: datetime) -> int:
    return (at - start) // timedelta(minutes=1)


def clocks(case: Case, start: datetime) -> list[tuple[object, ...]]:
    """What was promised, and what became of it."""
    rows = Clock.objects.filter(case=case).order_by("pk")
    return [
        (one.kind, one.cycle.number, one.severity, one.state, one.stopped_at and _minutes(one.stopped_at, start))
        for one in rows.select_related("cycle")
    ]


def test_a_life_leaves_the_same_history_whatever_it_was_driven_from(world: World) -> None:
    place = world.place
    faces: list[Face] = [
        ByMatrix(world),
        ByPages(world),
        ByRest(world, Rest(token("life", "cases:read", "cases:write"))),
    ]
    lives = []
    for face, monday in zip(faces, MONDAYS, strict=True):
        world.time.at = monday
        world.work_off()
        case = live(world, face)
        lives.append((history(case, monday, place), clocks(case, monday)))
    by_matrix, by_pages, by_rest = lives
    assert by_matrix == by_pages
    assert by_matrix == by_rest
    assert [(what, before, after) for _, _, what, before, after, _, _ in by_matrix[0]] == [
        ("state", "", "new"),
        ("assignee", "", "ivan"),
        ("state", "new", "acknowledged"),
        ("severity", "normal", "critical"),
        ("escalation", "", "database"),
        ("state", "acknowledged", "investigating"),
        ("state", "investigating", "waiting_customer"),
        ("state", "waiting_customer", "investigating"),
        ("snooze", "", by_matrix[0][8][4]),
        ("snooze", by_matrix[0][8][4], ""),
        ("state", "investigating", "resolved"),
        ("escalation", "database", ""),
        ("satisfaction", "", "good"),
        ("state", "resolved", "closed"),
        ("state", "closed", "new"),
        ("state", "new", "acknowledged"),
        ("state", "acknowledged", "resolved"),
        ("state", "resolved", "closed"),
    ]
    delivered = repr(world.control.events(place.room, place.user("olga")))
    assert "!desk" not in delivered and CAUSE not in delivered and world.control.room not in delivered
