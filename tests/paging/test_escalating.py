"""Nobody answers: the page goes on along the rota, by more than one way, until a human has it (R39)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from roomdesk.directory import services
from roomdesk.directory.queries import Viewer
from roomdesk.oncall import reaching, rotas
from roomdesk.oncall.models import Attempt, Page
from roomdesk.refusals import Forbidden, Invalid
from roomdesk.runtime import clock
from tests.cases_api.place import Rest, token
from tests.fakes.notified import Notified, notified
from tests.flow.world import ACTOR, IVAN
from tests.paging.night import NIGHT, Night
from tests.paging.test_rotas import PRODUCT, WRITTEN

STAFF = {"petya": "engineer", "dora": "engineer", "lena": "lead", "ana": "account_manager"}
ALL = ("ivan", *STAFF)


@pytest.fixture
def phones(night: Night) -> Iterator[Notified]:
    """Ivan and Petya take turns (Ivan has the watch), Dora is the second line, Ana cedar's account manager, Lena a lead."""
    with notified() as fake:
        before = NIGHT - timedelta(days=9)
        for person, role in STAFF.items():
            services.do_put_staff(id=person, roles=[role], actor=ACTOR, now=before)
        services.do_put_workspace(slug="cedar", account_manager="ana", actor=ACTOR, now=before)
        operator = Viewer("cli", "tests", sees_all=True)
        rotas.do_put(operator, PRODUCT, WRITTEN, actor=ACTOR, now=clock.now())
        for person in ALL:
            reaching.do_put(operator, person, [("apprise", fake.address(person))], actor=ACTOR, now=clock.now())
        night.settle()
        yield fake


def test_taken_but_not_acknowledged_goes_on_step_by_step_until_somebody_has_it(night: Night, phones: Notified) -> None:
    night.say("cedar", "P0 all is down")
    incident = night.pagerduty.page()
    night.later(minutes=4, seconds=59)
    assert phones.told == []
    night.later(seconds=2)
    assert phones.people() == ["petya"]
    night.later(minutes=5)
    assert phones.people() == ["petya", "dora"]
    night.later(minutes=5)
    assert phones.people() == ["petya", "dora", "ana"]
    assert "all is down" in phones.told[0][1] and night.case("cedar").ref in phones.bodies[0]
    night.say("cedar", "I am here now", IVAN)
    assert incident.status == "acknowledged"
    assert sorted(phones.people()[3:]) == ["ana", "dora", "petya"], "who was called hears that somebody has it"
    assert all(title.startswith("ivan is on it") for _, title in phones.told[3:])
    night.later(minutes=60)
    assert len(phones.told) == 6, "nobody is called any more"


def test_the_first_two_stay_silent_and_only_the_third_way_works(night: Night, phones: Notified) -> None:
    night.pagerduty.answers = [500] * 10
    phones.silent = {"ivan", "petya"}
    night.say("cedar", "P0 all is down")
    night.later(seconds=11)
    assert phones.told == [] and phones.tries >= 1, (
        "not taken within ten seconds: the other ways of whoever has the watch"
    )
    for _ in range(30):
        night.later(seconds=30)
    assert "dora" in phones.people()
    night.pagerduty.page()
    assert night.noted("cedar")[:2] == ["paged", "unreached"]


def test_a_refusal_falls_back_at_once_and_everybody_is_called_in_the_end_again_and_again(
    night: Night, phones: Notified
) -> None:
    night.pagerduty.answers = [400]
    night.say("cedar", "P0 all is down")
    night.later(seconds=1)
    assert phones.people() == ["ivan"]
    night.later(minutes=20, seconds=10)
    assert set(phones.people()) == {"ivan", "petya", "dora", "ana", "lena"}
    before = len(phones.told)
    night.later(minutes=5)
    assert sorted(phones.people()[before:]) == ["dora", "ivan", "lena", "petya"]
    assert Attempt.objects.filter(problem="", call__way="apprise").count() == len(phones.told)


def test_a_call_that_is_answered_meanwhile_is_not_made(night: Night, phones: Notified) -> None:
    night.say("cedar", "P0 all is down")
    night.pagerduty.page()
    night.unheard("cedar", "On it", IVAN)
    night.later(minutes=6)
    assert phones.told == []
    assert night.page("cedar").state == Page.State.ACKNOWLEDGED


def test_ways_are_ones_own_secret_and_tried_quietly(night: Night, phones: Notified) -> None:
    ivan = Viewer("staff", "ivan", products=frozenset({""}), person_id=None)
    rest = Rest(token("all", "admin"))
    with pytest.raises(Forbidden):
        reaching.do_put(
            Viewer("staff", "ivan", products=frozenset({PRODUCT}), person_id=1),
            "dora",
            [],
            actor=ACTOR,
            now=clock.now(),
        )
    for way in (("apprise", "nonsense"), ("pagerduty", "short"), ("pigeon", "x")):
        with pytest.raises(Invalid):
            reaching.do_put(ivan, "ivan", [way], actor=ACTOR, now=clock.now())
    assert len(reaching.ways_of(reaching.access_person(ivan, "ivan", clock.now()))) == 1, "nothing changed"
    assert "127.0.0.1" not in rest.get("staff/ivan/reach").content.decode(), "no address comes out"
    phones.silent = {"dora"}
    assert [one["problem"] for one in rest.post("staff/ivan/reach/test", {}).json()["items"]] == [None]
    assert "JSON" in rest.post("staff/dora/reach/test", {}).json()["items"][0]["problem"]
    assert phones.told == [("ivan", "Roomdesk: test")]
    assert Page.objects.count() == 0
