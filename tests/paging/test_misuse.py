"""A P0 that was none: recorded with a reason, shown, appealed, lifted, decaying; the next one is less urgent and delivered all the same (R41)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from roomdesk.cases.models import CaseChange
from roomdesk.directory.models import Person
from roomdesk.oncall.models import Misuse
from tests.cases_api.place import Rest, token
from tests.flow.world import ASEN
from tests.paging.night import Night


@pytest.fixture
def rest(night: Night) -> Rest:
    return Rest(token("all", "cases:read", "cases:write"))


def p0(night: Night, slug: str = "cedar", text: str = "P0 how do I print?") -> str:
    night.say(slug, text)
    night.later(minutes=40)
    return str(night.case(slug).ref)


def mark(rest: Rest, ref: str, reason: str = "It was a question about printing") -> Any:
    return rest.post(f"cases/{ref}/misuse", {"reason": reason, "author": "ivan"})


def severity(night: Night) -> str:
    return str(night.pagerduty.page().event["payload"]["severity"])


def ledger(rest: Rest) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = rest.get("workspaces/cedar/misuse").json()["items"]
    return items


def test_the_next_page_is_a_warning_ranks_last_and_goes_out_all_the_same(night: Night, rest: Rest) -> None:
    first = p0(night)
    assert severity(night) == "critical"
    assert mark(rest, first).status_code == 201
    night.settle()
    assert "less urgency" in night.told("cedar")[-1], "told kindly"
    second = p0(night, text="P0 printing again")
    assert severity(night) == "warning"
    other = p0(night, "birch", "P0 our shop stands still")
    rows = rest.get("queue?product=plana-business-cloud").json()["items"]
    refs = [row["case"]["ref"] for row in rows]
    assert rows[refs.index(second)]["why"]["code"] == "misuse"
    assert refs.index(other) < refs.index(second), "younger, and before it"
    assert refs.index(first) < refs.index(second), "what was before it ranks as before"


def test_it_decays_with_the_clock_and_can_be_lifted(night: Night, rest: Rest) -> None:
    first = p0(night)
    night.pagerduty.page()
    mark(rest, first)
    assert [one["counts"] for one in ledger(rest)] == [True]
    night.later(days=89)
    p0(night, text="P0 again")
    assert severity(night) == "warning"
    night.later(days=2)
    assert [one["counts"] for one in ledger(rest)] == [False]
    second = p0(night, text="P0 once more")
    assert severity(night) == "critical"
    mark(rest, second)
    assert rest.post(f"cases/{second}/misuse/lift", {"reason": "It was one after all"}).status_code == 200
    assert [one["counts"] for one in ledger(rest)] == [False, False]
    p0(night, text="P0 and again")
    assert severity(night) == "critical"


def test_the_workspace_sees_it_and_its_owner_appeals_once(night: Night, rest: Rest) -> None:
    first = p0(night)
    night.pagerduty.page()
    mark(rest, first)
    own = Rest(token("cedar", "cases:read", "cases:write", workspace="cedar"))
    other = Rest(token("birch", "cases:read", "cases:write", workspace="birch"))
    assert own.get("workspaces/cedar/misuse").json()["items"][0]["reason"] == "It was a question about printing"
    assert other.get("workspaces/cedar/misuse").status_code == 404
    number = ledger(rest)[0]["id"]
    where = f"workspaces/cedar/misuse/{number}/appeal"
    assert own.post(where, {"author": "oto", "text": "No"}).status_code == 403
    assert other.post(where, {"author": "olga", "text": "No"}).status_code == 404
    assert Misuse.objects.get().appealed_at is None
    assert (
        own.post(where, {"author": "olga", "text": "Nobody could print invoices: we could not ship."}).status_code
        == 200
    )
    assert own.post(where, {"author": "olga", "text": "Again"}).status_code == 409
    assert ledger(rest)[0]["appeal"].startswith("Nobody could print")
    assert CaseChange.objects.filter(what="misuse", after="appealed").count() == 1


def test_the_portal_shows_it_and_takes_the_appeal(night: Night, rest: Rest) -> None:
    first = p0(night)
    night.pagerduty.page()
    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(Person.objects.get(slug="olga"), "allauth.account.auth_backends.AuthenticationBackend")
    assert "/portal/cedar/p0" not in client.get("/portal/cedar/").content.decode()
    mark(rest, first)
    assert "/portal/cedar/p0" in client.get("/portal/cedar/").content.decode()
    page = client.get("/portal/cedar/p0").content.decode()
    assert first in page and "It was a question about printing" in page and "Appeal" in page
    number = str(ledger(rest)[0]["id"])
    assert client.post("/portal/cedar/p0", {"number": number, "text": "We could not ship."}).status_code == 302
    assert "We could not ship." in client.get("/portal/cedar/p0").content.decode()


def test_only_a_p0_is_marked_once_and_with_a_reason(night: Night, rest: Rest) -> None:
    night.say("cedar", "The reports are slow", ASEN)
    assert mark(rest, night.case("cedar").ref).status_code == 409
    first = p0(night)
    night.pagerduty.page()
    assert mark(rest, first, reason=" ").status_code == 422
    own = Rest(token("cedar", "cases:read", "cases:write", workspace="cedar"))
    assert mark(own, first).status_code == 403, "a customer marks nothing"
    assert not Misuse.objects.exists()
    assert mark(rest, first).status_code == 201
    assert mark(rest, first).status_code == 409
    shown = json.dumps(own.get(f"cases/{first}").json())
    assert "misuse" not in shown, "the history of cases tells customers nothing of it"
