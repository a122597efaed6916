"""Markdown as a room draws it, people called by name, and foreign HTML made harmless."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomdesk.rules.mentions import Named, handle
from roomdesk.rules.rich_text import cleaned, rich

CORPUS = (Path(__file__).parent.parent / "data" / "xss.txt").read_text().splitlines()
OLGA, PETROVA = Named("olga", "Olga", "@olga:x"), Named("op", "Olga Petrova", "@op:x")
IVAN, OTHER = Named("ivan1", "Ivan", "@ivan1:x"), Named("ivan2", "Ivan", "@ivan2:x")
_TAGS = set(
    "a b blockquote br code del em h1 h2 h3 h4 h5 h6 hr i li ol p pre s strong sub sup table tbody td th thead tr u ul".split()  # noqa: SIM905 - as the rule lists them
)


class Seen(HTMLParser):
    """What a browser would meet."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.wrong: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _TAGS:
            self.wrong.append(tag)
        for name, value in attrs:
            leads = name == "href" and re.match(r"(https?://|mailto:)", value or "")
            if not leads and name not in ("rel", "start"):
                self.wrong.append(f"{tag} {name}={value}")


@pytest.mark.parametrize("text", CORPUS)
def test_nothing_of_the_corpus_survives_as_markdown_or_as_html(text: str) -> None:
    assert Seen(rich(text).html).wrong == []
    assert Seen(cleaned(text)).wrong == []
    assert Seen(rich(f"**x** {text}\n\n> {text}\n\n- {text}", [Named("x", text, "@x:x")]).html).wrong == []


@given(st.text(alphabet="<>\"'`@[]()!&#x;:/ \\\n*_-=abjs|", max_size=120))
def test_nothing_invented_survives_either(text: str) -> None:
    named = [Named("a", text or "a", '@"><b>:x')]
    assert Seen(rich(text, named).html).wrong == []
    assert Seen(cleaned(text)).wrong == []


@pytest.mark.parametrize(
    "text", ["Plain words", "two\nlines\n\nand more", "a & b <c>", "5 > 4 and 3 < 4", "snake_case_name"]
)
def test_plain_words_need_no_html(text: str) -> None:
    assert rich(text).html == ""


def test_structure_is_drawn() -> None:
    assert rich("**b** `c` ~~d~~\nnext").html == "<p><strong>b</strong> <code>c</code> <s>d</s><br>\nnext</p>"
    assert rich("- a\n- b").html == "<ul>\n<li>a</li>\n<li>b</li>\n</ul>"
    assert '<a href="https://example.org"' in rich("[x](https://example.org)").html
    assert "<table>" in rich("|a|\n|-|\n|1|").html
    assert "<img" not in rich("![x](https://example.org/x.png)").html


def test_people_are_called_by_their_whole_name_or_id() -> None:
    said = rich("Dear @Olga Petrova, ask @IVAN2 or @olga.", [OLGA, PETROVA, IVAN, OTHER])
    assert said.called == ("@op:x", "@ivan2:x", "@olga:x")
    assert '<a href="https://matrix.to/#/@op:x" rel="noopener noreferrer nofollow">Olga Petrova</a>' in said.html


@pytest.mark.parametrize(
    "text", ["olga@olga.example", "x@olga", "@Olgapp", "`@Olga`", "    @Olga", "@Ivan", "@nobody", "@", "@@olga"]
)
def test_what_calls_nobody(text: str) -> None:
    """Mail addresses, more of a word, code, and a name that two people have."""
    assert rich(text, [OLGA, IVAN, OTHER]).called == ()


def test_who_shares_a_name_is_called_by_their_id() -> None:
    assert (handle(OLGA, [OLGA, IVAN, OTHER]), handle(OTHER, [OLGA, IVAN, OTHER])) == ("Olga", "ivan2")
