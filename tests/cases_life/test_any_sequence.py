"""Any sequence of commands, words and hours leaves the cases whole (R26, R28, R29): what must be true is in `invariants`."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from roomdesk import timers
from roomdesk.audit.verify import scopes, verify
from roomdesk.cases import writing
from roomdesk.cases.models import Case
from roomdesk.control.carrying import Doing, carry_out
from roomdesk.control.models import Command
from roomdesk.directory import services
from roomdesk.directory.models import Person
from roomdesk.directory.queries import viewer_of_person
from roomdesk.queues.models import InboxEvent
from roomdesk.record.models import Message
from roomdesk.refusals import DeskError
from roomdesk.rules import desk_command
from roomdesk.rules.desk_command import CommandError
from roomdesk.runtime import clock
from tests.cases_api import place
from tests.cases_api.place import ACTOR, PRODUCT
from tests.cases_life import invariants
from tests.cases_life.acting import START
from tests.harness.database import Databases

pytestmark = pytest.mark.part_of("R26", "R28", "R29")
EXAMPLES = int(os.environ.get("ROOMDESK_EXAMPLES") or (300 if os.environ.get("ROOMDESK_DEEP") else 15))

#: `{other}` is another case, `{message}` a message of this one.
COMMANDS = (
    "ack",
    "assign eva",
    "assign nobody",
    "assign olga",
    "attach {other}",
    "answer-all We are on it.\nbg: Работим.",
    "close",
    "deescalate",
    "detach",
    "escalate ai",
    "escalate database",
    "investigate",
    "kind incident",
    "kind security",
    "link {other}",
    "macro next_update when=soon",
    "macro please_check what=it",
    "merge {other}",
    "move {other} {message}",
    "reopen it came back",
    "resolve alone fix: restarted; cause: unknown",
    "resolve fix: restarted; cause: a full disk",
    "severity critical all are hit",
    "severity normal",
    "severity normal only one is",
    "snooze 4h",
    "split {message}",
    "unlink {other}",
    "unmerge",
    "wait customer",
    "wait customer 1d the log",
    "wait third the bank",
    "wake",
)
#: Drawn more often: they change what others then meet.
OFTEN = (
    "attach {other}",
    "escalate database",
    "merge {other}",
    "resolve fix: restarted; cause: a full disk",
    "reopen it came back",
)
WORDS = ("It is still broken.", "P0 All is down", "Thanks", "Here is the log you wanted.")
LONG = (1, 9, 60, 60 * 24, 60 * 24 * 9)


@dataclass(frozen=True)
class Step:
    """`kind` is command, customer, staff or time; `of`, `other` and `message` choose among what there is."""

    kind: str
    word: str
    of: int
    other: int
    message: int


_WHICH = [st.integers(0, 3), st.integers(0, 3), st.integers(0, 5)]
STEPS = st.one_of(
    st.builds(Step, st.just("command"), st.sampled_from(COMMANDS), *_WHICH),
    st.builds(Step, st.just("command"), st.sampled_from(OFTEN), *_WHICH),
    st.builds(Step, st.sampled_from(["customer", "staff"]), st.sampled_from(WORDS), *_WHICH),
    st.builds(Step, st.just("time"), st.just(""), st.integers(0, 4), st.just(0), st.just(0)),
)


@pytest.fixture(scope="module")
def world(databases: Databases) -> Iterator[clock.Frozen]:
    """Acme and Beta, engineers Ivan and Eva, Dora who knows databases. All examples share it, each with cases of its own."""
    with databases.copy(), clock.frozen(START) as time:
        place.build()
        place.staff("eva", "engineer")
        then = clock.now() - timedelta(days=1)
        services.do_put_staff(id="dora", roles=["specialist"], field="database", product=PRODUCT, actor=ACTOR, now=then)
        InboxEvent.objects.update(state=InboxEvent.State.IGNORED)
        yield time


def opened(text: str, author: str, workspace: str) -> Case:
    return writing.do_open_case(
        workspace=workspace, author=author, text=text, channel="api", actor=ACTOR, now=clock.now()
    )


def cases_since(first: int) -> list[Case]:
    return list(Case.objects.filter(pk__gte=first).select_related("workspace", "assignee").order_by("pk"))


def take(step: Step, cases: list[Case], time: clock.Frozen) -> None:
    """Does one step; what is refused is refused."""
    case = cases[step.of % len(cases)]
    if step.kind == "time":
        time.tick(timedelta(minutes=LONG[step.of % len(LONG)]))
    elif step.kind == "command":
        _command(step, case, cases)
    else:
        author = "eva" if step.kind == "staff" else "oto" if case.workspace.slug == "beta" else "olga"
        writing.do_say(ref=case.ref, author=author, text=step.word, channel="api", actor=ACTOR, now=clock.now())


def _command(step: Step, case: Case, cases: list[Case]) -> None:
    ids = list(Message.objects.filter(case=case).order_by("pk").values_list("pk", flat=True)) or [0]
    given: dict[str, Any] = {"other": cases[step.other % len(cases)].ref, "message": ids[step.message % len(ids)]}
    wanted = desk_command.parse(f"!desk {step.word.format(**given)}")
    ivan = Person.objects.get(slug="ivan")
    command = Command(event_id="$any", product=PRODUCT, case=case, room_id="!any", sender="@ivan:any", at=clock.now())
    carry_out(Doing(case, ivan, viewer_of_person(ivan, clock.now()), clock.now(), command), wanted)


@settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
@given(steps=st.lists(STEPS, min_size=6, max_size=25))
def test_any_sequence_of_commands_and_words_leaves_the_cases_whole(world: clock.Frozen, steps: list[Step]) -> None:
    first = opened("The invoices are gone", "olga", "acme").pk
    opened("The export stops at half", "mira", "acme")
    opened("Everything is slow", "oto", "beta")
    for step in steps:
        world.tick(timedelta(minutes=1))
        with contextlib.suppress(DeskError, CommandError):
            take(step, cases_since(first), world)
        while timers.fire():
            pass
        invariants.check(cases_since(first))


def test_the_audit_chain_of_all_of_it_holds(world: clock.Frozen) -> None:
    assert [verify(scope).fault for scope in scopes()] == [None] * len(scopes())
