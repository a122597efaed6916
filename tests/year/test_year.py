"""A simulated year of a desk: what its exported audit says is enough to compute every clock, breach and warning anew."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from roomdesk.runtime import clock
from tests.harness.database import ROOT, Databases
from tests.year import desk, evidence, export, replay, schedule
from tests.year.desk import Size
from tests.year.evidence import Entry
from tests.year.story import Story

SMALL = Size(15, 150, "4")
#: Workspaces, cases, seed, and over how many databases they are spread. `YEAR=60x1200x7x1` makes the whole year another one.
_YEAR = os.environ.get("YEAR", "200x20000x1x4").split("x")
WHOLE = Size(int(_YEAR[0]), int(_YEAR[1]), _YEAR[2]).parts(int(_YEAR[3]))


@dataclass
class Left:
    """What is left of a year when its database is gone."""

    folder: Path

    def vendor(self) -> list[Entry]:
        return evidence.chain(self.folder / export.CHAINS, "vendor")

    def scopes(self) -> list[str]:
        return sorted(file.stem.replace("@", ":") for file in (self.folder / export.CHAINS).glob("workspace@*"))

    def held(self, scope: str) -> dict[str, Any]:
        rows = json.loads((self.folder / export.HELD).read_text(encoding="utf-8"))
        return {name: [row for row in rows[name] if row["scope"] == scope] for name in rows}

    def told_again(self, scope: str, entries: list[Entry], vendor: list[Entry] | None = None) -> Story:
        return replay.replayed(self.vendor() if vendor is None else vendor, entries, self.held(scope))

    def somewhere(self, fits: Callable[[Entry], bool]) -> tuple[str, list[Entry], int]:
        """A workspace, its chain, and the place in it of the middle one of all entries of the year that fit."""
        chains = {scope: evidence.chain(self.folder / export.CHAINS, scope) for scope in self.scopes()}
        found = [(scope, place) for scope, chain in chains.items() for place, one in enumerate(chain) if fits(one)]
        scope, place = found[len(found) // 2]
        return scope, chains[scope], place


def lived(databases: Databases, folder: Path, size: Size) -> Left:
    """Lives through a year and leaves only files of it: the database is closed and dropped when this returns."""
    began = time.process_time(), time.monotonic()
    with databases.copy(), clock.frozen(schedule.instant(schedule.BEGIN)) as frozen:
        made = desk.make(frozen, size, folder / "products")
        made.run()
        export.leave(folder / "left")
    spent = [round(now - then) for now, then in zip((time.process_time(), time.monotonic()), began, strict=True)]
    print(f"seed {size.seed}, {spent[1]} s ({spent[0]} s of this process): {dict(sorted(made.done.items()))}")
    return Left(folder / "left")


def told_apart(left: Left) -> dict[str, Any]:
    """The replay in a process of its own, without settings of an installation, without sockets, without Roomdesk."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("ROOMDESK_", "DJANGO_", "PG"))}
    command = [sys.executable, "-W", "error", "-m", "tests.year.replay", str(left.folder)]
    done = subprocess.run(command, check=False, env=environ, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    print(answer["counts"])
    return answer


@pytest.fixture(scope="module")
def left(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Left]:
    yield lived(databases, tmp_path_factory.mktemp("year"), SMALL)


def check(answer: dict[str, Any], cases: int) -> None:
    first = [json.dumps(one) for one in answer["differences"][:5]]
    assert not answer["differences"], "\n".join([f"{len(answer['differences'])} differences", *first])
    assert answer["strangers"] == []
    counts = answer["counts"]
    # Splits make more cases, grouping fewer; each has at least its first response, and much happens to them.
    assert counts["cases"] > 0.85 * cases
    assert counts["clocks"] > 2 * counts["cases"]
    for what in ("breached", "past_aim", "met", "cancelled", "pauses", "revisions", "told", "told late"):
        assert counts[what] > cases / 100, what
    assert counts["caused breaches"]


def test_the_exported_audit_alone_gives_the_same_clocks_breaches_and_warnings(left: Left) -> None:
    check(told_apart(left), SMALL.cases)


@pytest.mark.deep
@pytest.mark.parametrize("part", WHOLE, ids=lambda part: part.seed)
def test_a_whole_year_of_200_workspaces_and_20_000_cases(databases: Databases, tmp_path: Path, part: Size) -> None:
    check(told_apart(lived(databases, tmp_path, part)), part.cases)


def is_clock(*verbs: str) -> Callable[[Entry], bool]:
    return lambda entry: entry.action in {f"clock.{verb}" for verb in verbs} and entry.data["due_at"] is not None


@pytest.mark.parametrize("verb", ["started", "told", "retargeted", "resumed", "breached", "met"])
def test_a_due_time_moved_by_a_second_is_found(left: Left, verb: str) -> None:
    scope, entries, place = left.somewhere(is_clock(verb))
    entry = entries[place]
    entries[place] = replace(entry, data={**entry.data, "due_at": entry.data["due_at"] + schedule.SECOND})
    found = left.told_again(scope, entries).differences
    assert [(one["seq"], set(one["exported"])) for one in found] == [(entry.seq, {"due_at"})]


@pytest.mark.parametrize(
    "action",
    [
        "clock.told", "clock.paused", "clock.resumed", "clock.started", "clock.met", "clock.past_aim", "clock.breached",
        "clock.retargeted", "clock.cancelled", "clock.given_back", "clock.taken_over", "clock.awaited_again",
    ],
)  # fmt: skip
def test_an_entry_taken_away_is_found(left: Left, action: str) -> None:
    scope, entries, place = left.somewhere(lambda entry: entry.action == action)
    entry = entries.pop(place)
    found = left.told_again(scope, entries).differences
    assert any(one["clock"][0] == entry.ref and one["clock"][2] == entry.data["clock"] for one in found)


def test_a_wait_taken_from_the_cases_history_is_found(left: Left) -> None:
    entries, place, scope = _of_a_wait(left)
    ref = entries.pop(place).ref
    assert any(one["clock"][0] == ref for one in left.told_again(scope, entries).differences)


def _of_a_wait(left: Left) -> tuple[list[Entry], int, str]:
    """A wait that some clock noticed."""
    paused = {(e.ref, e.at) for scope in left.scopes() for e in _chain(left, scope) if e.action == "clock.paused"}
    scope, entries, place = left.somewhere(
        lambda e: e.action == "case.state" and e.data["after"] == "waiting_customer" and (e.ref, e.at) in paused
    )
    return entries, place, scope


def _chain(left: Left, scope: str) -> list[Entry]:
    return evidence.chain(left.folder / export.CHAINS, scope)


def test_a_warning_told_an_hour_later_or_to_others_is_found(left: Left) -> None:
    scope, entries, place = left.somewhere(is_clock("told"))
    entry = entries[place]
    for name, value in (("planned_at", entry.data["planned_at"] - 1), ("audience", "nobody"), ("step", 99)):
        entries[place] = replace(entry, data={**entry.data, name: value})
        assert {one["what"] for one in left.told_again(scope, entries).differences} == {"told"}, name


def test_a_holiday_that_the_policy_never_had_is_found(left: Left) -> None:
    scope, entries, _ = left.somewhere(lambda e: is_clock("started")(e) and e.data["calendar"] == "sofia")
    vendor = left.vendor()
    for entry in vendor:
        if entry.action == "product.loaded":
            for calendar in entry.data["calendars"].values():
                calendar["holidays"] = {}
    assert left.told_again(scope, entries, vendor).differences


def test_what_the_database_held_besides_is_found(left: Left) -> None:
    scope, entries, _ = left.somewhere(is_clock("told"))
    held = left.held(scope)
    held["clocks"][0]["due_at"] = (held["clocks"][0]["due_at"] or 0) + 1
    held["notices"].pop()
    found = replay.replayed(left.vendor(), entries, held).differences
    assert [one["what"] for one in found] == ["held", "notice"]
