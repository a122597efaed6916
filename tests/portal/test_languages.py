"""The customers' pages speak every language that they are translated to, completely."""

from __future__ import annotations

import gettext
import re
from pathlib import Path

import pytest

import roomdesk.web
from roomdesk.directory import services
from roomdesk.runtime import clock
from tests.flow.world import ACTOR
from tests.portal.conftest import Browser

WEB = Path(roomdesk.web.__file__).parent
LANGUAGES = {"bg": "bg", "pt": "pt_BR"}


def messages() -> set[str]:
    """Everything that the pages of customers translate; the console is English."""
    pages = [path for path in (WEB / "templates").rglob("*.html") if path.parent.name != "console"]
    code = [path for folder in ("portal", "chat") for path in (WEB / folder).glob("*.py")]
    found: set[str] = set()
    for path in pages:
        text = path.read_text("utf-8")
        found |= {one for pair in re.findall(r"\{% translate (?:\"([^\"]*)\"|'([^']*)') %\}", text) for one in pair}
        found |= set(re.findall(r"=_\(\"([^\"]*)\"\)", text))
        blocks = re.findall(r"\{% blocktranslate[^%]*%\}(.*?)\{% endblocktranslate %\}", text, re.DOTALL)
        found |= {re.sub(r"\{\{ (\w+) \}\}", r"%(\1)s", block) for block in blocks}
    for path in code:
        found |= set(re.findall(r"(?<![\w.])_\(\"([^\"]*)\"\)", path.read_text("utf-8")))
    return found - {""}


def written(language: str) -> dict[str, str]:
    """The .po file's pairs; each stands on one line."""
    text = (WEB / "locale" / language / "LC_MESSAGES" / "django.po").read_text("utf-8")
    pairs = re.findall(r'^msgid "(.+)"\nmsgstr "(.+)"$', text, re.MULTILINE)
    return {key.replace('\\"', '"'): value.replace('\\"', '"') for key, value in pairs}


@pytest.mark.parametrize("language", LANGUAGES.values())
def test_everything_is_translated_and_nothing_else(language: str) -> None:
    assert set(written(language)) == messages()


@pytest.mark.parametrize("language", LANGUAGES.values())
def test_what_is_compiled_is_what_is_written(language: str) -> None:
    with (WEB / "locale" / language / "LC_MESSAGES" / "django.mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    for key, value in written(language).items():
        assert compiled.gettext(key) == value, f"{key}: run tools/messages"


@pytest.mark.parametrize("language", LANGUAGES.values())
def test_names_that_are_filled_in_are_kept(language: str) -> None:
    for key, value in written(language).items():
        assert sorted(re.findall(r"%\(\w+\)s", key)) == sorted(re.findall(r"%\(\w+\)s", value)), key


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
