"""Promises by REST: simulated, retargeted, and what was told (R21, R22, D8)."""

from __future__ import annotations

from typing import Any

from roomdesk.clocks.models import Revision
from roomdesk.directory import services
from tests.cases_api.place import Rest, token
from tests.clocks.bench import ACTOR, Bench

ASKED = "sla/simulate?product=plana-business-cloud&tier=enterprise&severity=critical&at=2026-03-11T08:00:00Z"


def test_every_kind_of_clock_is_simulated(bench: Bench) -> None:
    rest = Rest(token("reader", "directory:read"))
    clocks = rest.get(ASKED + "&addons=").json()["clocks"]
    assert [(c["clock"], c["due_at"], c["state"]) for c in clocks] == [
        ("first_response", "2026-03-11T09:00:00Z", "running"),
        ("update", "2026-03-11T10:00:00Z", "running"),
        ("resolution", "2026-03-11T16:00:00Z", "running"),
    ]


def test_what_the_product_does_not_have_is_refused(bench: Bench) -> None:
    rest = Rest(token("reader", "directory:read"))
    for wrong, field in (
        ("severity=critical", "severity=odd"),
        ("tier=enterprise", "tier=odd"),
        ("at=2026-03-11T08:00:00Z", "at=noon"),
    ):
        answer = rest.get(ASKED.replace(wrong, field))
        assert answer.status_code in (400, 422), field
        assert answer.headers["content-type"].startswith("application/problem+json")


def test_retargeted_once_for_a_key_after_a_dry_run(bench: Bench) -> None:
    matter = bench.matter("birch", "high")
    bench.until("Wed 11:00")
    services.do_put_workspace(
        slug="birch", product="plana-business-cloud", tier="enterprise", actor=ACTOR, now=bench.now
    )
    rest = Rest(token("boss", "admin"))
    wanted: dict[str, Any] = {"ref": matter.case.ref, "dry_run": True}
    assert [c["after"]["due_at"] for c in rest.post("sla/retarget", wanted).json()["clocks"]] == [
        "2026-03-11T13:00:00Z"
    ]
    assert Revision.objects.count() == 1
    wanted = {"ref": matter.case.ref, "reason": "They bought Enterprise."}
    first, again = (rest.post("sla/retarget", wanted, key="one").json() for _ in range(2))
    assert first == again
    assert (len(first["clocks"]), Revision.objects.count()) == (1, 2)


def test_what_was_told_is_listed_for_the_installation_only(bench: Bench) -> None:
    bench.matter("birch")
    bench.run_until("Wed 14:30")
    page = Rest(token("all", "cases:read")).get("sla/notices?limit=3").json()
    assert [item["step"] for item in page["items"]] == [100, 90, 75]
    rest = Rest(token("one", "cases:read", workspace="birch"))
    assert rest.get("sla/notices").status_code == 403
