"""`roomdesk oncall`: what a written rota means, before anybody relies on it (R40)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.shell import done, refusal, run
from tests.directory.world import nothing_changes

pytestmark = [pytest.mark.part_of("R40"), pytest.mark.usefixtures("desk")]

WRITTEN = """
[[layers]]
name = "first"
people = ["ivan", "petya"]
zone = "Europe/Sofia"
starts = 2026-01-05
hand_over = "09:00"
[[layers]]
name = "second"
level = 2
people = ["petya", "dora"]
zone = "Europe/Sofia"
starts = 2026-01-12
hand_over = "10:00"
[[overrides]]
layer = "first"
person = "kalina"
start = 2026-01-06T20:00:00Z
end = 2026-01-06T22:00:00Z
reason = "Swapped with Ivan"
"""


@pytest.fixture
def written(tmp_path: Path) -> str:
    (tmp_path / "rota.toml").write_text(WRITTEN, "utf-8")
    return str(tmp_path / "rota.toml")


def test_a_check_tells_shifts_gaps_and_double_bookings_and_stores_nothing(written: str) -> None:
    with nothing_changes():
        found = done("oncall", "check", written, "--product", "cloud", "--from", "2026-01-05T00:00:00Z", "--days", "10")
    assert [(one["layer"], one["person"], one["start"]) for one in found["shifts"]] == [
        ("first", "ivan", "2026-01-05T07:00:00Z"),
        ("first", "kalina", "2026-01-06T20:00:00Z"),
        ("first", "ivan", "2026-01-06T22:00:00Z"),
        ("first", "petya", "2026-01-12T07:00:00Z"),
        ("second", "petya", "2026-01-12T08:00:00Z"),
    ]
    assert found["gaps"] == [{"start": "2026-01-05T00:00:00Z", "end": "2026-01-05T07:00:00Z"}]
    assert [(one["person"], one["layers"], one["start"]) for one in found["double_bookings"]] == [
        ("petya", ["first", "second"], "2026-01-12T08:00:00Z")
    ]


def test_people_read_the_same(written: str) -> None:
    told = run(
        "oncall", "check", written, "--product", "cloud", "--from", "2026-01-05T00:00:00Z", "--days", "10"
    ).output
    assert "override: Swapped with Ivan" in told
    assert "Nobody is on call from 2026-01-05T00:00:00Z to 2026-01-05T07:00:00Z." in told
    assert "petya is on call twice (first, second) from 2026-01-12T08:00:00Z to 2026-01-15T00:00:00Z." in told


def test_who_is_on_call_and_until_when(written: str) -> None:
    found = done("oncall", "who", written, "--product", "cloud", "--at", "2026-01-06T21:00:00Z")
    assert [(one["person"], one.get("override"), one.get("reason")) for one in found["on_call"]] == [
        ("kalina", True, "Swapped with Ivan")
    ]
    assert found["next_hand_over"] == "2026-01-06T22:00:00Z"
    before = run("oncall", "who", written, "--product", "cloud", "--at", "2026-01-01T00:00:00Z").output
    assert before.splitlines() == ["Nobody is on call.", "Next hand-over: 2026-01-05T07:00:00Z."]


def test_after_hours_are_those_of_the_products_own_calendar(tmp_path: Path) -> None:
    file = tmp_path / "nights.toml"
    file.write_text(WRITTEN.replace("[[layers]]", '[[layers]]\nhours = {outside = "office"}', 1), "utf-8")
    for at, people in (("2026-01-07T10:00:00Z", []), ("2026-01-07T20:00:00Z", ["ivan"])):
        found = done("oncall", "who", str(file), "--product", "cloud", "--at", at)
        assert [one["person"] for one in found["on_call"]] == people


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--product", "cloud", "--days", "400"], "days must be from 1 to 366, not 400."),
        (["--product", "nothing"], 'There is no product "nothing"'),
    ],
)
def test_what_cannot_be_checked_is_refused(written: str, words: list[str], reason: str) -> None:
    with nothing_changes():
        assert reason in refusal("oncall", "check", written, *words)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("layers = [", "cannot be read as TOML"),
        ("layers = []", "layers must name at least one layer."),
        (WRITTEN.replace("10:00", "10am"), "layers[1].hand_over must be a time of the day like 09:00, not '10am'."),
    ],
)
def test_a_wrong_file_is_refused_with_its_reason(tmp_path: Path, text: str, reason: str) -> None:
    file = tmp_path / "rota.toml"
    file.write_text(text, "utf-8")
    with nothing_changes():
        assert reason in refusal("oncall", "who", str(file), "--product", "cloud")
