"""Whether anybody would be woken at night, as `doctor` asks (R37, R39, D22, D34)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from roomdesk import bootstrap
from roomdesk.directory import services
from roomdesk.directory.queries import Viewer
from roomdesk.doctor import paging as doctor
from roomdesk.oncall import reaching, rotas
from roomdesk.runtime import clock
from tests.fakes.pagerduty import KEY
from tests.flow.world import ACTOR, IVAN
from tests.paging.night import NIGHT, PRODUCT, Night
from tests.paging.test_rotas import WRITTEN

pytestmark = pytest.mark.part_of("R39")
OPERATOR = Viewer("cli", "tests", sees_all=True)


def test_what_is_missing_until_somebody_would_be_woken(night: Night, monkeypatch: pytest.MonkeyPatch) -> None:
    def told(**given: str) -> tuple[str, str]:
        monkeypatch.setattr(doctor, "settings", replace(bootstrap.settings, **given))
        found = doctor.paging()
        return found.status, found.says

    assert told()[0] == "warning" and "would call nobody but the control room" in told()[1]
    routed = {"pagerduty_routing": KEY}
    assert "cannot tell the desk who has a page" in told(**routed)[1]
    routed["pagerduty_webhook_secrets"] = "a-secret"
    assert "While PagerDuty is away nobody is called" in told(**routed)[1]
    reaching.do_put(OPERATOR, "ivan", [("matrix", "")], actor=ACTOR, now=clock.now())
    assert "the watchdog has no heartbeat address" in told(**routed)[1]
    assert told(**routed, heartbeat_url="https://outside.example/beat")[0] == "ok"


def test_a_gap_ahead_and_a_rota_without_the_security_role(night: Night) -> None:
    for person in ("petya", "dora"):
        services.do_put_staff(id=person, roles=["engineer"], actor=ACTOR, now=NIGHT)
    away = [
        {"person": name, "start": "2026-03-20T20:00:00Z", "end": "2026-03-21T04:00:00Z"} for name in ("ivan", "petya")
    ]
    rotas.do_put(OPERATOR, PRODUCT, {**WRITTEN, "leave": away}, actor=ACTOR, now=clock.now())
    assert "from 2026-03-20 20:00 to 2026-03-21 04:00 UTC" in doctor.rota().says
    rotas.do_put(OPERATOR, PRODUCT, WRITTEN, actor=ACTOR, now=clock.now())
    assert "has the security role" in doctor.rota().says
    services.do_put_staff(id="petya", roles=["engineer", "security"], actor=ACTOR, now=NIGHT)
    assert doctor.rota().status == "ok"


def test_a_page_that_nobody_has_for_half_an_hour(night: Night) -> None:
    night.say("cedar", "P0 all is down")
    night.pagerduty.page()
    assert doctor.pages().status == "ok"
    night.later(minutes=31)
    assert doctor.pages().status == "problem" and night.case("cedar").ref in doctor.pages().says
    night.say("cedar", "I am here", IVAN)
    assert doctor.pages().status == "ok"
