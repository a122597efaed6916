"""Words with structure: Markdown as people write it, as the HTML of Matrix (client-server API, `m.room.message` msgtypes), and foreign HTML made harmless.

Nothing that comes out of here runs, loads or draws over anything: tags and attributes are those that the specification recommends, without colours, pictures and
classes. Links lead to http, https and mailto only.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token

from roomdesk.rules.mentions import Named, pieces

#: The format of `formatted_body`.
FORMAT = "org.matrix.custom.html"
_TAGS = frozenset(
    re.findall(
        r"\w+",
        "a b blockquote br code del em h1 h2 h3 h4 h5 h6 hr i li ol p pre s strong sub sup table tbody td th thead tr u ul",
    )
)
#: Taken away with what is in them: a reply's quotation stands in the message that it answers.
_GONE = frozenset({"script", "style", "mx-reply", "title", "template", "noscript", "iframe"})
_ATTRIBUTES: dict[str, set[str]] = {"*": set(), "a": {"href"}, "ol": {"start"}}
_SCHEMES = frozenset({"http", "https", "mailto"})
#: Tokens of words that are nothing but lines of text.
_PLAIN = frozenset({"paragraph_open", "paragraph_close", "inline"})
_MATRIX_TO = "https://matrix.to/#/"


@dataclass(frozen=True, slots=True)
class Rich:
    """A text as a room shows it: `html`, empty where it would say no more than the text itself, and whom it calls (Matrix ids, each once)."""

    html: str = ""
    called: tuple[str, ...] = ()


#: A text that is nothing but text.
PLAIN = Rich()


def rich(text: str, people: Sequence[Named] = ()) -> Rich:
    """A text in Markdown (CommonMark, with ~~struck~~ words and tables); a call of one of `people` links to them. HTML in it is text."""
    tokens, called = _markdown().parse(text), dict[str, None]()
    is_plain = all(_is_plain(token) for token in tokens)
    for token in tokens:
        if token.children:
            token.children = [part for child in token.children for part in _linked(child, people, called)]
    if is_plain and not called:
        return PLAIN
    return Rich(cleaned(_markdown().renderer.render(tokens, _markdown().options, {})), tuple(called))


def cleaned(given: str) -> str:
    """Foreign HTML with nothing left in it that a page must fear."""
    return nh3.clean(
        given,
        tags=set(_TAGS),
        clean_content_tags=set(_GONE),
        attributes={tag: set(names) for tag, names in _ATTRIBUTES.items()},
        url_schemes=set(_SCHEMES),
        url_relative="deny",
        link_rel="noopener noreferrer nofollow",
    ).strip()


@cache
def _markdown() -> MarkdownIt:
    """Without pictures: they would load from elsewhere whatever somebody writes."""
    rules = MarkdownIt("commonmark", {"html": False, "breaks": True})
    return rules.enable(["strikethrough", "table"]).disable(["image", "html_block", "html_inline"])


def _is_plain(token: Token) -> bool:
    """Whether it is drawn letter by letter as it was written."""
    if token.type != "inline":
        return token.type in _PLAIN
    drawn = "".join("\n" if child.type == "softbreak" else child.content for child in token.children or ())
    kinds = {child.type for child in token.children or ()}
    return kinds <= {"text", "softbreak"} and drawn.split() == token.content.split()


def _linked(token: Token, people: Sequence[Named], called: dict[str, None]) -> Iterator[Token]:
    """A piece of text cut apart at those whom it calls; they are noted in `called`."""
    if token.type != "text" or "@" not in token.content:
        yield token
        return
    for piece in pieces(token.content, people):
        if isinstance(piece, str):
            yield Token("text", "", 0, content=piece)
        else:
            called[piece.user_id] = None
            address = html.escape(f"{_MATRIX_TO}{piece.user_id}")
            yield Token("html_inline", "", 0, content=f'<a href="{address}">{html.escape(piece.name or piece.id)}</a>')
