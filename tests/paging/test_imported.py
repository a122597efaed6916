"""A rota that is PagerDuty's: taken over, followed, and kept as it was told last while PagerDuty is away (R40, D33)."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from roomdesk.directory import services
from roomdesk.directory.queries import Viewer
from roomdesk.doctor import paging as doctor
from roomdesk.oncall import asking, importing, reaching, rotas
from roomdesk.oncall.models import Import, Rota, Swap
from roomdesk.queues.models import OutboxRow
from roomdesk.refusals import Conflict
from roomdesk.runtime import clock
from tests.cases_api.place import Rest, command, token, told
from tests.fakes.notified import Notified, notified
from tests.fakes.pagerduty import PagerDuty
from tests.flow.world import ACTOR
from tests.paging.night import NIGHT, PRODUCT, Night, with_pagerduty
from tests.paging.test_rotas import WRITTEN, call

pytestmark = pytest.mark.part_of("R40")
POLICY = "PSUPPORT"
OPERATOR = Viewer("cli", "tests", sees_all=True)
TOKEN = "a-read-only-key-of-the-api"


@pytest.fixture
def phones(night: Night, monkeypatch: pytest.MonkeyPatch) -> Iterator[Notified]:
    """Petya, Dora and Lena, who have the same mail address here and in PagerDuty, and a way of their own each."""
    with notified() as fake:
        for person, role in (("petya", "engineer"), ("dora", "engineer"), ("lena", "lead")):
            services.do_put_staff(
                id=person, email=f"{person}@vendor.test", roles=[role], actor=ACTOR, now=NIGHT - timedelta(days=9)
            )
            reaching.do_put(OPERATOR, person, [("apprise", fake.address(person))], actor=ACTOR, now=clock.now())
        night.settle()
        night.pagerduty.api_token = TOKEN
        with_pagerduty(monkeypatch, night.pagerduty.url, pagerduty_api_url=night.pagerduty.url, pagerduty_api_token=TOKEN)  # fmt: skip
        night.rota_terms(source="pagerduty", escalation_policy=POLICY)
        yield fake


@pytest.fixture
def there(night: Night, phones: Notified) -> PagerDuty:
    """Petya until Monday at 8, Sofia, then Dora for a week; Lena is the second level, always and by no schedule."""
    pagerduty = night.pagerduty
    pagerduty.on_call(POLICY, "Petya", "2026-03-02T08:00:00+02:00", "2026-03-09T08:00:00+02:00")
    pagerduty.on_call(POLICY, "Dora", "2026-03-09T08:00:00+02:00", "2026-03-16T08:00:00+02:00")
    pagerduty.on_call(POLICY, "Lena", None, None, level=2, schedule=None)
    pagerduty.on_call("POTHER1", "Ivan", None, None)
    return pagerduty


def take_over(night: Night) -> int:
    asked = importing.ask_due(clock.now())
    night.settle()
    return asked


def watch() -> dict[str, Any]:
    (one,) = asking.who(OPERATOR, clock.now(), PRODUCT)["items"]
    return dict(one)


def who(**after: float) -> list[str]:
    (one,) = asking.who(OPERATOR, clock.now() + timedelta(**after), PRODUCT)["items"]
    return [shift["person"] for shift in one["on_call"]]


def test_on_calls_are_taken_over_by_mail_address_and_followed_when_they_change(night: Night, there: PagerDuty) -> None:
    assert take_over(night) == 1
    assert who() == ["petya", "lena"] and who(days=1, hours=5) == ["dora", "lena"]
    found = watch()
    assert (found["source"], found["next_hand_over"].isoformat()) == ("pagerduty", "2026-03-09T06:00:00+00:00")
    assert found["imported"] == {"policy": POLICY, "heard_at": NIGHT, "problem": None, "strangers": []}
    assert take_over(night) == 0, "not again within minutes"
    night.later(minutes=5)
    there.oncalls[POLICY][0]["end"] = "2026-03-08T01:02:00+00:00"
    there.on_call(POLICY, "Dora", "2026-03-08T01:02:00+00:00", "2026-03-09T08:00:00+02:00")
    assert take_over(night) == 1
    assert who() == ["dora", "lena"]
    assert who(minutes=-5) == ["petya", "lena"], "what was, stays"
    assert Rota.objects.get(product=PRODUCT).version == 2
    night.later(minutes=5)
    take_over(night)
    assert Rota.objects.get(product=PRODUCT).version == 2, "the same again is no change"


def test_while_pagerduty_is_away_what_it_told_last_holds_and_staff_are_told(night: Night, there: PagerDuty) -> None:
    take_over(night)
    there.api_answers = [503, 401]
    night.later(minutes=5)
    take_over(night)
    assert who() == ["petya", "lena"]
    assert watch()["imported"]["heard_at"] == NIGHT and "503" in watch()["imported"]["problem"]
    assert doctor.imports().status == "ok", "a moment's silence is none"
    night.later(minutes=26)
    take_over(night)
    assert "ROOMDESK_PAGERDUTY_API_TOKEN" in watch()["imported"]["problem"]
    finding = doctor.imports()
    assert finding.status == "warning" and "2026-03-08 01:00 UTC" in finding.says
    night.later(minutes=5)
    take_over(night)
    assert watch()["imported"]["problem"] is None and doctor.imports().status == "ok"
    assert OutboxRow.objects.filter(kind="oncalls").exclude(state="sent").count() == 0


@pytest.mark.parametrize("answer", [{"oncalls": []}, {"error": "no"}, {"oncalls": [{"user": None}]}])
def test_an_answer_that_tells_nobody_changes_nothing(
    night: Night, there: PagerDuty, answer: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    take_over(night)
    before = Rota.objects.values().get(product=PRODUCT)
    monkeypatch.setattr(there, "_on_call", lambda asked: answer)
    night.later(minutes=5)
    take_over(night)
    assert Rota.objects.values().get(product=PRODUCT) == before
    assert watch()["imported"]["problem"]


def test_without_a_key_the_rota_of_ours_goes_on_and_the_reason_is_told(
    night: Night, there: PagerDuty, monkeypatch: pytest.MonkeyPatch
) -> None:
    night.rota_terms(source="roomdesk")
    rotas.do_put(OPERATOR, PRODUCT, {**WRITTEN, "layers": [WRITTEN["layers"][1]]}, actor=ACTOR, now=clock.now())
    night.rota_terms(source="pagerduty")
    with_pagerduty(monkeypatch, there.url)
    assert take_over(night) == 0
    assert who() == ["dora"]
    assert "ROOMDESK_PAGERDUTY_API_TOKEN" in watch()["imported"]["problem"]
    assert doctor.imports().status == "warning"


def test_who_is_on_call_there_and_nobody_here_is_named(night: Night, there: PagerDuty) -> None:
    there.oncalls[POLICY][0]["user"] |= {"name": "Zoe", "email": "zoe@elsewhere.example"}
    take_over(night)
    assert who() == ["Zoe (PagerDuty)", "lena"]
    assert watch()["imported"]["strangers"] == ["Zoe"]
    assert "Zoe" in doctor.imports().says


def test_it_is_written_there_and_not_here(night: Night, there: PagerDuty) -> None:
    take_over(night)
    before = Rota.objects.values().get(product=PRODUCT)
    rest = Rest(token("all", "admin"))
    assert call(rest, "PUT", f"rotas/{PRODUCT}", WRITTEN).status_code == 409
    swap = {"person": "dora", "reason": "Ill", "instead_of": "petya"}
    assert call(rest, "POST", f"rotas/{PRODUCT}/swaps", swap).status_code == 409
    with pytest.raises(Conflict):
        importing.do_ask(OPERATOR, "bos", now=clock.now())
    assert Rota.objects.values().get(product=PRODUCT) == before and not Swap.objects.exists()


def test_a_page_goes_along_the_rota_that_was_taken_over(night: Night, there: PagerDuty, phones: Notified) -> None:
    take_over(night)
    there.answers = [400]
    night.say("cedar", "P0 all is down")
    night.later(seconds=1)
    assert phones.people() == ["petya"], "whoever has the watch there, by a way of their own"
    night.later(minutes=5, seconds=10)
    assert phones.people() == ["petya", "dora"], "whose turn comes next"
    night.later(minutes=5)
    assert phones.people() == ["petya", "dora", "lena"], "the second level"


def test_commands_and_the_calendar_tell_the_same(night: Night, there: PagerDuty) -> None:
    take_over(night)
    (one,) = told("oncall", "who", "--product", PRODUCT)["items"]
    assert [shift["person"] for shift in one["on_call"]] == ["petya", "lena"]
    said = command("oncall", "who").stdout
    assert "petya" in said and f"The rota is PagerDuty's (escalation policy {POLICY})" in said
    assert "On call: dora" in command("oncall", "ics", "--product", PRODUCT).stdout
    asked = command("oncall", "import", "--product", PRODUCT)
    assert asked.exit_code == 0 and OutboxRow.objects.filter(kind="oncalls", state="queued").count() == 1


def test_more_on_calls_than_one_answer_holds(night: Night, there: PagerDuty) -> None:
    begin = NIGHT.replace(hour=0)
    for number in range(240):
        start = begin + timedelta(hours=3 * number)
        end = start + timedelta(hours=3)
        there.on_call(
            POLICY, ("Petya", "Dora")[number % 2], start.isoformat(), end.isoformat(), level=3, schedule="Fast"
        )
    take_over(night)
    stored = Rota.objects.get(product=PRODUCT).written["on_call"]
    assert sum(one["layer"] == "Fast" for one in stored) == 240
    assert who()[2] == "petya" and who(hours=3)[2] == "dora"


def test_two_workers_ask_once(night: Night, there: PagerDuty) -> None:
    Import.objects.create(product=PRODUCT)
    now, found, both = clock.now(), [], threading.Barrier(2)

    def look() -> None:
        both.wait()
        found.append(importing.ask_due(now))
        connection.close()

    threads = [threading.Thread(target=look) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [0, 1]
    assert OutboxRow.objects.filter(kind="oncalls").count() == 1
