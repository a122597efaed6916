"""The page Consents: asking, taking back, the verification of an identity, the evidence; for staff of the product alone (R30–R33)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from roomdesk.consent.models import IdentityCheck, Request
from tests.cases_api.place import nothing_changes
from tests.console.conftest import open_case

pytestmark = pytest.mark.part_of("R30", "R32", "R33", "R34")
Browser = Callable[[str | None], Client]
FORM = {
    "kind": "data_change",
    "workspace": "beta",
    "words": "Merge two contacts",
    "action": '{"do": "merge", "ids": [1, 2]}',
}


def asked() -> Request:
    return Request.objects.get()


def test_staff_ask_and_see_what_became_of_it(browser: Browser) -> None:
    tiago, case = browser("tiago"), open_case()
    answer = tiago.post("/console/consents", {**FORM, "workspace": "", "case": case.ref.lower()})
    assert answer["Location"] == f"/console/consents/{asked().ref}"
    assert (asked().case, asked().asked_by, asked().action) == (case, "tiago", '{"do":"merge","ids":[1,2]}')
    page = tiago.get(answer["Location"]).content.decode()
    assert f"go ahead with {asked().ref}" in page and "Nobody yet." in page
    assert asked().ref in tiago.get("/console/consents?state=open").content.decode()
    tiago.post(answer["Location"], {"act": "withdraw", "reason": "done otherwise"})
    assert (asked().state, asked().reason, asked().closed_by) == ("withdrawn", "done otherwise", "tiago")
    with nothing_changes():
        assert tiago.post(answer["Location"], {"act": "nothing"}).status_code == 422


def test_a_verified_identity_stands_there(browser: Browser) -> None:
    tiago = browser("tiago")
    place = tiago.post("/console/consents", {**FORM, "kind": "two_factor_reset", "person": "oto"})["Location"]
    assert tiago.post(place, {"act": "identity", "method": "", "evidence": "x"}).status_code == 422
    assert tiago.post(place, {"act": "identity", "method": "call back", "evidence": "contract 7"}).status_code == 302
    assert IdentityCheck.objects.get().verified_by == "tiago" and "contract 7" in tiago.get(place).content.decode()


@pytest.mark.parametrize(("change", "field"), [({"action": "{"}, "action"), ({"kind": "odd"}, "kind"), ({"words": " "}, "words")])  # fmt: skip
def test_what_cannot_be_asked_keeps_the_form(browser: Browser, change: dict[str, str], field: str) -> None:
    with nothing_changes():
        answer = browser("tiago").post("/console/consents", {**FORM, **change})
    text = answer.content.decode()
    assert answer.status_code == 422 and "Nothing was asked." in text and f'name="{field}"' in text
    assert not Request.objects.exists()


@pytest.mark.parametrize("who", ["ivan", "oto", None])
def test_others_neither_read_nor_ask(browser: Browser, who: str | None) -> None:
    place = browser("tiago").post("/console/consents", FORM)["Location"]
    client, before = browser(who), Request.objects.values().get()
    with nothing_changes():
        statuses = [client.get(place).status_code, client.post(place, {"act": "withdraw"}).status_code, client.post("/console/consents", FORM).status_code]  # fmt: skip
    assert statuses == [302, 302, 302] if who is None else statuses == [404, 404, 404]
    assert Request.objects.values().get() == before


def test_the_page_of_a_case_tells_what_was_asked_about_it_and_leads_to_asking(browser: Browser) -> None:
    tiago, case = browser("tiago"), open_case()
    place = f"/console/cases/{case.ref}"
    page = tiago.get(place).content.decode()
    assert "Nothing was asked about this case." in page and f'href="/console/consents?case={case.ref}#ask"' in page
    form = tiago.get(f"/console/consents?case={case.ref}").content.decode()
    assert f'name="case" maxlength="40" value="{case.ref}"' in form and f"Nothing was asked about {case.ref}." in form
    tiago.post("/console/consents", {**FORM, "workspace": "", "case": case.ref})
    page = tiago.get(place).content.decode()
    assert f"/console/consents/{asked().ref}" in page and f'aria-label="Withdraw {asked().ref}"' in page
    done = tiago.post(f"/console/consents/{asked().ref}", {"act": "withdraw", "back": "case"})
    assert done["Location"] == f"{place}#consents" and asked().state == "withdrawn"
    page = tiago.get(place).content.decode()
    assert "withdrawn" in page and f'aria-label="Withdraw {asked().ref}"' not in page


def test_a_list_that_is_narrowed_stays_so_and_says_that_it_is_empty(browser: Browser) -> None:
    tiago = browser("tiago")
    assert (
        "<strong>Nothing was asked that is granted.</strong>"
        in tiago.get("/console/consents?state=granted").content.decode()
    )
    assert "<strong>Nothing was asked.</strong> Ask here" in tiago.get("/console/consents").content.decode()
    for _ in range(51):
        tiago.post("/console/consents", FORM)
    page = tiago.get("/console/consents?state=open").content.decode()
    assert 'href="?state=open&amp;before=' in page
    assert tiago.get("/console/consents?case=a/b%00").status_code == 200
