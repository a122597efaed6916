"""The database puts open cases in the order of the rule, whatever they are like, and reads no more of them than a page shows."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from roomdesk.cases.models import Case, CaseCycle
from roomdesk.cases.queue_places import FRONT, Places, place_of, places
from roomdesk.clocks.models import Clock
from roomdesk.directory.models import Workspace
from roomdesk.oncall import misuse
from roomdesk.rules.queue_order import Waiting, order
from roomdesk.runtime.clock import Frozen
from tests.reports.made_up import NOW, case, cases

MANY = 80
STATES = [*Case.OPEN, "resolved", "closed", "merged", "deflected"]


def moment(dice: random.Random) -> datetime:
    """Few of them, so that many are equal; some differ by a microsecond."""
    return NOW + timedelta(minutes=dice.randrange(-4, 4), microseconds=dice.randrange(2))


def perhaps(dice: random.Random) -> datetime | None:
    return dice.choice([None, moment(dice)])


def clocks(dice: random.Random) -> list[dict[str, Any]]:
    endings: list[dict[str, Any]] = [{}, {}, {"stopped_at": NOW}, {"paused_at": NOW}, {"state": "cancelled"}]
    kinds = dice.sample(["first_response", "update", "resolution"], dice.randrange(4))
    return [
        {"kind": kind, "due_at": perhaps(dice), "is_soft": dice.random() < 0.4, **dice.choice(endings)}
        for kind in kinds
    ]


def made(dice: random.Random) -> None:
    cases(
        [
            (
                dice.choice(["acme", "beta", "core"]),
                clocks(dice),
                moment(dice),
                "",
                {
                    "state": dice.choice(STATES),
                    "cycle": dice.choice([1, 2]),
                    "opened_at": moment(dice),
                    "p0_at": dice.choice([None, None, moment(dice)]),
                    "snoozed_until": dice.choice([None, None, moment(dice), NOW]),
                    "last_customer_at": perhaps(dice),
                    "last_staff_at": perhaps(dice),
                },
            )
            for _ in range(MANY)
        ]
    )
    # Of some nothing is known but when they were opened.
    without = [pk for pk in Case.objects.filter(clocks=None).order_by("pk").values_list("pk", flat=True) if pk % 3 == 0]
    CaseCycle.objects.filter(case_id__in=without).delete()


def waiting(one: Case, lowered: dict[int, datetime]) -> Waiting:
    """The facts of the rule, told from the rows one by one."""
    unmet = [
        clock
        for clock in Clock.objects.filter(case=one, due_at__isnull=False)
        if clock.stopped_at is None and clock.paused_at is None and clock.state != Clock.State.CANCELLED
    ]
    present = CaseCycle.objects.filter(case=one, number=one.cycle).first()
    since = lowered.get(one.workspace_id)
    return Waiting(
        id=one.pk,
        product=one.product,
        arrived_at=present.started_at if present else one.opened_at,
        is_p0=one.p0_at is not None,
        promised_at=min((c.due_at for c in unmet if c.due_at and not c.is_soft), default=None),
        aimed_at=min((c.due_at for c in unmet if c.due_at and c.is_soft), default=None),
        is_answered=one.last_staff_at is not None
        and (one.last_customer_at is None or one.last_customer_at <= one.last_staff_at),
        waits_for_customer=one.state == Case.State.WAITING_CUSTOMER,
        snoozed_until=one.snoozed_until,
        is_misuse=since is not None and one.p0_at is not None and one.p0_at >= since,
    )


@pytest.mark.parametrize("seed", range(4))
def test_the_database_and_the_rule_put_cases_in_the_same_order(
    desk: Frozen, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    dice = random.Random(seed)
    made(dice)
    lowered = {Workspace.objects.get(slug="beta").pk: NOW} if seed else {}
    monkeypatch.setattr(misuse, "lowered", lambda now: lowered)
    open_ones = list(Case.objects.filter(state__in=Case.OPEN))
    expected = order([waiting(one, lowered) for one in open_ones], NOW)
    found = places(NOW, limit=MANY)
    assert (found.places, found.total) == (expected, len(open_ones))
    for one in dice.sample(open_ones, 8):
        assert place_of(one, NOW) == next(place for place in expected if place.id == one.pk)
    key, seen = FRONT, []
    while page := places(NOW, after=key, limit=7).places:
        seen += page
        key = page[-1].key
    assert seen == expected
    cloud = places(NOW, product="plana-business-cloud", limit=MANY)
    assert [place.id for place in cloud.places] == [
        place.id for place in expected if Case.objects.get(pk=place.id).product == "plana-business-cloud"
    ]
    assert cloud.total == len(cloud.places)


def test_places_of_some_count_all_and_behind_the_last_one_there_is_still_their_number(desk: Frozen) -> None:
    one, other, third = (case("acme", {"due_at": NOW + timedelta(minutes=minutes)}) for minutes in (1, 2, 3))
    some = Case.objects.filter(pk__in=[other.pk, third.pk])
    found = places(NOW, among=some, limit=1)
    assert ([(place.id, place.position) for place in found.places], found.total) == ([(other.pk, 2)], 2)
    last = places(NOW, among=some, limit=5).places[-1]
    assert places(NOW, among=some, after=last.key, limit=5) == Places([], 2)
    assert places(NOW, among=Case.objects.none(), limit=5) == Places([], 0)
    assert place_of(one, NOW) == places(NOW, limit=1).places[0]


def test_a_page_reads_its_own_rows_however_many_wait(desk: Frozen) -> None:
    for _ in range(30):
        case("acme", {"due_at": NOW})
    with CaptureQueriesContext(connection) as caught:
        assert len(places(NOW, limit=5).places) == 5
    assert len(caught) == 2
