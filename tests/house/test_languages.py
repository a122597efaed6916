"""Everything on pages can be translated, and is, in every language of the pages."""

from __future__ import annotations

import gettext
import re
from collections import Counter
from pathlib import Path

import pytest
from django.utils.translation import override

from roomdesk.web.portal.refusals import SENTENCES, told
from roomdesk.web.refused import REFUSED
from roomdesk.web.sentences import STAFF_SENTENCES
from tests.house.catalogues import LANGUAGES, blanks, entries
from tests.house.marked import unmarked
from tests.house.messages import EOT, WEB, messages
from tests.house.refused import refusals, texts

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
    known = {WEB / "portal" / "refusals.py", *(WEB / f"{name}.py" for name in ("sentences", "refused"))}
    code = "\n".join(text for path in WEB.parent.rglob("*.py") if path not in known for text in texts(path))
    for sentence in (*SENTENCES, *STAFF_SENTENCES, *REFUSED):
        part = max(re.split(r"%\(\w+\)s", sentence), key=len)
        assert part in code.replace("`", ""), sentence


#: What only programs and the command line call: no page leads there.
FOR_PROGRAMS = {
    *(f"cases/{name}.py" for name in ("calls", "export_folder", "exporting", "importing", "set_aside", "verifying")),
    *("cases/macro_list.py", "consent/erasing.py", "consent/forgetting.py", "consent/using.py"),
    *("oncall/feeds.py", "oncall/importing.py", "oncall/reaching.py"),
}
#: What a form cannot get wrong, since it offers what there is.
NOT_BY_FORMS = {
    'There is no workspace "x".',
    'There is no case "x".',
    'A request cannot be "x"; decide x.',
}


def test_what_services_refuse_is_told_in_the_language_of_the_page() -> None:
    with override("bg"):
        english = [
            f"{path}: {words}"
            for path, words in refusals("cases", "consent", "oncall", "webhooks", "directory/services/access.py")
            if path not in FOR_PROGRAMS and words not in NOT_BY_FORMS and not re.search("[а-я]", told(words))
        ]
    assert english == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("target", ["4 business hours as an aim", "1 business day", "72 hours", "no target"])
def test_a_clock_is_explained_in_the_language_of_the_page(language: str, target: str) -> None:
    lines = (
        f"Target: {target}, counted in Europe/Sofia from Fri 2026-03-06 16:30 (UTC+02:00).",
        "Mon 2026-03-02 to Tue 2026-03-03: holiday (Liberation Day), nothing counts.",
        "Wed 2026-03-04: 09:00–12:00 and 13:00–18:00 count 8 h of 8 h; 100.0 % of the target used.",
        "Paused from Mon 2026-03-02 09:00 (UTC+02:00) and still is; that time does not count.",
        "Due Mon 2026-03-09 12:30 (UTC+02:00).",
        "It was breached after 2026-03-09 10:30:00 UTC. That stays, whatever was promised afterwards.",
        "2026-03-05 08:00:00 UTC: severity normal → high by ivan.",
        "It is running; 0.250000 of the target is used.",
    )
    english = r"\b(business|days?|hours?|target|count|counted|holiday|and|to|Mon|Fri|Wed|Due|breached|running|severity|high|by)\b"
    with override(language):
        told_now = [told(line) for line in lines]
    assert [line for line in told_now if re.search(english, line)] == []
    assert "2026-03-06 16:30 (UTC+02:00)" in told_now[0] and "Liberation Day" in told_now[1]
    with override("en"):
        assert [told(line) for line in lines] == list(lines)


@pytest.mark.parametrize(
    ("words", "bulgarian"),
    [
        ("The product's own words: “plim” (weight 5)", "Собствените думи на продукта: “plim” (тежест 5)"),
        ("The product's own words: “ab-1” (pattern [a-c]{2} ?(?:-|x)\\d, weight 8)", "Собствените думи на продукта: “ab-1” (образец [a-c]{2} ?(?:-|x)\\d, тежест 8)"),
    ],
)  # fmt: skip
def test_what_a_product_s_own_word_said_is_told_with_its_weight_and_the_word_as_it_is(
    words: str, bulgarian: str
) -> None:
    with override("bg"):
        assert told(words) == bulgarian
    with override("en"):
        assert told(words) == words
