"""The page Search, as staff and others meet it. Nothing here changes anything."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from roomdesk.cases import search as record
from roomdesk.directory import services
from roomdesk.directory.models import Person
from roomdesk.record.models import Message
from roomdesk.runtime import clock
from tests.cases_api.place import nothing_changes
from tests.flow.world import ACTOR, START

Open = Callable[..., str]


@pytest.fixture(scope="module")
def browser(talk: str) -> Callable[[str], Client]:
    """A browser in which engineer Ivan, security engineer Sevda, Tiago of another product, or owner Olga is signed in."""
    before = START - timedelta(days=1)
    services.do_put_staff(id="sevda", roles=["engineer", "security"], actor=ACTOR, now=before)
    services.do_put_staff(id="tiago", roles=["engineer"], product="power-omni", actor=ACTOR, now=before)

    def opened(who: str) -> Client:
        client = Client(headers={"host": "127.0.0.1"})
        client.force_login(Person.objects.get(slug=who), "allauth.account.auth_backends.AuthenticationBackend")
        return client

    return opened


def page(client: Client, status: int = 200, **asked: str) -> str:
    with clock.frozen(START + timedelta(hours=1)):
        answer = client.get("/console/search", asked)
    assert answer.status_code == status
    return answer.content.decode()


def test_without_a_query_it_says_what_can_be_asked(browser: Callable[[str], Client]) -> None:
    text = page(browser("ivan"))
    assert "What can be asked" in text and "has:file" in text
    assert 'href="/console/search?q=from%3Aolga"' in text
    assert 'aria-current="page">Search</a>' in text


def test_a_hit_is_marked_and_leads_to_its_place_in_its_case(browser: Callable[[str], Client]) -> None:
    client = browser("ivan")
    text = page(client, q="invoices march")
    message = Message.objects.select_related("case").get(external_id="$en1")
    assert message.case is not None
    assert "The <mark>invoices</mark> of <mark>March</mark> show" in text
    address = f"/console/cases/{message.case.ref}#m-{message.pk}"
    assert f'href="{address}"' in text and "1 message<" in text
    assert f'id="m-{message.pk}"' in client.get(address).content.decode()


def test_text_from_customers_is_shown_as_text(browser: Callable[[str], Client]) -> None:
    text = page(browser("ivan"), q='<b>"x" zephyr')
    assert "<b>" not in text and "&lt;b&gt;" in text


def test_a_query_that_says_nothing_is_told_beside_its_field(browser: Callable[[str], Client]) -> None:
    for query, status, sentence in (
        ("has:picture", 422, "has:picture is refused: there is only has:file."),
        ("workspace:nothing x", 404, "There is no workspace &quot;nothing&quot;, or it is not yours to see."),
        ("case:XX-1", 404, "There is no case &quot;XX-1&quot;, or it is not yours to see."),
    ):
        with nothing_changes():
            text = page(browser("ivan"), status, q=query)
        assert sentence in text and 'aria-invalid="true"' in text
    assert "after must be the next of an earlier page." in page(browser("ivan"), 422, q="invoice", after="odd")


def test_what_is_not_there_is_said_with_what_to_do(browser: Callable[[str], Client]) -> None:
    assert "Nothing was found." in page(browser("ivan"), q="nothinglikethis")
    assert "Nothing was found." in page(browser("ivan"), q="persimmon")


def test_a_restricted_case_is_found_by_the_security_role_only(browser: Callable[[str], Client]) -> None:
    assert "Nothing was found." in page(browser("ivan"), q="tamarind")
    assert "stole the <mark>tamarind</mark>" in page(browser("sevda"), q="tamarind")


def test_staff_of_another_product_find_nothing_and_customers_no_page(browser: Callable[[str], Client]) -> None:
    assert "Nothing was found." in page(browser("tiago"), q="invoice")
    assert "or it is not yours to see" in page(browser("tiago"), 404, q="workspace:acme invoice")
    with nothing_changes():
        assert "invoices" not in page(browser("olga"), 404, q="invoice")
    answer = Client(headers={"host": "127.0.0.1"}).get("/console/search?q=invoice")
    assert (answer.status_code, answer["Location"]) == (302, "/accounts/login/?next=/console/search%3Fq%3Dinvoice")


def test_further_pages_hold_the_rest_in_either_order(
    browser: Callable[[str], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(record.search, "__kwdefaults__", {**(record.search.__kwdefaults__ or {}), "limit": 4})
    client = browser("ivan")
    for order in ("newest", "best"):
        text = page(client, q="from:customer", order=order)
        seen = re.findall(r"#m-(\d+)", text)
        while following := re.search(r'href="([^"]+)" rel="next"', text):
            text = client.get(html.unescape(following[1])).content.decode()
            seen += re.findall(r"#m-(\d+)", text)
            assert "First page" in text
        assert len(seen) == len(set(seen)) > 8


def test_it_costs_a_bounded_number_of_queries(browser: Callable[[str], Client]) -> None:
    client = browser("ivan")
    page(client, q="from:customer")
    with CaptureQueriesContext(connection) as caught:
        page(client, q="from:customer", order="best")
    assert len(caught) <= 18
