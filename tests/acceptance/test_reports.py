"""The support lead reads how the desk does, and takes the figures along (R57)."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta

import pytest
from django.test import Client

from roomdesk.cases.models import CaseChange, CaseCycle
from roomdesk.directory.models import Person
from roomdesk.runtime import clock
from tests.reports import made_up
from tests.reports.made_up import NOW, case

HOUR = timedelta(hours=1)


def answered(after: timedelta, *, late: bool = False) -> dict[str, object]:
    due = NOW - 24 * HOUR + 4 * HOUR
    state = {"state": "breached", "breached_at": due} if late else {"state": "met"}
    return {"stopped_at": NOW - 24 * HOUR + after, "due_at": due, **state}


def lead() -> Client:
    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(Person.objects.get(slug="lea"), "allauth.account.auth_backends.AuthenticationBackend")
    return client


def sheet(client: Client, report: str, table: str) -> list[dict[str, str]]:
    answer = client.get(f"/console/reports/{report}?csv={table}")
    assert answer.status_code == 200
    return list(csv.DictReader(io.StringIO(answer.content.decode())))


@pytest.mark.requirement("R57")
def test_attainment_response_times_volume_and_workload_are_told_lead_to_their_cases_and_are_exported(
    database: str,
) -> None:
    ivan = {"begun": NOW - 24 * HOUR}
    with clock.frozen(NOW):
        made_up.build()
        person = Person.objects.get(slug="ivan")
        quick = case("acme", answered(HOUR), assignee=person, **ivan)
        slow = case("acme", answered(9 * HOUR, late=True), severity="critical", **ivan)
        done = case("acme", answered(2 * HOUR), state="resolved", **ivan)
        CaseCycle.objects.filter(case=done).update(ended_at=NOW - HOUR)
        CaseChange.objects.create(
            case=done, cycle=1, at=NOW - HOUR, what="state", before="new", after="resolved", by="ivan"
        )
        client = lead()
        (month,) = [row for row in sheet(client, "attainment", "months") if row["Met"] != "0"]
        assert (month["Month"], month["Met"], month["Late"], month["Kept"]) == ("2026-03", "2", "1", "66.7 %")
        rows = sheet(client, "attainment", "lines")
        assert {(row["Product"], row["Tier"], row["Severity"], row["Met"], row["Late"]) for row in rows} == {
            ("PLANA Business Cloud", "Pro", "Normal", "2", "0"),
            ("PLANA Business Cloud", "Pro", "Critical", "0", "1"),
        }
        times = sheet(client, "responses", "times")[0]
        assert (times["Answers"], times["50 % within"], times["90 % within"]) == ("3", "2 h", "9 h")
        yesterday, today = sheet(client, "backlog", "course")[1::-1]
        assert (yesterday["Begun"], today["Ended"], today["Open in the evening"]) == ("3", "1", "2")
        hands = {row["Assignee"]: row for row in sheet(client, "workload", "hands")}
        assert (hands["Ivan"]["Open"], hands["Ivan"]["Resolved in 2026-03"], hands["Nobody"]["Open"]) == ("1", "1", "1")
        page = client.get("/console/reports").content.decode()
        links = [
            one.replace("&amp;", "&")
            for one in re.findall(r'href="(/console/reports/cases[^"]+figure=breached[^"]*)"', page)
        ]
        behind = [client.get(link).content.decode() for link in links]
        assert len(links) == 2 and all(slow.ref in text and quick.ref not in text for text in behind)
