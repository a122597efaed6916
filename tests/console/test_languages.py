"""Staff read the console in their own language: words, numbers of things, dates, and what was refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.utils import translation

from roomdesk.audit.models import Entry
from roomdesk.directory.models import Person
from roomdesk.runtime import clock
from roomdesk.web.console.clock_words import moment, span
from roomdesk.web.console.present import plain
from tests.cases_api.place import nothing_changes
from tests.console.conftest import open_case

Browser = Callable[[str | None], Client]
PAGES = ("/console/", "/console/?view=late", "/console/attention", "/console/search", "/console/oncall", "/console/workspaces", "/console/rooms", "/console/reports", "/console/products", "/console/health", "/console/filing", "/console/consents")  # fmt: skip


def speaks(who: str, locale: str) -> None:
    Person.objects.filter(slug=who).update(locale=locale)


def seen(page: str) -> str:
    """What people read of a page."""
    return " ".join(re.sub(r"(?s)<(script|style|kbd|code).*?</\1>|<[^>]+>", " ", page).split())


@pytest.mark.parametrize(
    ("locale", "words"),
    [
        ("bg", ("Отворени случаи", "Без отговорник", "По реда на опашката", "Избрани случаи", "Изход")),
        ("pt", ("Casos abertos", "Sem responsável", "Na ordem da fila", "Casos escolhidos", "Sair")),
        ("en", ("Open cases", "Unassigned", "In the order of the queue", "Chosen cases", "Sign Out")),
    ],
)
def test_the_inbox_in_the_readers_language(browser: Browser, locale: str, words: tuple[str, ...]) -> None:
    open_case()
    speaks("lea", locale)
    text = browser("lea").get("/console/", headers={"accept-language": "de"}).content.decode()
    told = seen(text)
    assert f'<html lang="{ {"pt": "pt-br"}.get(locale, locale) }">' in text
    assert [one for one in words if one not in told] == []


def test_who_has_chosen_nothing_reads_the_browsers_language(browser: Browser) -> None:
    client = browser("lea")
    assert "Отворени случаи" in client.get("/console/", headers={"accept-language": "bg,en;q=0.5"}).content.decode()
    assert "Open cases" in client.get("/console/", headers={"accept-language": "de"}).content.decode()


def test_a_case_and_its_clock(browser: Browser) -> None:
    with clock.frozen(datetime(2027, 3, 1, 8, 0, tzinfo=UTC)):
        ref = open_case().ref
        speaks("lea", "bg")
        text = browser("lea").get(f"/console/cases/{ref}").content.decode()
    told = seen(text)
    for words in ("Разговор", "Часовници", "Първи отговор", "остават", "Отговорник още никой", "Състояние Нов", "Наш ред", "понеделник"):  # fmt: skip
        assert words in told, words
    assert 'data-late="закъснял с {span}"' in text and 'data-units="д ч мин"' in text


def test_every_page_is_drawn_in_every_language(browser: Browser) -> None:
    open_case()
    client = browser("lea")
    for locale in ("bg", "pt"):
        speaks("lea", locale)
        for address in PAGES:
            assert client.get(address).status_code == 200, (locale, address)


def test_one_and_many_are_told_apart(browser: Browser) -> None:
    speaks("lea", "bg")
    refs = [open_case(text).ref for text in ("The invoices are gone", "The stock is wrong")]
    client = browser("lea")
    client.post("/console/bulk", {"act": "take", "refs": refs[:1]})
    assert f"{refs[0]} е възложен на вас." in client.get("/console/").content.decode()
    client.post("/console/undo", {"back": "/console/"})
    client.post("/console/bulk", {"act": "take", "refs": refs})
    assert "2 случая са възложени на вас." in client.get("/console/").content.decode()


def test_refusals_are_told_with_what_was_filled_in(browser: Browser) -> None:
    speaks("lea", "pt")
    gone = browser("lea").get("/console/cases/XX-9")
    assert gone.status_code == 404 and "Não existe o caso &quot;XX-9&quot;" in gone.content.decode()


def test_times_and_lengths_follow_the_language() -> None:
    at = datetime(2026, 3, 2, 11, 0, tzinfo=UTC)
    now = at - timedelta(days=1)
    told = {}
    for language in ("en", "bg", "pt-br"):
        with translation.override(language):
            told[language] = (moment(at, "Europe/Sofia", now), span(timedelta(hours=26)), plain("feature_request"))
    assert told == {
        "en": ("Monday 13:00 EET", "1 d 2 h", "Feature request"),
        "bg": ("понеделник 13:00 EET", "1 д 2 ч", "Искане за функция"),
        "pt-br": ("segunda-feira 13:00 EET", "1 d 2 h", "Pedido de recurso"),
    }


def test_staff_choose_their_language_and_it_stands_in_the_audit(browser: Browser) -> None:
    client = browser("lea")
    assert "/accounts/language/" in client.get("/console/").content.decode()
    answer = client.post("/accounts/language/", {"locale": "bg"}, follow=True)
    assert "Оттук нататък страниците говорят вашия език." in answer.content.decode()
    assert Person.objects.get(slug="lea").locale == "bg"
    assert Entry.objects.filter(scope="vendor").latest("seq").action == "person.changed"
    assert "Случаи" in client.get("/console/").content.decode()
    with nothing_changes():
        refused = client.post("/accounts/language/", {"locale": "tlh"})
    assert refused.status_code == 422 and "Няма такъв език" in refused.content.decode()
    client.post("/accounts/language/", {"locale": ""})
    assert "Cases" in client.get("/console/", headers={"accept-language": "en"}).content.decode()
    assert browser(None).get("/accounts/language/")["Location"].startswith("/accounts/login/")
