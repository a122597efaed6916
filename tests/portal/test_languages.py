"""The customers' pages speak the language of whoever reads them; what catalogues hold is looked at in tests/house."""

from __future__ import annotations

import pytest
from django.utils import translation

from roomdesk.directory import services
from roomdesk.runtime import clock
from roomdesk.web.portal.refusals import told
from tests.flow.world import ACTOR
from tests.portal.conftest import Browser


@pytest.mark.parametrize(
    ("locale", "product", "words"),
    [
        ("bg", "plana-business-cloud", ("Какво да очаквате", "Първи отговор: 1 работен ден", 'lang="bg"')),
        ("pt", "power-omni", ("O que esperar", "Primeira resposta", 'lang="pt-br"')),
        ("en", "plana-business-cloud", ("What to expect", "First answer: 1 business day", 'lang="en"')),
    ],
)
def test_the_support_page_in_the_persons_language(
    browser: Browser, locale: str, product: str, words: tuple[str, ...]
) -> None:
    services.do_put_workspace(slug="fora", product=product, actor=ACTOR, now=clock.now())
    services.do_put_member(workspace="fora", id="nina", role="owner", locale=locale, actor=ACTOR, now=clock.now())
    text = browser("nina").get("/portal/fora/", headers={"accept-language": "de"}).content.decode()
    assert all(one in text for one in words)


def test_refusals_are_told_in_the_language_of_the_page(browser: Browser) -> None:
    services.do_put_workspace(slug="fora", product="plana-business-cloud", actor=ACTOR, now=clock.now())
    services.do_put_member(workspace="fora", id="nina", role="owner", locale="bg", actor=ACTOR, now=clock.now())
    nina = browser("nina")
    assert "Това работно пространство няма стая." in nina.get("/chat/fora").content.decode()
    gone = nina.get("/portal/fora/cases/BC-9999")
    assert gone.status_code == 404 and "Няма такава заявка или тя не е за вас." in gone.content.decode()
    empty = nina.post("/chat/fora", {"text": "", "key": "k"})
    assert empty.status_code == 422 and "Текстът е празен" in empty.content.decode()


def test_what_is_filled_in_stays_as_it_was() -> None:
    with translation.override("pt-br"):
        assert told("“50% of %(it)s.txt” is larger than 100 MB.") == "“50% of %(it)s.txt” tem mais de 100 MB."
        assert told("Something that nobody translated.") == "Something that nobody translated."
