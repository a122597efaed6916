"""Workspaces, products, the audit, health, and what a case's page says of its clocks, its checklist and its workspace."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from roomdesk.audit.models import Entry
from roomdesk.cases.models import Case, Intake
from roomdesk.clocks.explain import explain
from roomdesk.clocks.models import Clock
from roomdesk.directory import services
from roomdesk.product.models import ProductVersion
from roomdesk.product.queries import product_of
from roomdesk.queues.models import InboxEvent
from roomdesk.runtime import clock
from roomdesk.web.console.strip import strip
from tests.audit.owner import tamper
from tests.console.conftest import ACTOR, open_case
from tests.console.test_pages import queries_of

Browser = Callable[[str | None], Client]


def page(client: Client, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status, answer.content.decode()[-2000:]
    return answer.content.decode()


def test_a_clocks_strip_adds_up_to_its_explanation(browser: Browser) -> None:
    case = open_case("P0 Nothing works")
    found = Clock.objects.get(case=case, kind="first_response")
    told = explain(found, clock.now() + timedelta(hours=1))
    drawn = strip(told)
    assert drawn is not None and drawn.due
    counted = [one for one in drawn.pieces if one.tone == "counted"]
    whole = max(told["due_at"], told["at"]) - told["counted_from"]
    seconds = sum(float(segment["seconds"]) for segment in told["segments"] if segment["what"] == "counted")
    assert sum(float(one.width) for one in counted) == pytest.approx(100 * seconds / whole.total_seconds(), abs=0.5)
    assert all(float(one.x) + float(one.width) <= 100.5 for one in drawn.pieces)
    text = page(browser("lea"), f"/console/cases/{case.ref}")
    assert '<rect class="counted"' in text and "now or stopped" in text


def test_the_checklist_tells_what_is_there_and_what_is_missing(browser: Browser) -> None:
    case = open_case("Something is wrong")
    one, *_, other = product_of(Clock.objects.filter(case=case)[0].product_version_id).checklist.items
    # What the product asked for once, and not any more, is told too.
    Intake.objects.filter(case=case).update(asked=f"{one} {other} old_item", known=f"{one} old_item")
    text = page(browser("lea"), f"/console/cases/{case.ref}")
    card = text.split('class="checklist"')[1].split("</ul>")[0]
    assert re.findall(r"is (there|missing)", card) == ["there", "missing", "there"]
    assert "Old item" in card


def test_a_case_names_its_workspaces_plan_history_and_who_is_on_call(browser: Browser) -> None:
    first, second = open_case("The first one"), open_case("The second one")
    text = page(browser("lea"), f"/console/cases/{second.ref}")
    card = text.split('id="workspace"')[1].split("</section>")[0]
    assert first.ref in card and "The first one" in card and "nobody: this product has no rota" in card
    Case.objects.filter(pk=first.pk).update(is_restricted=True)
    assert "The first one" not in page(browser("lea"), f"/console/cases/{second.ref}")


def test_a_workspace_is_found_and_shown_with_people_plan_and_cases(browser: Browser) -> None:
    case, client = open_case("An old matter"), browser("lea")
    listed = page(client, "/console/workspaces?q=BET")
    assert "/console/workspaces/beta" in listed and "/console/workspaces/acme" not in listed
    assert "Nobody is called so" in page(client, "/console/workspaces?q=zzz")
    text = page(client, "/console/workspaces/beta")
    for words in ("oto", "Owner", "Enterprise", "An old matter", case.ref, "has no rooms"):
        assert words in text, words
    assert "not made yet" in page(client, "/console/workspaces/acme")
    assert "An old matter" not in page(browser("ivan"), "/console/workspaces")


def test_a_products_policy_is_read_as_tables_and_versions_are_compared(browser: Browser) -> None:
    client = browser("lea")
    text = page(client, "/console/products/power-omni")
    assert "There is no older version" in text
    for words in ("What is promised", "business hours", "First response", "After hours"):
        assert words in text, words
    old = ProductVersion.objects.get(slug="power-omni")
    content = json.loads(old.content)
    content["name"] = "Power Omni Two"
    ProductVersion.objects.create(
        slug="power-omni", number=2, content_hash="x", content=json.dumps(content), loaded_at=clock.now()
    )
    text = page(client, "/console/products/power-omni")
    changes = text.split('<caption id="changes">')[1].split("</table>")[0]
    assert ">name</th>" in changes and "Power Omni Two" in changes
    assert (
        "Power Omni Two"
        not in page(client, "/console/products/power-omni?version=1&against=1").split("<main")[1].split("<form")[0]
    )
    assert "has no version 7" in page(client, "/console/products/power-omni?version=7", 404)


def auditor(browser: Browser) -> Client:
    services.do_put_staff(id="vera", roles=["auditor"], product="", actor=ACTOR, now=clock.now())
    return browser("vera")


def test_the_audit_lists_filters_and_walks_a_chain(browser: Browser, desk: str) -> None:
    client, case = auditor(browser), open_case()
    text = page(client, "/console/audit?scope=workspace:beta")
    assert "message.recorded" in text and "case" in text
    only = page(client, "/console/audit?scope=workspace:beta&action=message.")
    assert "message.recorded" in only and "workspace.put" not in only.split("<table")[1]
    assert "Nothing is found here" in page(client, "/console/audit?scope=workspace:beta&subject=case:none")
    whole = "/console/audit?scope=workspace:beta&verify=yes"
    assert "are in order" in page(client, whole)
    entry = Entry.objects.filter(scope="workspace:beta").order_by("seq").last()
    assert entry is not None
    tamper(desk, f"UPDATE audit_content SET data = '{{}}' WHERE entry_id = {entry.pk}")
    assert f"Number {entry.seq}:" in page(client, whole)
    assert case.ref


def test_the_audit_of_a_restricted_case_stays_with_the_security_role(browser: Browser) -> None:
    client, case = auditor(browser), open_case()
    Case.objects.filter(pk=case.pk).update(is_restricted=True)
    text = page(client, f"/console/audit?scope=workspace:beta&subject=case:{case.ref}")
    assert "of a restricted case" in text
    services.do_put_staff(id="vera", roles=["auditor", "security"], product="", actor=ACTOR, now=clock.now())
    assert "of a restricted case" not in page(client, f"/console/audit?scope=workspace:beta&subject=case:{case.ref}")


def test_a_page_of_the_audit_costs_the_same_for_a_long_chain(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    client = auditor(browser)
    open_case()
    address = "/console/audit?scope=workspace:beta"
    few = len(queries_of(client, address))
    for number in range(30):
        open_case(f"Another {number}")
    with CaptureQueriesContext(connection) as caught:
        text = page(client, address)
    assert len([one for one in caught if not one["sql"].startswith(("SAVEPOINT", "RELEASE"))]) <= few <= 24
    assert 'rel="next"' in text
    seen: list[str] = []
    while True:
        seen += re.findall(r'<th scope="row">(\d+)</th>', text)
        following = re.search(r'href="([^"]+)" rel="next"', text)
        if not following:
            break
        text = page(client, following[1].replace("&amp;", "&"))
    assert [int(one) for one in seen] == list(range(Entry.objects.filter(scope="workspace:beta").count(), 0, -1))


def test_health_tells_what_is_wrong_and_what_to_do(browser: Browser) -> None:
    text = page(browser("lea"), "/console/health")
    assert "Workers" in text and "roomdesk worker" in text
    InboxEvent.objects.create(source="matrix", external_id="$odd", received_at=clock.now(), raw="{}", state="set_aside")
    text = page(browser("lea"), "/console/health")
    assert "1 events always failed" in text and "roomdesk inbox show" in text


@pytest.mark.part_of("R57")
def test_reports_teach_where_there_is_nothing_and_give_their_tables_as_files(browser: Browser) -> None:
    client = browser("lea")
    assert "Times stand here from the first answer on" in page(client, "/console/reports/responses")
    case = open_case()
    client.post(f"/console/cases/{case.ref}", {"text": "Here is the answer."})
    text = page(client, "/console/reports/responses")
    link = re.search(r'href="(/console/reports/cases[^"]+)"', text)
    assert link is not None
    assert case.ref in page(client, link[1].replace("&amp;", "&"))
    answer = client.get("/console/reports/responses?csv=times")
    assert answer["Content-Type"].startswith("text/csv") and "attachment" in answer["Content-Disposition"]
    head, everything = answer.content.decode().splitlines()[:2]
    assert head == "Severity,Answers,50 % within,75 % within,90 % within,95 % within,Longest"
    assert everything.startswith("All,1,")


def test_a_name_is_no_formula_in_a_file(browser: Browser) -> None:
    services.do_put_staff(
        id="eve", name="=HYPERLINK(1)", roles=["engineer"], product="power-omni", actor=ACTOR, now=clock.now()
    )
    case = open_case()
    browser("eve").post(f"/console/cases/{case.ref}/act", {"act": "take"})
    lines = browser("lea").get("/console/reports/workload?csv=hands").content.decode().splitlines()
    assert lines[1].startswith("'=HYPERLINK(1),1,")
