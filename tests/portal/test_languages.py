"""The customers' pages speak every language that they are translated to, completely."""

from __future__ import annotations

import gettext
import re
from pathlib import Path

import pytest
from django.utils import translation

import roomdesk.web
from roomdesk.directory import services
from roomdesk.runtime import clock
from roomdesk.web.portal.refusals import SENTENCES, told
from tests.flow.world import ACTOR
from tests.portal.conftest import Browser

WEB = Path(roomdesk.web.__file__).parent
LANGUAGES = {"bg": "bg", "pt": "pt_BR"}


def messages() -> set[str]:
    """Everything that the pages of customers translate; the console is English."""
    pages = [path for path in (WEB / "templates").rglob("*.html") if path.parent.name != "console"]
    code = [path for folder in ("portal", "chat", "identity") for path in (WEB / folder).glob("*.py")]
    found: set[str] = set()
    for path in pages:
        text = path.read_text("utf-8")
        found |= {one for pair in re.findall(r"\{% translate (?:\"([^\"]*)\"|'([^']*)') %\}", text) for one in pair}
        found |= set(re.findall(r"=_\(\"([^\"]*)\"\)", text))
        blocks = re.findall(r"\{% blocktranslate[^%]*%\}(.*?)\{% endblocktranslate %\}", text, re.DOTALL)
        numbers = [part for block in blocks for part in block.split("{% plural %}")]
        found |= {re.sub(r"\{\{ (\w+) \}\}", r"%(\1)s", block) for block in numbers}
    for path in code:
        source = path.read_text("utf-8")
        found |= set(re.findall(r"(?<![\w.])_\(\"([^\"]*)\"\)", source))
        found |= {one for pair in re.findall(r"ngettext\(\s*\"([^\"]*)\",\s*\"([^\"]*)\"", source) for one in pair}
    return found - {""}


def entries(language: str) -> list[tuple[list[str], list[str]]]:
    """The .po file's entries: what is said of one (and of many), and its translations. Each text stands on one line."""
    text = (WEB / "locale" / language / "LC_MESSAGES" / "django.po").read_text("utf-8")
    found = []
    for part in text.split("\n\n")[1:]:
        lines = [re.fullmatch(r'(msg\w+)(?:\[\d\])? "(.+)"', line) for line in part.splitlines() if line[0] != "#"]
        pairs = [(line[1], line[2].replace('\\"', '"')) for line in lines if line]
        assert len(pairs) == len(lines), part
        said = [words for name, words in pairs if name != "msgstr"]
        found.append((said, [words for name, words in pairs if name == "msgstr"]))
    return found


def written(language: str) -> dict[str, str]:
    """Every text with its translation; of two for one and many, each with its own."""
    return {key: value for keys, values in entries(language) for key, value in zip(keys, values, strict=True)}


@pytest.mark.parametrize("language", LANGUAGES.values())
def test_everything_is_translated_and_nothing_else(language: str) -> None:
    assert set(written(language)) == messages()


@pytest.mark.parametrize("language", LANGUAGES.values())
def test_what_is_compiled_is_what_is_written(language: str) -> None:
    with (WEB / "locale" / language / "LC_MESSAGES" / "django.mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    for keys, values in entries(language):
        told = [compiled.ngettext(*keys, number) for number in (1, 5)] if len(keys) == 2 else [compiled.gettext(*keys)]
        assert told == values, f"{keys}: run tools/messages"


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


def test_every_sentence_that_is_translated_is_still_said() -> None:
    """By its longest part without gaps, somewhere in the code."""
    code = "\n".join(
        path.read_text("utf-8")
        for path in WEB.parent.rglob("*.py")
        if path.name != "refusals.py" or path.parent == WEB.parent
    )
    for sentence in SENTENCES:
        assert max(re.split(r"%\(\w+\)s", sentence), key=len) in code, sentence
