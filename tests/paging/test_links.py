"""At 3 a.m. on a phone: a link that takes the page, or hands it on, without signing in; and a drill (R38, R39)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.test import Client

from roomdesk.audit.models import Entry
from roomdesk.directory import services
from roomdesk.directory.queries import Viewer
from roomdesk.oncall import drill
from roomdesk.oncall.models import Page
from roomdesk.runtime import clock
from tests.fakes.notified import Notified
from tests.flow.world import ACTOR
from tests.paging import test_escalating
from tests.paging.night import Night

phones = test_escalating.phones
OPERATOR = Viewer("cli", "tests", sees_all=True)


def link(phones: Notified, place: int = -1) -> str:
    found = re.search(r"I have it, or call the next: (\S+)", phones.bodies[place])
    assert found is not None
    return urlsplit(found[1]).path


@pytest.fixture
def called(night: Night, phones: Notified) -> Iterator[Client]:
    """PagerDuty refuses the page, so Ivan is called by his own way."""
    night.pagerduty.answers = [400]
    night.say("cedar", "P0 all is down")
    night.later(seconds=1)
    assert phones.people() == ["ivan"]
    yield Client(headers={"host": "127.0.0.1"})


def test_the_link_takes_the_page_once_it_is_pressed(night: Night, phones: Notified, called: Client) -> None:
    where = link(phones)
    shown = called.get(where)
    assert shown.status_code == 200 and night.case("cedar").ref in shown.content.decode()
    assert night.page("cedar").state in Page.WAITING, "looking does nothing: programs look at links too"
    assert called.post(where, {"act": "take"}).status_code == 200
    night.settle()
    page = night.page("cedar")
    assert (page.state, page.acknowledged_by, page.acknowledged_via) == ("acknowledged", "ivan", "link")
    assert "Ivan is on it" in night.told("cedar")[-1]
    entry = Entry.objects.get(action="page.acknowledged")
    assert (entry.actor_kind, entry.actor) == ("staff", "ivan"), "audited as his"
    assert called.post(where, {"act": "take"}).status_code == 409


def test_who_cannot_hands_it_on_at_once(night: Night, phones: Notified, called: Client) -> None:
    assert called.post(link(phones), {"act": "not_me"}).status_code == 200
    night.settle()
    assert phones.people() == ["ivan", "petya"]
    assert called.post(link(phones), {"act": "hand_on"}).status_code == 200
    night.settle()
    assert phones.people() == ["ivan", "petya", "dora"]
    assert night.page("cedar").state in Page.WAITING
    assert set(Entry.objects.filter(action__in=["page.not_me", "page.handed_on"]).values_list("actor", flat=True)) == {"ivan", "petya"}  # fmt: skip


def test_a_link_is_short_lived_signed_and_dies_with_its_owners_role(night: Night, phones: Notified, called: Client) -> None:  # fmt: skip
    where = link(phones)
    assert called.get(where[:-2]).status_code == 404
    assert called.post(f"{where[:-2]}xx", {"act": "take"}).status_code == 404
    services.do_remove_staff(id="ivan", actor=ACTOR, now=clock.now())
    assert called.post(where, {"act": "take"}).status_code == 404
    services.do_put_staff(id="ivan", roles=["engineer"], actor=ACTOR, now=clock.now())
    night.time.tick(timedelta(hours=4, minutes=1))
    assert called.post(where, {"act": "take"}).status_code == 404
    assert night.page("cedar").state in Page.WAITING, "nothing changed"


def test_a_drill_pages_for_real_and_says_how_long_each_step_took(night: Night, phones: Notified) -> None:
    begun = drill.do_begin(OPERATOR, "plana-business-cloud", actor=ACTOR, now=clock.now())
    night.settle()
    incident = night.pagerduty.page()
    assert "Drill" in incident.event["payload"]["summary"]
    night.later(minutes=5, seconds=1)
    assert phones.people() == ["petya"] and "Drill" in phones.told[0][1]
    night.later(seconds=20)
    Client(headers={"host": "127.0.0.1"}).post(link(phones), {"act": "take"})
    night.settle()
    drill.do_end(begun.pk, actor=ACTOR, now=clock.now())
    night.settle()
    told = drill.report(begun.pk)
    assert (told["accepted"], told["acknowledged"], told["by"], told["via"]) == (0.0, 321.0, "petya", "link")
    assert incident.log == ["trigger", "acknowledge", "resolve"]
    assert Page.objects.filter(workspace=None).count() == 1
