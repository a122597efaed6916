"""What staff write among themselves is in nothing that a customer opens: notes, reasons, causes, names of fields, links, refusals (R26, R28)."""

from __future__ import annotations

import json

import pytest

from roomdesk.cases import changing, escalating, linking, parting
from roomdesk.cases.changing import Change
from roomdesk.cases.models import Case
from roomdesk.cases.parting import Parting
from roomdesk.cases.together import Hands
from roomdesk.directory import services
from roomdesk.directory.models import Person
from roomdesk.queues.models import OutboxRow
from roomdesk.record import finding
from roomdesk.record.models import Message
from roomdesk.refusals import DeskError
from roomdesk.runtime import clock
from tests.cases_api.place import Rest, token
from tests.flow.world import ACTOR, EVERYONE, work_off
from tests.portal import scene
from tests.portal.conftest import Browser
from tests.portal.scene import NOTE, PEOPLE

pytestmark = pytest.mark.part_of("R26", "R28", "R09")
CANARY = "kanarienvogel"
CUSTOMERS = ("owner", "admin", "access", "member")


def act() -> tuple[Case, Case]:
    """Ivan does with a case of acme what a reason can be given for, some of it in vain; gives it, and what he split off."""
    case, now = scene.case_of("$said"), clock.now()
    services.do_put_staff(id="dora", roles=["specialist"], field="aviary", actor=ACTOR, now=now)
    by = {"author": "ivan", "actor": ACTOR, "now": now}
    for number, wanted in enumerate(
        (
            {"severity": "critical"}, {"severity": "normal"}, {"kind": "question"}, {"assignee": "ivan"},
            {"state": "waiting_third_party"}, {"state": "investigating"},
        )
    ):  # fmt: skip
        changing.do_change(EVERYONE, case.ref, Change(reason=f"{CANARY} {number}", **wanted), **by)  # type: ignore[arg-type]
    escalating.do_escalate(EVERYONE, case.ref, "aviary", reason=f"{CANARY} sings", **by)
    theirs = scene.case_of("$theirs")
    linking.do_link(Hands(EVERYONE, "ivan", ACTOR, now), case.ref, theirs.ref, reason=f"{CANARY} there too")
    with pytest.raises(DeskError):
        changing.do_change(EVERYONE, case.ref, Change(state="closed", reason=f"{CANARY} in vain"), **by)
    answer = Message.objects.get(external_id="$file")
    apart = parting.do_split(EVERYONE, answer.case.ref if answer.case else "", Parting([answer.pk], CANARY), **by)
    changing.do_change(EVERYONE, case.ref, Change(state="resolved", fix=f"Fed the {CANARY}", root_cause=f"A hungry {CANARY}"), **by)  # fmt: skip
    work_off()
    while finding.file_waiting():
        pass
    return case, apart


def test_no_page_of_a_customer_and_nothing_sent_to_their_room_holds_it(browser: Browser) -> None:
    case, apart = act()
    theirs = scene.case_of("$theirs").ref
    pages = (
        "/portal/acme/", "/portal/acme/team", "/portal/acme/cases", "/portal/acme/cases?view=all", "/portal/acme/files",
        f"/portal/acme/cases/{case.ref}", f"/portal/acme/cases/{apart.ref}", f"/portal/acme/search?q={CANARY}",
        "/portal/acme/search?q=database", "/chat/acme", f"/chat/acme?thread={Message.objects.get(external_id='$said').pk}",
    )  # fmt: skip
    seen = 0
    for role in CUSTOMERS:
        client = browser(PEOPLE[role])
        for page in pages:
            answer = client.get(page)
            seen += answer.status_code == 200
            text = answer.content.decode().replace(f'value="{CANARY}"', "").replace(f"<title>{CANARY}", "")
            for words in (CANARY, NOTE, "aviary", theirs):
                assert words not in text, (role, page, words)
    assert seen > 30, "most of them are there to be read"
    sent = OutboxRow.objects.filter(destination="matrix:room:acme")
    assert sent.filter(case_id=case.pk).exists() and not sent.filter(payload__contains=CANARY).exists()
    staff = browser("ivan").get(f"/console/cases/{case.ref}").content.decode()
    assert f"A hungry {CANARY}" in staff and NOTE in staff, "it is there for whom it is meant"


def test_a_token_of_the_customer_gets_none_of_it(desk: None) -> None:
    case, apart = act()
    rest = Rest(token("acme-only", "cases:read", "directory:read", workspace="acme"))
    for path in (
        "cases", f"cases/{case.ref}", f"cases/{apart.ref}", f"cases/{case.ref}/sla", f"search?q={CANARY}", "search?q=database",
        f"record?q={CANARY}", "workspaces/acme", "workspaces/acme/members",
    ):  # fmt: skip
        answer = rest.get(path)
        assert answer.status_code == 200, path
        body = json.dumps(answer.json(), ensure_ascii=False)
        for words in (CANARY, NOTE, "aviary", scene.case_of("$theirs").ref):
            assert words not in body.replace(f'"query": "{CANARY}"', ""), (path, words)
    assert Person.objects.filter(slug="dora").exists()
