"""What the doctor says of a homeserver with the wall, without it, and with some of its settings missing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from roomdesk import bootstrap
from roomdesk.doctor import wall
from roomdesk.doctor.findings import Finding
from tests.wall.homes import Home, homeserver


@pytest.fixture(autouse=True)
def _settings_again() -> Iterator[None]:
    before = bootstrap.settings, wall.current
    yield
    bootstrap.settings, wall.current = before


def asked_of(home: Home) -> dict[str, Finding]:
    """The doctor's findings, connected to this homeserver; and nothing there is changed by asking."""
    bootstrap.settings, wall.current = home.settings, lambda: home.matrix  # type: ignore[assignment]
    home.matrix.ensure_desk()
    before = home.at_rest()
    found = {"wall": wall.wall(), "profiles": wall.profiles()}
    assert home.everything() == before
    return found


def test_closed_doors_are_told(walled: Home) -> None:
    found = asked_of(walled)
    assert {finding.status for finding in found.values()} == {"ok"}
    assert found["wall"].says == f"Customers cannot: {'; '.join(wall.DOORS.values())}."


def test_missing_module_is_told_and_the_settings_still_count(plain: Home) -> None:
    found = asked_of(plain)
    assert (found["wall"].status, "has not loaded roomdesk_synapse" in found["wall"].says) == ("warning", True)
    assert found["profiles"].status == "ok"


def _loose(config: dict[str, Any]) -> None:
    for name in ("forget_rooms_on_leave", "limit_profile_requests_to_users_who_share_rooms"):
        config[name] = False
    config["modules"][0]["config"]["desk"] = ["support", "roomdesk_admin"]


def test_missing_settings_are_told_by_what_they_let_happen() -> None:
    with homeserver(_loose) as home:
        found = asked_of(home)
    doors = ("left_rooms", "profiles")
    assert found["wall"].says == f"Customers can: {'; '.join(wall.DOORS[door] for door in doors)}."
    assert (found["profiles"].status, "limit_profile" in found["profiles"].do) == ("warning", True)


def _nobody(config: dict[str, Any]) -> None:
    config["modules"][0]["config"]["desk"] = ["another"]


def test_wall_that_does_not_know_the_desk_is_a_problem() -> None:
    """There it would refuse the desk its rooms."""
    with homeserver(_nobody) as home:
        assert asked_of(home)["wall"].status == "problem"
