"""Whoever does something privileged, in whichever way: it stands in the chain, in the same transaction (R34, D30).

Each act of the tables is told twice on one desk. First while the chain takes no entry: then nothing at all may have changed. And then as it
should be: then the chain tells of it. An operation, a page, a command or a service (`do_…`) without a row, or a stated reason, fails.
"""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import CodeType

import click
import pytest
from django.urls import NoReverseMatch, URLPattern, URLResolver, get_resolver, reverse

import roomdesk
from roomdesk.cli import main
from roomdesk.runtime import clock
from roomdesk.web.api.application import api
from roomdesk.web.console import acts as case_acts
from tests.acts import by_commands, by_pages, by_rest, world
from tests.acts.act import REFUSING, WHY, Act, browser, entering, entries, owner, refusing_chain, snapshot, told_since
from tests.harness.database import Databases

pytestmark = pytest.mark.part_of("R34")
ACTS = [*by_rest.ACTS, *by_pages.ACTS, *by_commands.ACTS]
ROOT = Path(roomdesk.__file__).parent
#: Services that are entered by no act of the tables, with the reason.
NOT_ENTERED = {
    "cases.export_folder.do_export": "tests/record/test_export.py: it reads, and that stands in the chain.",
    "cases.attaching.do_attach": "tests/portal/test_new_request.py: of products without rooms.",
    "cases.importing.do_import_room": "tests/record/test_import_room.py: it needs a homeserver.",
    "cases.verifying.do_verify": "tests/record/test_verify.py: it needs a homeserver.",
    "rooms.accounts.do_matrix_login": "tests/channels/test_accounts.py: it needs a homeserver.",
    "rooms.taking.do_remake": "tests/rooms/test_replaced.py: it needs a homeserver.",
    "rooms.taking.do_adopt": "tests/rooms/test_replaced.py: it needs a homeserver.",
    "consent.erasing.do_erase": "tests/audit/test_verify.py: as the owner of the tables.",
    "consent.forgetting.do_forget": "tests/consent/test_forgetting.py: as the owner of the tables.",
    "consent.forgetting_copies.do_erase_copies": "A part of `do_forget`, in its transaction.",
    "consent.forgetting_copies.do_forget_profile": "A part of `do_forget`, in its transaction.",
    "record.unquoting.do_unquote": "A part of `do_forget`, in its transaction.",
    "rooms.planning.do_reconcile_staff_rooms": "tests/rooms/test_staff_rooms.py: with the whole installation's rooms.",
    "record.erasing.do_take_files": "A part of `do_forget`, in its transaction.",
    "record.erasing.do_blank": "A part of `do_forget`, in its transaction.",
    "record.files.do_keep": "tests/files/test_keeping.py: by a worker, with its entry.",
    "record.files.do_refuse": "tests/files/test_keeping.py: by a worker, with its entry.",
    "record.files.do_lose": "tests/files/test_keeping.py: by a worker, with its entry.",
    "directory.services.identities.do_enter": "tests/identity: it needs an outside provider.",
    "cases.room_reading.do_read": by_pages.NO_ACTS["chat:signs"],
    "clocks.simulation.do_simulate": "Nothing is written.",
    "oncall.checking.do_check": "Nothing is written.",
    "oncall.checking.do_who": "Nothing is written.",
    "oncall.importing.do_ask": by_commands.ELSEWHERE["oncall import"],
}


@dataclass(frozen=True)
class Outcome:
    """What an act did: whether it was refused without the chain, what had changed then, and what the chain tells of it as it should be."""

    was_refused: bool
    changed: list[str]
    was_done: bool
    why: str
    told: list[str]
    entered: set[str]


@pytest.fixture(scope="module")
def built(databases: Databases) -> Iterator[str]:
    """The desk of `world.build`, whose chain can be made to refuse; its name."""
    with databases.copy() as address:
        world.build()
        with owner(address) as connected:
            connected.execute(REFUSING)
        Databases.disconnect()
        yield address.rpartition("/")[2]


@pytest.fixture(scope="module")
def outcomes(databases: Databases, built: str) -> dict[str, Outcome]:
    """Of every act, by its name; each on a copy of the same desk."""
    return {act.name: _outcome(databases, built, act) for act in ACTS}


def _outcome(databases: Databases, built: str, act: Act) -> Outcome:
    with databases.copy(template=built) as address, clock.frozen(world.NOW):
        try:
            act.before()
        except Exception as error:
            return Outcome(False, [], False, f"What has to be there before is not: {error!r} {WHY}", [], set())
        before = snapshot(act.aside)
        with refusing_chain(address):
            was_refused = not _tried(act)
        after = snapshot(act.aside)
        changed = sorted(name for name, state in after.items() if state != before[name])
        known = entries()
        with entering(_services()) as entered:
            was_done, why = _done(act)
        return Outcome(was_refused, changed, was_done, why, told_since(known), entered)


def _done(act: Act) -> tuple[bool, str]:
    try:
        was_done = act.do()
    except Exception as error:
        return False, repr(error)
    return was_done, WHY[-1] if WHY else ""


def _tried(act: Act) -> bool:
    try:
        return act.do()
    except Exception as error:
        return "the chain takes no entry" not in str(error)


@cache
def _services() -> dict[CodeType, str]:
    """Every `do_…` of the desk, by its code."""
    found = {}
    for path in sorted(ROOT.rglob("*.py")):
        names = [node.name for node in ast.parse(path.read_text("utf-8")).body if isinstance(node, ast.FunctionDef)]
        wanted = [name for name in names if name.startswith("do_")]
        if not wanted or "web" in path.relative_to(ROOT).parts:
            continue
        dotted = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        module = importlib.import_module(f"roomdesk.{dotted}")
        found |= {getattr(module, name).__code__: f"{dotted}.{name}" for name in wanted}
    return found


@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.name)
def test_without_its_entry_nothing_is_done_and_with_it_it_stands_in_the_chain(
    outcomes: dict[str, Outcome], act: Act
) -> None:
    found = outcomes[act.name]
    assert (found.was_refused, found.changed) == (True, []), "done without an entry"
    assert found.was_done, found.why
    assert any(action.startswith(act.says) for action in found.told) and found.told, found.told


def test_each_act_has_a_name_of_its_own() -> None:
    assert len({act.name for act in ACTS}) == len(ACTS)


def _rows(kind: str) -> set[str]:
    return {act.of.removeprefix(f"{kind} ") for act in ACTS if act.of.startswith(f"{kind} ")}


def test_every_operation_that_is_sent_something_has_a_row() -> None:
    paths = api.get_openapi_schema()["paths"].values()
    sent = {one["operationId"] for path in paths for method, one in path.items() if method != "get"}
    assert sent == _rows("rest") | by_rest.NO_ACTS.keys()


def test_every_act_of_a_cases_page_has_a_row() -> None:
    assert {act.variant for act in by_pages.CASE_ACTS} == case_acts._ACTIONS.keys()


def addresses() -> set[str]:
    """Every named address that people's browsers get to, and those at the top that have no name."""
    found, waiting = set[str](), [("", pattern) for pattern in get_resolver().url_patterns]
    while waiting:
        space, pattern = waiting.pop()
        if isinstance(pattern, URLResolver):
            inner = f"{space}{pattern.namespace}:" if pattern.namespace else space
            waiting += [(inner, one) for one in pattern.url_patterns]
        elif isinstance(pattern, URLPattern) and not space.startswith("api-v1:"):
            found.add(f"{space}{pattern.name or pattern.callback.__name__}")
    return found


def test_every_page_has_a_row_or_a_reason_or_takes_no_form() -> None:
    stated = _rows("page") | by_pages.NO_ACTS.keys() | by_pages.READ | by_pages.BY_PROGRAMS.keys()
    assert sorted(addresses() ^ stated) == []


def test_what_is_read_only_takes_no_form(databases: Databases, built: str) -> None:
    with databases.copy(template=built), clock.frozen(world.NOW):
        people = {"console": browser("dora"), "portal": browser("olga"), "chat": browser("olga")}
        answers = {
            name: people.get(name.partition(":")[0], people["console"]).post(_address(name)).status_code
            for name in by_pages.READ
        }
    assert {name: status for name, status in answers.items() if status != 405} == {}


def _address(name: str) -> str:
    for given in ([], ["acme"], [1], ["acme", 1], ["acme", "x"]):
        try:
            return reverse(name, args=given)
        except NoReverseMatch:
            continue
    raise AssertionError(name)


def _commands(group: click.Command, name: str = "") -> Iterator[str]:
    if not isinstance(group, click.Group):
        yield name
        return
    context = click.Context(group)
    for word in group.list_commands(context):
        one = group.get_command(context, word)
        assert one is not None
        yield from _commands(one, f"{name} {word}".strip())


def test_every_command_has_a_row_or_a_reason() -> None:
    rows = _rows("command")
    assert set(_commands(main)) == rows | by_commands.READ | by_commands.ELSEWHERE.keys()
    assert not rows & by_commands.READ and not rows & by_commands.ELSEWHERE.keys()


def test_every_service_is_entered_by_an_act_that_the_chain_tells_of(outcomes: dict[str, Outcome]) -> None:
    entered = {name for one in outcomes.values() if one.told and one.was_done for name in one.entered}
    everything = set(_services().values())
    assert sorted(everything - entered - NOT_ENTERED.keys()) == []
