"""Everything on pages can be translated, and is, in every language of the pages."""

from __future__ import annotations

import gettext
import re
from collections import Counter
from pathlib import Path

import pytest

from roomdesk.web.portal.refusals import SENTENCES
from roomdesk.web.sentences import STAFF_SENTENCES
from tests.house.catalogues import LANGUAGES, blanks, entries
from tests.house.marked import unmarked
from tests.house.messages import EOT, WEB, messages

#: Files that leave the desk, and the page for who builds pages: these speak English.
ENGLISH = {"record", "styleguide.html"}


def pages() -> list[Path]:
    return [path for path in (WEB / "templates").rglob("*.html") if not ENGLISH & set(path.relative_to(WEB).parts)]


def test_no_page_has_words_that_no_translation_reaches() -> None:
    left = [
        f"{path.relative_to(WEB)}:{line}: {words}"
        for path in pages()
        for line, words in unmarked(path.read_text("utf-8"))
    ]
    assert left == []


@pytest.mark.parametrize(
    "words",
    [
        "<p>Nothing is open.</p>",
        "<p>{{ many }} cases</p>",
        '<p title="Nothing">…</p>',
        '<input placeholder="all {{ many }}">',
        '{% include "parts/empty.html" with words="Nothing is open." %}',
        '<p>{{ name|default:"nobody yet" }}</p>',
        "{% translate 'Open' %} cases",
        "{% blocktranslate %}All{% endblocktranslate %}<b>of them</b>",
    ],
)
def test_words_that_nobody_marked_are_found(words: str) -> None:
    assert list(unmarked(words))


@pytest.mark.parametrize(
    "words",
    [
        "<p>{% translate 'Open' %}: {{ many }}</p>",
        "<p title=\"{% translate 'Open' %}\">P0 · Roomdesk</p>",
        "{% blocktranslate with a=b %}All {{ a }} cases{% endblocktranslate %}",
        "<kbd>Enter</kbd> <code>inv*</code> {# A remark. #}",
        '{% include "parts/badge.html" with words=_("Open") tone="severity high" %}',
        '<p class="a b" data-live id="x">{{ name|default:_("nobody yet") }}{{ at|date:"Y-m-d" }}</p>',
        "{% block body_class %}console{% endblock %}",
    ],
)
def test_what_is_marked_or_no_words_is_not(words: str) -> None:
    assert list(unmarked(words)) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_is_translated_once_and_nothing_else(language: str) -> None:
    written = Counter(one.message for one in entries(language))
    assert messages() - set(written) == set() and set(written) - messages() == set()
    assert [message for message, many in written.items() if many > 1] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_filled_in_is_kept(language: str) -> None:
    for one in entries(language):
        assert len(one.words) == len(one.message)
        for said, words in zip(one.message, one.words, strict=True):
            assert blanks(said) == blanks(words), said
            assert said[:1].isspace() == words[:1].isspace() and said[-1:].isspace() == words[-1:].isspace(), said
        # gettext's own check wants the same names for one and for many; one is called by its reference.
        is_checkable = len({tuple(blanks(said)) for said in one.message}) == 1
        assert one.is_formatted == (is_checkable and "%" in one.message[0]), one.message


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_compiled_is_what_is_written(language: str) -> None:
    with (WEB / "locale" / language / "LC_MESSAGES" / "django.mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    for one in entries(language):
        first = one.message[0]
        if len(one.message) == 2:
            told = tuple(compiled.ngettext(*one.message, number) for number in (1, 5))
        elif EOT in first:
            told = (compiled.pgettext(*first.split(EOT)),)
        else:
            told = (compiled.gettext(first),)
        assert told == one.words, f"{one.message}: run tools/messages"


def test_every_sentence_that_is_translated_is_still_said() -> None:
    """By its longest part without gaps, somewhere in the code."""
    known = {WEB / "portal" / "refusals.py", WEB / "sentences.py"}
    code = "\n".join(path.read_text("utf-8") for path in WEB.parent.rglob("*.py") if path not in known)
    for sentence in (*SENTENCES, *STAFF_SENTENCES):
        part = max(re.split(r"%\(\w+\)s", sentence), key=len)
        assert part in code or part.replace('"', '\\"') in code, sentence
