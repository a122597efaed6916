"""What is told about clocks: explanations, notices and who has seen them, the audit (R21, R22, D8, D22)."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from roomdesk.audit.exporting import exported
from roomdesk.cases.models import Case
from roomdesk.clocks import explain, queries, retargeting, seeing
from roomdesk.clocks import services as clocks
from roomdesk.clocks.models import Clock, NoticeSeen, Revision
from roomdesk.directory import services
from roomdesk.directory.errors import Invalid, NotFound
from roomdesk.directory.models import Person
from roomdesk.directory.queries import Viewer, viewer_of_person
from roomdesk.product.queries import newest
from roomdesk.product.services import product_of, version
from roomdesk.queues.models import Timer
from tests.cli.shell import done, refusal, run
from tests.clocks.bench import ACTOR, Bench, Matter

ALL = Viewer("staff", "ivan", sees_all=True)


def told(bench: Bench, matter: Matter, kind: str = "first_response") -> dict[str, object]:
    return explain.explain(matter.clock(kind), bench.now)


def test_the_explanation_tells_every_change_the_grace_and_the_breach(bench: Bench) -> None:
    matter = bench.matter("birch", "high")
    bench.until("Wed 17:50")
    bench.change(matter, "critical", reason="Nobody can work.")
    bench.run_until("Thu 09:30")
    value = told(bench, matter)
    assert (value["state"], value["due_at"], value["caused_by"]) == (
        "breached",
        bench.at("Thu 09:05"),
        "severity:critical",
    )
    assert [(r["number"], r["severity"], r["cause"], r["reason"]) for r in value["revisions"]] == [
        (1, "high", "start", None),
        (2, "critical", "severity:critical", "Nobody can work."),
    ]
    words = "\n".join(value["lines"])
    assert "2026-03-11 15:50:00 UTC: changed by ivan because of severity:critical (Nobody can work.)" in words
    assert (
        "The grace after the change of 2026-03-11 15:50:00 UTC ends later than that: due 2026-03-12 07:05:00 UTC."
        in words
    )
    assert "It was breached after 2026-03-12 07:05:00 UTC, which would not be without severity:critical." in words
    assert value["lines"][-1].startswith("It is breached; ")


def test_the_explanation_tells_every_pause(bench: Bench) -> None:
    matter = bench.matter("birch", kinds=("resolution",))
    bench.until("Wed 12:00")
    with bench.acting() as work:
        clocks.pause(work, matter.subject, matter.running, at=bench.now)
    assert (told(bench, matter, "resolution")["state"], told(bench, matter, "resolution")["due_at"]) == ("paused", None)
    bench.until("Wed 14:00")
    with bench.acting() as work:
        clocks.resume(work, matter.subject, matter.running, at=bench.now)
    value = told(bench, matter, "resolution")
    assert value["pauses"] == [{"from": bench.at("Wed 12:00"), "to": bench.at("Wed 14:00")}]
    assert "paused" in [segment["what"] for segment in value["segments"]]
    assert value["due_at"] == bench.at("Fri 12:00")


def test_many_clocks_are_explained_with_as_many_queries_as_one(bench: Bench) -> None:
    matter = bench.matter("birch", kinds=("first_response", "resolution"))
    bench.answer(matter)
    rows = list(Clock.objects.select_related("case", "cycle", "product_version").order_by("id"))
    with CaptureQueriesContext(connection) as captured:
        values = explain.explain_all(rows, bench.now)
    assert ([value["clock"] for value in values], len(captured)) == (["first_response", "resolution", "update"], 2)


def test_notices_are_shown_to_those_they_are_for(bench: Bench) -> None:
    bench.matter("birch", assignee="ivan")
    bench.run_until("Wed 14:30")
    ivan, lena = Person.objects.get(slug="ivan"), Person.objects.get(slug="lena")
    steps = {
        person.slug: [n.step for n in queries.notices(ALL, person=person, at=bench.now).items]
        for person in (ivan, lena)
    }
    assert steps == {"ivan": [100, 90, 75, 50], "lena": [100, 90, 75]}


def test_a_notice_is_acknowledged_once_by_each_person(bench: Bench) -> None:
    bench.matter("birch", assignee="ivan")
    bench.run_until("Wed 12:30")
    ivan = Person.objects.get(slug="ivan")
    notice = queries.notices(ALL).items[0]
    for _ in range(2):
        seeing.do_acknowledge(ALL, notice.pk, person=ivan, actor=ACTOR, now=bench.now)
    assert NoticeSeen.objects.count() == 1
    assert len(bench.audit("birch", "clock.notice_seen")) == 1
    assert queries.notices(ALL, person=ivan, at=bench.now, unseen=True).items == []
    assert queries.notices(ALL, person=ivan, at=bench.now).items[0].is_seen


def test_customers_see_no_notices_and_acknowledge_none(bench: Bench) -> None:
    bench.matter("birch")
    bench.run_until("Wed 12:30")
    owner = Person.objects.get(slug="olga-birch")
    viewer = viewer_of_person(owner, bench.now)
    assert queries.notices(viewer).items == []
    with pytest.raises(NotFound):
        seeing.do_acknowledge(viewer, queries.notices(ALL).items[0].pk, person=owner, actor=ACTOR, now=bench.now)
    assert NoticeSeen.objects.count() == 0


def test_of_a_restricted_case_no_notice_tells_the_title(bench: Bench) -> None:
    bench.matter("birch")
    bench.run_until("Wed 12:30")
    shown = queries.shown_notice(queries.notices(ALL).items[0])
    assert shown["title"] == "A secret of the customer"
    Case.objects.update(is_restricted=True)
    shown = queries.shown_notice(queries.notices(ALL).items[0])
    assert shown["title"] is None
    assert "secret" not in json.dumps(shown, default=str)
    assert "secret" not in json.dumps(bench.audit("birch", "clock.told"))


def test_notices_come_in_pages_with_as_many_queries(bench: Bench) -> None:
    for _ in range(5):
        bench.matter("birch")
    bench.run_until("Wed 12:30")
    numbers = []
    for limit in (2, 5):
        with CaptureQueriesContext(connection) as captured:
            page = queries.notices(ALL, limit=limit)
            [queries.shown_notice(notice) for notice in page.items]
        numbers.append(len(captured))
    assert numbers == [1, 1]
    first = queries.notices(ALL, limit=2)
    second = queries.notices(ALL, before=first.next, limit=50)
    assert len({n.pk for n in (*first.items, *second.items)}) == 5
    assert second.next is None


def upgrade(bench: Bench, at: str, tier: str = "enterprise") -> None:
    bench.until(at)
    services.do_put_workspace(slug="birch", product="plana-business-cloud", tier=tier, actor=ACTOR, now=bench.now)


def test_a_new_tier_reaches_running_clocks_only_by_command_from_when_it_took_effect(bench: Bench) -> None:
    matter = bench.matter("birch", "high")
    upgrade(bench, "Wed 11:00")
    assert matter.clock().due_at == bench.at("Thu 10:00")
    bench.until("Wed 12:00")
    before = Revision.objects.count()
    preview = done("sla", "retarget", "--workspace", "birch", "--dry-run")
    assert [(c["before"]["due_at"], c["after"]["due_at"], c["late"]) for c in preview["clocks"]] == [
        ("2026-03-12T08:00:00Z", "2026-03-11T13:00:00Z", False)
    ]
    assert (Revision.objects.count(), matter.clock().due_at, bench.audit("birch", "sla")) == (
        before,
        bench.at("Thu 10:00"),
        [],
    )
    run("sla", "retarget", "--workspace", "birch", "--reason", "They bought Enterprise.")
    clock = matter.clock()
    # Four business hours from 11:00, when the tier took effect.
    assert (clock.due_at, clock.counted_from) == (bench.at("Wed 15:00"), bench.at("Wed 11:00"))
    assert Timer.objects.get(subject_id=clock.pk).next_at == bench.at("Wed 13:00")
    assert matter.clock().cycle.tier == "enterprise"
    entry = bench.audit("birch", "sla")[0]
    assert (entry["reason"], entry["clocks"]) == ("They bought Enterprise.", 1)
    assert done("sla", "retarget", "--workspace", "birch", "--reason", "Again.")["clocks"] == []


def test_the_preview_of_a_product_says_what_would_be_late(bench: Bench) -> None:
    bench.matter("birch", "high")
    upgrade(bench, "Wed 10:30")
    bench.until("Fri 12:00")
    words = run("sla", "retarget", "--product", "plana-business-cloud", "--dry-run").stdout
    assert "late" in words
    assert "1 clocks would change." in words


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ((), "one of them"),
        (("--workspace", "birch", "--product", "bos", "--dry-run"), "one of them"),
        (("--workspace", "birch"), "say why"),
        (("BC-9999", "--dry-run"), "BC-9999"),
        (("--workspace", "nobody", "--dry-run"), "nobody"),
    ],
)
def test_retarget_refuses_and_changes_nothing(bench: Bench, words: tuple[str, ...], reason: str) -> None:
    matter = bench.matter("birch", "high")
    upgrade(bench, "Wed 11:00")
    assert reason in refusal("sla", "retarget", *words)
    assert (Revision.objects.count(), matter.clock().due_at) == (1, bench.at("Thu 10:00"))


def test_a_new_policy_counts_from_the_start_and_is_explained(bench: Bench) -> None:
    matter = bench.matter("birch", "normal")
    old = newest(["plana-business-cloud"])["plana-business-cloud"]
    product = product_of(version(old.slug, old.number))
    targets = tuple(
        row.model_copy(update={"target": row.target.model_copy(update={"amount": "1"})})
        if (row.clock, row.tier, row.severity) == ("first_response", "pro", "normal")
        else row
        for row in product.targets
    )
    bench.until("Wed 12:00")
    services.load(product.model_copy(update={"targets": targets}), ACTOR, bench.now)
    assert matter.clock().due_at == bench.at("Fri 10:00")
    value = retargeting.do_retarget(
        ALL, ref=matter.case.ref, reason="Faster now.", dry_run=False, actor=ACTOR, now=bench.now
    )
    assert [(c["cause"], c["after"]["due_at"]) for c in value["clocks"]] == [("policy", bench.at("Thu 10:00"))]
    explained = told(bench, matter)
    assert [r["policy"]["version"] for r in explained["revisions"]] == [old.number, old.number + 1]


def test_a_viewer_without_the_workspace_cannot_retarget(bench: Bench) -> None:
    bench.matter("birch", "high")
    stranger = viewer_of_person(Person.objects.get(slug="olga-acme"), bench.now)
    with pytest.raises(NotFound):
        retargeting.do_retarget(stranger, workspace="birch", reason="x", dry_run=False, actor=ACTOR, now=bench.now)
    with pytest.raises(Invalid):
        retargeting.do_retarget(ALL, reason="x", dry_run=False, actor=ACTOR, now=bench.now)
    assert Revision.objects.count() == 1


def test_the_audit_alone_tells_what_every_due_time_rests_on(bench: Bench) -> None:
    matter = bench.matter("birch", "high", kinds=("first_response", "resolution"))
    bench.until("Wed 12:00")
    with bench.acting() as work:
        clocks.pause(work, matter.subject, matter.running, at=bench.now)
    bench.change(matter, "critical")
    bench.run_until("Wed 14:30")
    bench.answer(matter)
    entries = bench.audit("birch")
    assert [entry["action"] for entry in entries if entry["clock"] == "first_response"] == [
        "clock.started", "clock.retargeted", "clock.told", "clock.told", "clock.told", "clock.breached", "clock.told",
        "clock.breached",
    ]  # fmt: skip
    last = [entry for entry in entries if entry["clock"] == "first_response"][-1]
    assert (last["policy"], last["target"], last["tier"]) == (
        {"product": "plana-business-cloud", "version": 1},
        {"amount": "4", "kind": "business_hours", "soft": False},
        "pro",
    )
    assert datetime.fromisoformat(last["counted_from"]) == bench.at("Wed 10:00")
    paused = next(entry for entry in entries if entry["action"] == "clock.paused")
    assert datetime.fromisoformat(paused["paused_at"]) == bench.at("Wed 12:00")
    loaded = [line for line in exported("vendor") if line["action"] == "product.loaded"]
    cloud = next(line for line in loaded if line["subject"] == "product:plana-business-cloud")
    data = json.loads(cloud["content"]["data"])
    assert data["calendars"]["sofia"]["holidays"]["2026-03-03"]
    assert (data["warnings"], data["upward_grace_minutes"]) == ([50, 75, 90], 15)
    assert any(row["clock"] == "resolution" for row in data["targets"])


def test_a_workspace_that_was_suspended_is_promised_nothing_by_a_retarget(bench: Bench) -> None:
    matter = bench.matter("birch", "high")
    bench.time.tick(timedelta(hours=1))
    matter.subject = replace(matter.subject, has_clocks=False)
    with bench.acting() as work:
        clocks.retarget(work, matter.subject, matter.running[0], at=bench.now, by="ivan", cause="state")
    assert (matter.clock().due_at, matter.clock().state, Timer.objects.count()) == (None, "running", 0)
