"""Pages call products, people and workspaces by their names, and tell times in the zone of whose they are."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from django.test import Client

from roomdesk.cases import taking
from roomdesk.cases.models import Case
from roomdesk.directory import services
from roomdesk.directory.queries import Viewer
from roomdesk.runtime import clock
from roomdesk.webhooks import managing
from tests.console.conftest import ACTOR, open_case

Browser = Callable[[str | None], Client]
#: 12:00 in Sofia (bos), 07:00 in São Paulo (power-omni).
NOW = datetime(2027, 3, 3, 10, 0, tzinfo=UTC)


def main_of(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return answer.content.decode().split("<main")[1].split("</main>")[0]


def test_lists_and_reports_name_products(browser: Browser) -> None:
    open_case()
    lea = browser("lea")
    services.do_put_staff(id="dora", roles=["administrator"], product="", actor=ACTOR, now=clock.now())
    wish = managing.Wish("https://8.8.8.8/x", "power-omni", [])
    managing.do_put(Viewer("cli", "t", sees_all=True), "ours", wish, actor=ACTOR, now=clock.now())
    assert ">Power Omni</a>" in main_of(lea, "/console/workspaces")
    assert "Power Omni, all events" in main_of(browser("dora"), "/console/webhooks")
    page = main_of(lea, "/console/reports")
    assert "Power Omni" in page.split("<table")[2] and "<td>power-omni" not in page
    chips = (
        main_of(lea, "/console/?product=power-omni&assignee=lea&workspace=beta")
        .split('class="chips"')[1]
        .split("</ul>")[0]
    )
    assert "Product: Power Omni" in chips and "Assignee: Lea" in chips


def test_over_the_cases_of_a_figure_stands_what_it_counts(browser: Browser) -> None:
    open_case()
    lea, month = browser("lea"), f"{clock.now():%Y-%m}"
    address = f"/console/reports/cases?report=attainment&figure=undecided&product=power-omni&clock=first_response&promise=public&month={month}"
    page = main_of(lea, address)
    for words in ("Attainment: Running", "Product Power Omni", "Clock First response", f"Month {clock.now():%B %Y}"):
        assert words in page
    for figure, words in (("all", "All"), ("0", "up to 1 d"), ("99", "over 30 d")):
        assert f"Backlog: {words}" in main_of(lea, f"/console/reports/cases?report=backlog&figure={figure}")
    for figure, words in (("all", "All"), ("0", "up to 15 min"), ("least:60000000", "at least 1 min")):
        assert f"Response times: {words}" in main_of(
            lea, f"/console/reports/cases?report=responses&figure={figure}&month={month}"
        )
    day = int(datetime(2026, 3, 2, tzinfo=UTC).timestamp())
    assert "Open in the evening 2026-03-01" in main_of(lea, f"/console/reports/cases?report=course&figure={day}")
    assert "Workload: Late · Assignee Ivan" in main_of(
        lea, "/console/reports/cases?report=workload&figure=late&who=ivan"
    )


def test_times_are_those_of_the_products_office_and_name_their_zone(browser: Browser) -> None:
    with clock.frozen(NOW):
        case = open_case(workspace="acme", author="olga")
        cli = Viewer("cli", "t", sees_all=True)
        taking.do_page(cli, case.ref, reason="", author=None, actor=ACTOR, now=NOW)
        Case.objects.filter(pk=case.pk).update(snoozed_until=NOW + timedelta(hours=3))
        services.do_put_staff(id="dora", roles=["administrator"], product="", actor=ACTOR, now=NOW)
        wish = managing.Wish("https://8.8.8.8/x", "power-omni", [])
        managing.do_put(cli, "ours", wish, actor=ACTOR, now=NOW)
        managing.do_ping(cli, "ours", actor=ACTOR, now=NOW)
        lea, dora, ivan = browser("lea"), browser("dora"), browser("ivan")
        assert "called since Wednesday 12:00 EET" in main_of(lea, "/console/oncall")
        assert "until Wednesday 15:00 EET" in main_of(lea, f"/console/cases/{case.ref}")
        assert "Wednesday 12:00 EET" in main_of(lea, "/console/reports/cases?report=backlog&figure=all")
        assert "Wednesday 07:00 UTC-03" in main_of(dora, "/console/webhooks/ours")
        assert "EET" in main_of(dora, "/console/audit?scope=workspace:acme") and "12:00 UTC" not in main_of(
            dora, "/console/audit?scope=workspace:acme"
        )
        assert "10:00 UTC" in main_of(dora, "/console/audit?scope=vendor"), "offices of two zones share none"
        assert " EET" in main_of(ivan, "/console/products") and " UTC" not in main_of(ivan, "/console/products")
