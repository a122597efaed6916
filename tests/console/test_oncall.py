"""The page On call: the watch, what nobody has taken, the rota, and one's own ways."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

from django.db import transaction
from django.test import Client

from roomdesk.cases import taking
from roomdesk.directory.queries import Viewer
from roomdesk.oncall.models import Import, Page, Reach, Rota, Swap
from roomdesk.product import services as products
from roomdesk.product.canonical import from_json, to_json
from roomdesk.product.queries import newest, product_of
from roomdesk.rules.toml_text import written_as_toml
from roomdesk.runtime import clock
from tests.console.conftest import ACTOR, open_case

Browser = Callable[[str | None], Client]
WHERE = "/console/oncall"
ROTA = """
[[layers]]
name = "nights"
people = ["lea", "ivan"]
zone = "Europe/Sofia"
starts = 2020-01-06
hand_over = "09:00"
"""


def text(answer: object) -> str:
    return answer.content.decode()  # type: ignore[attr-defined,no-any-return]


def write(client: Client) -> None:
    answer = client.post("/console/oncall/bos/rota", {"do": "save-text", "written": ROTA, "version": "0"})
    assert answer.status_code == 302, text(answer)


def test_leads_write_the_rota_and_staff_swap_their_own_shifts(browser: Browser) -> None:
    lea, ivan = browser("lea"), browser("ivan")
    assert "No rota is written" in text(ivan.get(WHERE))
    write(lea)
    assert "Ivan" in text(ivan.get(WHERE))
    swap = {"act": "swap", "product": "bos", "instead_of": "lea", "person": "ivan", "reason": "Holiday"}
    assert ivan.post(WHERE, swap).status_code == 403
    assert lea.post(WHERE, swap).status_code == 302
    assert "Holiday" in text(lea.get(WHERE))
    number = Swap.objects.get().pk
    assert lea.post(WHERE, {"act": "end_swap", "product": "bos", "number": str(number)}).status_code == 302
    assert Swap.objects.get().ended_at is not None


def test_a_page_is_taken_with_a_button(browser: Browser) -> None:
    case = open_case(workspace="acme", author="olga")
    taking.do_page(Viewer("cli", "t", sees_all=True), case.ref, reason="", author=None, actor=ACTOR, now=clock.now())
    ivan = browser("ivan")
    assert "I have it" in text(ivan.get(WHERE)) and case.ref in text(ivan.get(WHERE))
    assert case.ref not in text(browser("tiago").get(WHERE)), "another product's"
    assert ivan.post(WHERE, {"act": "acknowledge", "ref": case.ref}).status_code == 302
    page = Page.objects.get()
    assert (page.acknowledged_by, page.acknowledged_via) == ("ivan", "console")
    assert "No page waits" in text(ivan.get(WHERE))


def test_ways_and_calendars_are_ones_own_and_secret(browser: Browser) -> None:
    lea = browser("lea")
    write(lea)
    ivan = browser("ivan")
    assert ivan.post(WHERE, {"act": "ways", "ways": "pigeon=x"}).status_code == 422
    assert ivan.post(WHERE, {"act": "ways", "ways": "apprise=json://secret.example.org/x"}).status_code == 302
    assert Reach.objects.get().person.slug == "ivan"
    assert "secret.example.org" not in text(ivan.get(WHERE))
    page = text(ivan.post(WHERE, {"act": "calendar", "product": "bos"}))
    (address,) = re.findall(r'id="secret">([^<]+)<', page)
    assert address not in text(ivan.get(WHERE))


def test_customers_have_no_such_page(browser: Browser) -> None:
    assert browser("olga").get(WHERE).status_code == 404


def test_a_table_written_as_toml_reads_the_same() -> None:
    import tomllib

    table = {"needed": {"outside": "office"}, "odd key": 'a "b" \\ ü\n\x7f', "layers": [{"name": "x", "people": ["a"], "level": 2, "on": True}, {"hours": {"within": "o"}}]}  # fmt: skip
    assert tomllib.loads(written_as_toml(table)) == table


def test_a_rota_of_pagerduty_is_shown_with_how_it_stands_and_not_written_here(browser: Browser) -> None:
    stored = to_json(product_of(newest(["bos"])["bos"].pk))
    stored["oncall"] |= {"source": "pagerduty", "escalation_policy": "PBOS123"}
    with transaction.atomic():
        products.store(from_json(stored), clock.now())
    Import.objects.create(product="bos", heard_at=clock.now(), problem="PagerDuty answered 503.", strangers=["Zoe"])
    turn = {"level": 1, "layer": "Primary", "person": "ivan"}
    turn |= {"start": clock.now().isoformat(), "end": (clock.now() + timedelta(days=3)).isoformat()}
    Rota.objects.create(
        product="bos", source="pagerduty", written={"on_call": [turn]}, changed_at=clock.now(), changed_by="pagerduty"
    )
    lea = browser("lea")
    page = text(lea.get(WHERE))
    assert "PagerDuty&#x27;s (escalation policy PBOS123)" in page or "PagerDuty's (escalation policy PBOS123)" in page
    assert "PagerDuty answered 503. What was told last holds on." in page and "Zoe" in page
    assert "<strong>Ivan</strong> (now)" in page and 'id="written-bos"' not in page and 'id="instead-bos"' not in page
    assert 'href="/console/oncall/bos/rota"' not in page
    assert lea.get("/console/oncall/bos/rota").status_code == 409
    assert lea.post("/console/oncall/bos/rota", {"do": "save-text", "written": ROTA}).status_code == 409
    assert Rota.objects.get(product="bos").written == {"on_call": [turn]}
