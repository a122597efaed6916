"""The page Webhooks: made, tested, given another secret, switched off and looked at by administrators alone."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

from django.test import Client

from roomdesk.directory import services
from roomdesk.runtime import clock
from roomdesk.webhooks.models import Delivery, Endpoint
from tests.console.conftest import ACTOR, open_case

Browser = Callable[[str | None], Client]
URL = "https://hooks.example.org/desk"


def administrator(browser: Browser, product: str = "") -> Client:
    services.do_put_staff(
        id="ada", roles=["administrator"], product=product, actor=ACTOR, now=clock.now() - timedelta(days=1)
    )
    return browser("ada")


def test_an_endpoint_is_made_and_its_secret_shown_once(browser: Browser) -> None:
    client = administrator(browser)
    assert "Nobody hears of events yet." in client.get("/console/webhooks").content.decode()
    page = client.post("/console/webhooks", {"slug": "crm", "url": URL, "events": ["case.opened"]}).content.decode()
    (secret,) = re.findall(r'id="secret">(whsec_[^<]+)<', page)
    assert Endpoint.objects.get().secret == secret.replace("&#x27;", "'")
    again = client.get("/console/webhooks").content.decode()
    assert URL in again and secret not in again and "case.opened" in again


def test_what_is_refused_is_said_and_stays_filled_in(browser: Browser) -> None:
    client = administrator(browser)
    answer = client.post("/console/webhooks", {"slug": "crm", "url": "http://10.0.0.1/"})
    page = answer.content.decode()
    assert answer.status_code == 422 and "begins with https://" in page and 'value="http://10.0.0.1/"' in page
    assert not Endpoint.objects.exists()


def test_its_page_has_the_log_and_its_buttons(browser: Browser) -> None:
    client = administrator(browser)
    client.post("/console/webhooks", {"slug": "crm", "url": URL})
    case = open_case()
    assert client.post("/console/webhooks/crm", {"act": "ping"}).status_code == 302
    page = client.get("/console/webhooks/crm").content.decode()
    assert case.ref in page and page.index("ping") < page.index("case.opened") and "waits" in page
    number = Delivery.objects.get(type="ping").pk
    refused = client.post("/console/webhooks/crm", {"act": f"replay:{number}"})
    assert refused.status_code == 409 and "is still under way" in refused.content.decode()
    former = Endpoint.objects.get().secret
    rotated = client.post("/console/webhooks/crm", {"act": "rotate"}).content.decode()
    assert Endpoint.objects.get().secret in rotated.replace("&#x27;", "'") and former not in rotated
    client.post("/console/webhooks/crm", {"act": "off"})
    page = client.get("/console/webhooks/crm").content.decode()
    assert "Switched off by ada." in page and "dropped" in page and "Send again" in page
    assert client.post("/console/webhooks/crm", {"act": "on"}).status_code == 302
    assert client.post("/console/webhooks/crm", {"act": f"replay:{number}"}).status_code == 302
    assert client.post("/console/webhooks/crm", {"act": "eat"}).status_code == 422


def test_nobody_else_sees_any_of_it(browser: Browser) -> None:
    administrator(browser).post("/console/webhooks", {"slug": "crm", "url": URL})
    before = list(Endpoint.objects.values())
    for who in ("lea", "ivan"):
        client = browser(who)
        assert "/console/webhooks" not in client.get("/console/").content.decode()
        for path in ("/console/webhooks", "/console/webhooks/crm"):
            assert client.get(path).status_code == 403
            assert client.post(path, {"act": "off", "slug": "mine", "url": URL}).status_code == 403
    for who in ("olga", None):
        assert browser(who).get("/console/webhooks/crm").status_code in (302, 404)
    assert list(Endpoint.objects.values()) == before


def test_an_administrator_of_one_product_sees_its_endpoints_only(browser: Browser) -> None:
    client = administrator(browser, "bos")
    assert client.post("/console/webhooks", {"slug": "all", "url": URL}).status_code == 403
    assert client.post("/console/webhooks", {"slug": "ours", "url": URL, "product": "bos"}).status_code == 200
    assert "ours" in client.get("/console/webhooks").content.decode()
    assert client.get("/console/webhooks/all").status_code == 404
