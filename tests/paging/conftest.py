from __future__ import annotations

from collections.abc import Iterator

import pytest

from roomdesk.runtime import clock
from tests.fakes.pagerduty import PagerDuty, pagerduty
from tests.flow import world
from tests.harness.database import Databases
from tests.paging.night import NIGHT, Night, built_for_the_night, with_pagerduty


def build() -> None:
    """The customers of `flow.world`, their rooms made."""
    with clock.frozen(world.START):
        world.build()
        built_for_the_night()


@pytest.fixture
def events() -> Iterator[PagerDuty]:
    with pagerduty() as fake:
        yield fake


@pytest.fixture
def address(databases: Databases) -> Iterator[str]:
    """The database of this test alone."""
    with databases.copy_of(build) as found:
        yield found


@pytest.fixture
def night(address: str, events: PagerDuty, monkeypatch: pytest.MonkeyPatch) -> Iterator[Night]:
    """A Sunday, 03:00 in Sofia; time stands still and is moved by `night.later`."""
    with_pagerduty(monkeypatch, events.url)
    with clock.frozen(NIGHT) as time:
        yield Night(time, events)
