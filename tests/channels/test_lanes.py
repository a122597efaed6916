"""Whose waiting events are worked on first."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from roomdesk.queues import inbox, lanes
from roomdesk.queues.inbox import Arrival
from roomdesk.queues.models import Lane
from roomdesk.runtime import clock

NOW = datetime(2026, 3, 9, 8, 0, tzinfo=UTC)


@pytest.fixture
def moment(database: str) -> Iterator[clock.Frozen]:
    with clock.frozen(NOW) as frozen:
        yield frozen


def hear(key: str, name: str) -> int:
    """Something comes in for a lane."""
    made, _ = Lane.objects.get_or_create(key=key)
    lanes.route("matrix", f"!{key}", made, clock.now())
    inbox.receive_transaction(name, b"", [Arrival("matrix", name, f"!{key}", "{}")], clock.now())
    lanes.assign_waiting()
    return made.pk


def now_first() -> list[int]:
    return lanes.customers_first(lanes.waiting_lanes(10))


def test_the_staffs_rooms_give_way_to_customers_but_not_for_long(moment: clock.Frozen) -> None:
    staff = hear(lanes.staff_key("bos"), "told")
    assert now_first() == [staff], "nothing else waits"
    acme = hear("workspace:acme", "said")
    assert now_first() == [acme]
    moment.tick(lanes.STAFF_WAITS)
    nord = hear("workspace:nord", "said too")
    assert now_first() == [staff, acme, nord], "it has waited long enough"
    moment.tick(timedelta(seconds=-1))
    whole = hear(lanes.staff_key(""), "told too")
    assert whole not in now_first()


def test_as_many_lanes_are_taken_as_make_up_a_batch(moment: clock.Frozen) -> None:
    (acme,) = {hear("workspace:acme", f"a{number}") for number in range(3)}
    nord, ost = hear("workspace:nord", "n1"), hear("workspace:ost", "o1")
    waiting = lanes.waiting_lanes(10)
    assert waiting == [acme, nord, ost]
    assert lanes.enough(waiting, 2) == lanes.enough(waiting, 3) == [acme]
    assert lanes.enough(waiting, 4) == [acme, nord]
    assert lanes.enough(waiting, 5) == lanes.enough(waiting, 400) == waiting
    assert lanes.enough([nord], 400) == [nord] and lanes.enough([], 400) == []
