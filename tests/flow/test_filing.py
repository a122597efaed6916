"""The support lead sees what belongs to no case and how well the desk files by itself, and takes triage back with one key."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from roomdesk.audit.models import Entry
from roomdesk.cases import changing, joining, parting, untriaging
from roomdesk.cases.changing import Change
from roomdesk.cases.models import Case
from roomdesk.cases.parting import Parting
from roomdesk.clocks.models import Clock
from roomdesk.directory import services
from roomdesk.directory.models import Person
from roomdesk.directory.queries import viewer_of_person
from roomdesk.record.models import Message
from roomdesk.refusals import Conflict, DeskError, NotFound
from roomdesk.reports.filing import filing
from roomdesk.reports.unplaced import unplaced
from roomdesk.runtime import clock
from tests.cases_api.place import Rest, command, nothing_changes, token, told
from tests.flow.world import ACTOR, ASEN, EVERYONE, IVAN, OLGA, START, message, room, store, work_off

ROOM = room("birch")
PRODUCT = "plana-business-cloud"
INVOICE = "Can we get a printable invoice for March, please?"


@pytest.fixture(autouse=True)
def _desk(desk: None) -> None:
    """The world, in which birch has one open case since yesterday."""


def says(event_id: str, sender: str, text: str, **content: Any) -> Message:
    store(message(event_id, ROOM, sender, text, **content))
    work_off()
    return Message.objects.get(external_id=event_id)


def case_of(event_id: str) -> Case:
    found = Message.objects.get(external_id=event_id).case
    assert found is not None
    return found


def by() -> dict[str, Any]:
    return {"author": "ivan", "actor": ACTOR, "now": clock.now()}


def march(**wanted: Any) -> dict[str, Any]:
    """The line of the month in which these tests play."""
    return next(line.as_json() for line in filing(EVERYONE, clock.now(), **wanted) if line.month == "2026-03")


def browser(who: str, *roles: str) -> Client:
    if roles:
        services.do_put_staff(id=who, roles=list(roles), actor=ACTOR, now=clock.now() - timedelta(hours=1))
    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(Person.objects.get(slug=who), "allauth.account.auth_backends.AuthenticationBackend")
    return client


def test_what_belongs_to_no_case_is_listed_with_its_reason_and_nothing_else_is() -> None:
    with clock.frozen(START):
        says("$thanks", OLGA, "Thanks!")
        says("$slip", OLGA, "!desk ack")
        says("$request", OLGA, "Orders cannot be saved.")
        says("$own", IVAN, "!desk close")
        found = [(m.external_id, m.why_code) for m in unplaced(EVERYONE).items if m.external_id]
        assert found[:3] == [("$own", "command"), ("$slip", "command"), ("$thanks", "small_talk")]
        rest = Rest(token("lead", "cases:read"))
        answer = rest.get("filing/unplaced?reason=small_talk&limit=1").json()
        (item,) = answer["items"]
        assert (item["text"], item["author"], item["workspace"]) == ("Thanks!", "olga", "birch")
        assert item["why"]["words"] == "Small talk opens nothing."
        assert rest.get("filing/unplaced?reason=hunger").status_code == 422
        assert rest.get("filing/unplaced?product=bos").json()["items"] == []
        Message.objects.filter(external_id="$thanks").update(redacted_at=START)
        assert rest.get("filing/unplaced?reason=small_talk&limit=1").json()["items"][0]["text"] is None


def test_pages_of_them_neither_repeat_nor_leave_out() -> None:
    with clock.frozen(START):
        for number in range(7):
            says(f"$t{number}", OLGA, "Thanks!")
        seen: list[str] = []
        before = None
        while True:
            page = unplaced(EVERYONE, before=before, limit=3)
            seen += [m.external_id for m in page.items]
            before = page.next
            if before is None:
                break
        assert seen[:7] == [f"$t{number}" for number in range(6, -1, -1)] and len(seen) == len(set(seen))


def test_the_command_line_tells_the_same_as_rest() -> None:
    with clock.frozen(START):
        for number in range(3):
            says(f"$t{number}", OLGA, f"Thanks!{'!' * number}")
        rest = Rest(token("lead", "cases:read"))
        for words, path in (
            ((), "filing"),
            (("--months", "1", "--product", "plana-business-cloud"), "filing?months=1&product=plana-business-cloud"),
        ):
            assert told("case", "filing", *words) == rest.get(path).json()
        page = told("case", "unplaced", "--reason", "small_talk", "--limit", "2")
        assert page == rest.get("filing/unplaced?reason=small_talk&limit=2").json() and page["next"]
        behind = told("case", "unplaced", "--reason", "small_talk", "--limit", "2", "--before", str(page["next"]))
        assert [one["text"] for one in (*page["items"], *behind["items"])][:3] == ["Thanks!!!", "Thanks!!", "Thanks!"]
        shown = command("case", "filing").stdout
        assert shown.startswith("2026-03  plana-business-cloud  0 moved, ") and "deflected" in shown
        assert "birch" in command("case", "unplaced").stdout
        for words in (("filing", "--months", "0"), ("filing", "--product", "none"), ("unplaced", "--reason", "hunger")):
            with nothing_changes():
                done = command("case", *words)
            assert done.exit_code == 1 and done.stderr.strip()


def test_what_staff_put_right_is_counted_against_what_was_grouped() -> None:
    with clock.frozen(START) as time:
        before = march()
        says("$one", OLGA, "Orders cannot be saved.")
        says("$two", OLGA, "And the labels are blank.")
        time.tick(timedelta(hours=3))
        says("$three", ASEN, "The scanner beeps all the time.")
        says("$idle", ASEN, "Thanks!")
        assert march()["grouped"] == before["grouped"] + 4
        parting.do_split(
            EVERYONE, case_of("$one").ref, Parting([Message.objects.get(external_id="$two").pk], ""), **by()
        )
        joining.do_merge(EVERYONE, case_of("$three").ref, case_of("$one").ref, reason="", **by())
        line = march()
        assert (line["moved"], line["merged"]) == (before["moved"] + 1, before["merged"] + 1)
        joining.do_unmerge(EVERYONE, Case.objects.get(state="merged", root_event_id="$three").ref, **by())
        assert march()["merged"] == before["merged"]


def test_answers_that_did_not_help_are_counted_against_those_that_were_given() -> None:
    with clock.frozen(START) as time:
        before = march()
        for number in range(4):
            time.tick(timedelta(days=1))
            says(f"$i{number}", OLGA, INVOICE)
            assert case_of(f"$i{number}").state == "deflected"
        says("$no", OLGA, "That did not help.")
        line = march()
        assert (line["deflected"], line["no_help"]) == (before["deflected"] + 4, before["no_help"] + 1)
        assert (line["answered"], line["cases"]) == (before["answered"] + 4, before["cases"] + 4)
        spared = line["deflected"] - line["no_help"]
        assert line["helped_percent"] == f"{int(1000 * spared / line['cases'] + 0.5) / 10:.1f}"


def test_a_month_is_the_offices_and_other_products_have_lines_of_their_own() -> None:
    # 31 March 23:30 in Sofia is still March; half an hour later it is April there, and March in UTC.
    with clock.frozen(START + timedelta(days=29, hours=12, minutes=30)) as time:
        says("$march", OLGA, "Orders cannot be saved.")
        march_before = march()["cases"]
        time.tick(timedelta(hours=1))
        says("$april", ASEN, "The scanner beeps all the time.")
        lines = {line.month: line for line in filing(EVERYONE, clock.now())}
        assert (lines["2026-03"].cases, lines["2026-04"].cases) == (march_before, 1)
        assert filing(EVERYONE, clock.now(), product="bos") == []


def test_how_much_there_is_costs_no_more_queries() -> None:
    with clock.frozen(START):
        client = browser("lea", "lead")
        counts = []
        for number in (1, 12):
            for one in range(number):
                says(f"$q{number}-{one}", OLGA, "Thanks!")
                says(f"$r{number}-{one}", ASEN, "Orders cannot be saved.")
            with CaptureQueriesContext(connection) as captured:
                assert client.get("/console/filing").status_code == 200
            counts.append(len(captured))
        assert counts[0] == counts[1]


def test_the_page_is_for_leads_and_shows_rates_and_messages() -> None:
    with clock.frozen(START):
        says("$thanks", OLGA, "Thanks <b>a lot</b>!")
        page = browser("lea", "lead").get("/console/filing").content.decode()
        assert (
            "Thanks &lt;b&gt;a lot&lt;/b&gt;!" in page and "Small talk opens nothing." in page and "March 2026" in page
        )
        assert page.count("a lot") == 1 and "Put(" not in page
        later = browser("lea", "lead").get("/console/filing?reason=machine").content.decode()
        assert "There is no message of this kind." in later and "Every message belongs" not in later
        strange = browser("lea", "lead").get("/console/filing?reason=nonsense")
        assert strange.status_code == 422 and "<h1>This cannot be shown</h1>" in strange.content.decode()
        refused = browser("ivan").get("/console/filing")
        assert refused.status_code == 403 and "<h1>Not for you</h1>" in refused.content.decode()
        assert browser("olga").get("/console/filing").status_code == 404
        ivan = viewer_of_person(Person.objects.get(slug="olga"), clock.now())
        assert unplaced(ivan).items == [] and filing(ivan, clock.now()) == []
        with pytest.raises(NotFound):
            filing(ivan, clock.now(), product=PRODUCT)


Undo = Callable[[Case], None]


def undo(case: Case) -> None:
    untriaging.do_undo(EVERYONE, case.ref, **by())


def test_triage_is_taken_back_and_stands_in_history_and_audit() -> None:
    with clock.frozen(START):
        says("$one", OLGA, "Nobody can log in since this morning, production is down for the whole team!")
        case = case_of("$one")
        assert (case.kind, case.severity) == ("incident", "critical")
        undo(case)
        case.refresh_from_db()
        assert (case.kind, case.severity, case.intake.kind) == ("other", "normal", "incident"), (
            "what was found stays on record"
        )
        last = list(case.changes.order_by("-pk")[:2])
        assert {(row.what, row.before, row.after, row.by) for row in last} == {
            ("kind", "incident", "other", "ivan"), ("severity", "critical", "normal", "ivan"),
        }  # fmt: skip
        assert Entry.objects.filter(action="case.triage_undone", subject=f"case:{case.ref}").count() == 1
        with nothing_changes():
            undo(case)


def test_an_answer_that_is_taken_back_is_somebodys_work_from_its_beginning() -> None:
    with clock.frozen(START) as time:
        says("$one", OLGA, INVOICE)
        case = case_of("$one")
        time.tick(timedelta(hours=2))
        undo(case)
        case.refresh_from_db()
        assert (case.state, case.kind) == ("new", "other")
        assert Clock.objects.get(case=case, kind="first_response", state="running").started_at == START


def test_what_staff_have_decided_since_stays() -> None:
    with clock.frozen(START):
        says("$one", OLGA, "Orders cannot be saved, it shows error 500.")
        case = case_of("$one")
        assert case.kind == "incident"
        changing.do_change(EVERYONE, case.ref, Change(kind="question", severity="critical"), **by())
        with nothing_changes():
            undo(case)


def test_a_p0_stays_critical_and_a_restricted_case_restricted() -> None:
    with clock.frozen(START) as time:
        says("$p0", OLGA, "P0 nothing works any more")
        time.tick(timedelta(hours=1))
        says("$leak", ASEN, "We think that our customer data was leaked.")
        leak, p0 = case_of("$leak"), case_of("$p0")
        assert leak.is_restricted
        undo(p0)
        undo(leak)
        leak.refresh_from_db()
        p0.refresh_from_db()
        assert (p0.severity, p0.kind, leak.is_restricted, leak.kind) == ("critical", "other", True, "other")


def test_every_face_does_it_and_says_why_not() -> None:
    with clock.frozen(START) as time:
        cases = []
        for number in range(3):
            time.tick(timedelta(hours=1))
            says(f"$c{number}", OLGA, "Nobody can log in since this morning, production is down for the whole team!")
            cases.append(case_of(f"$c{number}"))
        rest = Rest(token("lead", "cases:write"))
        answer = rest.post(f"cases/{cases[0].ref}/undo-triage", {"author": "ivan"}, key="k")
        assert (answer.status_code, answer.json()["kind"]) == (200, "other")
        assert told("case", "undo-triage", cases[1].ref, "--as", "ivan")["severity"] == "normal"
        client = browser("ivan")
        page = client.get(f"/console/cases/{cases[2].ref}").content.decode()
        assert 'accesskey="u">Undo triage<' in page
        key = page.split('name="key" value="')[1].split("-")[0]
        sent = client.post(f"/console/cases/{cases[2].ref}/act", {"act": "untriage", "key": f"{key}-untriage"})
        assert sent.status_code == 302 and Case.objects.get(pk=cases[2].pk).kind == "other"
        assert "Undo triage" not in client.get(f"/console/cases/{cases[2].ref}").content.decode()
        # As a case is that staff began.
        cases[1].intake.delete()
        with nothing_changes(), pytest.raises(Conflict, match="begun by staff"):
            undo(cases[1])
        changing.do_change(EVERYONE, cases[0].ref, Change(state="resolved", fix="x", root_cause="y"), **by())
        with nothing_changes(), pytest.raises(DeskError, match="reopen it before"):
            undo(cases[0])
