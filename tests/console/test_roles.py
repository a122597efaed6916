"""Every page of the console against everybody who can ask for it; an address without a row fails here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from django.test import Client
from django.urls import URLPattern

from roomdesk.cases.models import Case
from roomdesk.directory import services
from roomdesk.runtime import clock
from roomdesk.web.console import urls as console
from roomdesk.web.urls import urlpatterns as top
from tests.cases_api.place import nothing_changes
from tests.console.conftest import ACTOR, open_case

Browser = Callable[[str | None], Client]
#: Who asks. The case that pages are about is of `power-omni`.
ROLES = ("lead", "engineer", "administrator", "security", "elsewhere", "customer", "nobody")
PEOPLE: dict[str, str | None] = {
    "lead": "lea",
    "engineer": "tiago",
    "administrator": "dora",
    "security": "sevda",
    "elsewhere": "ivan",
    "customer": "oto",
    "nobody": None,
}


@dataclass(frozen=True)
class Page:
    """Statuses by role, in the order of `ROLES`. `form` makes it a POST."""

    address: str
    statuses: tuple[int, ...]
    form: dict[str, str] | None = None


_STAFF = (200, 200, 200, 200, 200, 404, 302)
_ITS_STAFF = (200, 200, 200, 200, 404, 404, 302)
_LEADS = (200, 403, 200, 403, 403, 404, 302)
_ADMINISTRATORS = (403, 403, 200, 403, 403, 404, 302)
TABLE: dict[str, list[Page]] = {
    "styleguide": [Page("/styleguide", _STAFF)],
    "console:cases": [Page("/console/", _STAFF), Page("/console/?view=all&workspace=beta", _STAFF)],
    "console:bulk": [Page("/console/bulk", (302, 302, 302, 302, 302, 404, 302), {"act": "nothing", "refs": "{ref}"})],
    "console:undo": [Page("/console/undo", (302, 302, 302, 302, 302, 404, 302), {"back": "/console/"})],
    "console:keep_view": [Page("/console/views", (302, 302, 302, 302, 302, 404, 302), {"name": ""})],
    "console:find": [Page("/console/find?q=invoices", _STAFF), Page("/console/find?q=stolen", _STAFF)],
    "console:presence": [
        Page("/console/cases/{ref}/presence", (204, 204, 204, 204, 404, 404, 302), {"is": "here"}),
        Page("/console/cases/{secret}/presence", (403, 404, 403, 204, 404, 404, 302), {"is": "here"}),
    ],
    "console:attention": [
        Page("/console/attention", _STAFF),
        Page("/console/attention", (422, 422, 422, 422, 422, 404, 302), {"answer": "x"}),
    ],
    "console:search": [Page("/console/search?q=invoices", _STAFF)],
    "console:oncall": [
        Page("/console/oncall", _STAFF),
        Page("/console/oncall", (422, 422, 422, 422, 422, 404, 302), {"act": "x"}),
    ],
    "console:rota": [
        Page("/console/oncall/power-omni/rota", (200, 403, 200, 403, 404, 404, 302)),
        Page("/console/oncall/x/rota", (404,) * 6 + (302,)),
        Page("/console/oncall/power-omni/rota", (422, 403, 422, 403, 404, 404, 302), {"do": "save", "layers": "0"}),
        Page(
            "/console/oncall/power-omni/rota",
            (422, 403, 422, 403, 404, 404, 302),
            {"do": "save-text", "written": "layers = []"},
        ),
    ],
    "console:consents": [
        Page("/console/consents", _STAFF),
        Page("/console/consents", (422, 422, 422, 422, 422, 404, 302), {"words": "Nobody is named"}),
    ],
    "console:consent": [
        Page("/console/consents/OM-C999", (404, 404, 404, 404, 404, 404, 302)),
        Page("/console/consents/OM-C999", (404, 404, 404, 404, 404, 404, 302), {"act": "withdraw"}),
    ],
    "console:rooms": [Page("/console/rooms", _STAFF)],
    "console:room": [Page("/console/rooms/of/beta", (404, 404, 404, 404, 404, 404, 302))],
    "console:repair": [Page("/console/rooms/of/beta/repair", (404, 404, 404, 404, 404, 404, 302), {"repair": "yes"})],
    "console:staff_room": [Page("/console/rooms/staff/space", (404, 404, 404, 404, 404, 404, 302))],
    "console:staff_repair": [Page("/console/rooms/staff/x/repair", (404, 404, 404, 404, 404, 404, 302), {"a": "b"})],
    "console:workspaces": [Page("/console/workspaces", _STAFF), Page("/console/workspaces?q=beta", _STAFF)],
    "console:workspace": [
        Page("/console/workspaces/beta", _ITS_STAFF),
        Page("/console/workspaces/x", (404,) * 6 + (302,)),
    ],
    "console:products": [Page("/console/products", _STAFF)],
    "console:product": [
        Page("/console/products/power-omni", _ITS_STAFF),
        Page("/console/products/power-omni?version=99", (404,) * 6 + (302,)),
    ],
    "console:audit": [
        Page("/console/audit", (403, 403, 200, 200, 403, 404, 302)),
        Page("/console/audit?scope=workspace:beta", (403, 403, 200, 200, 403, 404, 302)),
        Page("/console/audit?scope=vendor&verify=yes", (403, 403, 200, 403, 403, 404, 302)),
        Page("/console/audit?scope=workspace:acme", (403, 403, 200, 404, 403, 404, 302)),
    ],
    "console:health": [Page("/console/health", _LEADS)],
    "console:reports": [Page("/console/reports", _STAFF), Page("/console/reports?csv=x", (404,) * 6 + (302,))],
    "console:report": [
        Page("/console/reports/responses", _STAFF),
        Page("/console/reports/backlog?product=power-omni", (200, 200, 200, 200, 404, 404, 302)),
        Page("/console/reports/workload", _LEADS),
        Page("/console/reports/x", (404,) * 6 + (302,)),
    ],
    "console:report_cases": [
        Page("/console/reports/cases?report=backlog&figure=all", _STAFF),
        Page("/console/reports/cases?report=workload&figure=open", _LEADS),
        Page("/console/reports/cases", (422,) * 5 + (404, 302)),
    ],
    "console:filing": [Page("/console/filing", _LEADS)],
    "console:webhooks": [Page("/console/webhooks", _ADMINISTRATORS)],
    "console:webhook": [Page("/console/webhooks/x", (403, 403, 404, 403, 403, 404, 302))],
    "console:macros": [Page("/console/macros", _ADMINISTRATORS)],
    "console:new_macro": [Page("/console/macros/new/power-omni", _ADMINISTRATORS)],
    "console:macro": [Page("/console/macros/of/power-omni/x", (403, 403, 404, 403, 403, 404, 302))],
    "console:case": [
        Page("/console/cases/{ref}", _ITS_STAFF),
        Page("/console/cases/{secret}", (200, 404, 200, 200, 404, 404, 302)),
        Page("/console/cases/{secret}", (403, 404, 403, 302, 404, 404, 302), {"text": "Hello", "key": "one"}),
    ],
    "console:act": [
        Page("/console/cases/{ref}/act", (422, 422, 422, 422, 404, 404, 302), {"act": "nothing"}),
        Page("/console/cases/{secret}/act", (403, 404, 403, 302, 404, 404, 302), {"act": "take", "key": "two"}),
    ],
    "console:file": [Page("/console/files/1", (404, 404, 404, 404, 404, 404, 302))],
}
SECRET = "A stolen password"


@pytest.fixture
def refs(browser: Browser) -> dict[str, str]:
    services.do_put_staff(id="dora", roles=["administrator"], product="", actor=ACTOR, now=clock.now())
    services.do_put_staff(
        id="sevda", roles=["engineer", "security"], product="power-omni", actor=ACTOR, now=clock.now()
    )
    plain, secret = open_case("The invoices are gone"), open_case(SECRET)
    Case.objects.filter(pk=secret.pk).update(is_restricted=True)
    return {"ref": plain.ref, "secret": secret.ref}


def test_every_address_has_a_row() -> None:
    named = [f"console:{one.name}" for one in console.urlpatterns if isinstance(one, URLPattern)]
    assert sorted([*named, "styleguide"]) == sorted(TABLE)
    assert {one.name for one in top if isinstance(one, URLPattern) and one.name} == {"home", "brand", "styleguide"}
    assert all(len(page.statuses) == len(ROLES) for pages in TABLE.values() for page in pages)


def test_each_page_opens_for_those_of_the_table_and_nobody_else(browser: Browser, refs: dict[str, str]) -> None:
    wrong = []
    for name, pages in TABLE.items():
        for page in pages:
            for role, status in zip(ROLES, page.statuses, strict=True):
                client, address = browser(PEOPLE[role]), page.address.format(**refs)
                answer = client.get(address) if page.form is None else client.post(address, page.form)
                if answer.status_code != status:
                    wrong.append((name, page.address, role, answer.status_code))
                told = answer.content.decode()
                assert SECRET not in told or role == "security", (name, role)
                if role == "nobody":
                    assert answer["Location"].startswith("/accounts/login/?next=/"), (name, role)
    assert wrong == []


def test_a_refused_form_changes_nothing(browser: Browser, refs: dict[str, str]) -> None:
    for pages in TABLE.values():
        for page in pages:
            for role, status in zip(ROLES, page.statuses, strict=True):
                if page.form is not None and (status >= 400 or role == "nobody"):
                    client = browser(PEOPLE[role])
                    with nothing_changes():
                        client.post(page.address.format(**refs), page.form)
