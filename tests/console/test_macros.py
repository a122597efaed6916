"""The pages Macros: written, looked at beforehand, said in a case, changed and removed; by administrators of the product alone."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from roomdesk.audit.models import Entry
from roomdesk.cases.models import StoredMacro
from roomdesk.directory import services
from roomdesk.record.models import Message
from roomdesk.runtime import clock
from tests.cases_api.place import nothing_changes
from tests.console.conftest import ACTOR, open_case
from tests.console.test_webhooks import Browser, administrator

NEW = "/console/macros/new/power-omni"
EN, PT = "{customer}, the parcel {parcel} left for {ref}.", "{customer}, o pacote {parcel} saiu, {ref}."


def wanted(act: str = "save", **other: str) -> dict[str, str]:
    return {"slug": "parcel", "text.en": EN, "text.pt": PT, "state": "waiting_customer", "act": act, **other}


def made() -> dict[str, Any]:
    return StoredMacro.objects.values("product", "slug", "asks", "state", "texts").get()


def test_a_macro_is_written_looked_at_and_said_in_a_case(browser: Browser) -> None:
    client = administrator(browser, "power-omni")
    listed = client.get("/console/macros").content.decode()
    assert "on_it" in listed and "of the product's files" in listed and NEW in listed
    with nothing_changes():
        page = client.post(NEW, wanted("preview", values='parcel="No. 7"')).content.decode()
    assert re.search(r"Maria, the parcel No. 7 left for [A-Z]+-1042\.", page)
    assert re.search(r"Maria, o pacote No. 7 saiu, [A-Z]+-1042\.", page)
    assert client.post(NEW, wanted())["Location"] == "/console/macros"
    listed = client.get("/console/macros").content.decode()
    assert "parcel of Power Omni is saved." in listed and "Makes it “waiting for customer”" in listed
    assert made() == {
        "product": "power-omni", "slug": "parcel", "asks": ["parcel"], "state": "waiting_customer", "texts": {"en": EN, "pt": PT},
    }  # fmt: skip
    assert Entry.objects.filter(action="macro.made", subject="macro:power-omni/parcel").count() == 1
    case = open_case()
    staff = browser("tiago")
    assert "{parcel}" in staff.get(f"/console/cases/{case.ref}").content.decode()
    said = {"act": "macro", "macro": "parcel", "values": 'parcel="No. 7"'}
    assert staff.post(f"/console/cases/{case.ref}/act", said).status_code in (302, 303)
    message = Message.objects.get(case=case, author_kind="staff", kind="message")
    assert message.body.endswith(f" No. 7 left for {case.ref}.") or message.body.endswith(f" No. 7 saiu, {case.ref}.")
    case.refresh_from_db()
    assert case.state == "waiting_customer"


def test_it_is_changed_and_removed(browser: Browser) -> None:
    client = administrator(browser)
    client.post(NEW, wanted())
    address = "/console/macros/of/power-omni/parcel"
    assert EN in client.get(address).content.decode()
    with nothing_changes():
        client.post(address, wanted())
    shorter = {"text.en": "It left, {customer}.", "text.pt": "Saiu, {customer}.", "state": ""}
    client.post(address, wanted(**shorter))
    assert (made()["asks"], made()["state"], made()["texts"]["en"]) == ([], "", "It left, {customer}.")
    client.post(address, {"act": "remove"})
    assert not StoredMacro.objects.exists() and client.get(address).status_code == 404
    actions = Entry.objects.filter(subject="macro:power-omni/parcel").order_by("pk").values_list("action", flat=True)
    assert list(actions) == ["macro.made", "macro.changed", "macro.removed"]


@pytest.mark.parametrize(
    ("other", "status", "words"),
    [
        ({"slug": "Two words"}, 422, "cannot be a name"),
        ({"slug": "on_it"}, 409, "have a macro"),
        ({"text.pt": " "}, 422, "in the language pt is missing"),
        ({"text.pt": "O pacote saiu."}, 422, "asks for the same variables"),
        ({"text.en": "x" * 4001}, 422, "at most 4000 characters"),
        ({"state": "closed"}, 422, "it can make it investigating"),
        ({"act": "eat"}, 422, "no such button"),
        ({"act": "preview", "values": "what"}, 422, "write name=value"),
    ],
    ids=lambda value: str(value)[:20] if isinstance(value, dict) else None,
)
def test_what_is_refused_is_named_and_kept(browser: Browser, other: dict[str, str], status: int, words: str) -> None:
    client = administrator(browser)
    with nothing_changes():
        answer = client.post(NEW, wanted(**other))
    page = answer.content.decode()
    assert answer.status_code == status and words in page and "what you wrote is kept below" in page
    assert other.get("slug", "parcel") in page
    assert not StoredMacro.objects.exists()


def test_a_second_one_of_its_name_is_refused(browser: Browser) -> None:
    client = administrator(browser)
    client.post(NEW, wanted())
    assert client.post(NEW, wanted(state="")).status_code == 409
    assert made()["state"] == "waiting_customer"


def test_nobody_else_sees_or_changes_any_of_it(browser: Browser) -> None:
    administrator(browser).post(NEW, wanted())
    paths = ("/console/macros", NEW, "/console/macros/of/power-omni/parcel")
    for who in ("lea", "tiago"):
        client = browser(who)
        assert "/console/macros" not in client.get("/console/").content.decode()
        with nothing_changes():
            for path in paths:
                assert client.get(path).status_code == 403
            for path in paths[1:]:
                assert client.post(path, wanted("remove")).status_code == 403
    for who in ("olga", None):
        assert all(browser(who).get(path).status_code in (302, 404) for path in paths)


def test_an_administrator_of_one_product_has_that_one_only(browser: Browser) -> None:
    administrator(browser).post(NEW, wanted())
    services.do_put_staff(id="ben", roles=["administrator"], product="bos", actor=ACTOR, now=clock.now())
    client = browser("ben")
    page = client.get("/console/macros").content.decode()
    assert "/console/macros/new/bos" in page and "power-omni" not in page
    with nothing_changes():
        assert client.post("/console/macros/of/power-omni/parcel", wanted("remove")).status_code == 404
        assert client.post(NEW, wanted(slug="other")).status_code == 404


def test_how_many_there_are_costs_no_more_queries(browser: Browser) -> None:
    client = administrator(browser)
    client.get("/console/macros")
    counts = []
    for number in range(3):
        with CaptureQueriesContext(connection) as caught:
            client.get("/console/macros")
        counts.append(len(caught))
        client.post(NEW, wanted(slug=f"parcel-{number}"))
    assert counts[0] == counts[1] == counts[2] <= 16
