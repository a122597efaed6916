"""Finds words in templates that no translation can reach: text, attributes that are read out, and words given to parts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser

#: Attributes that people read or hear.
SPOKEN = frozenset({"title", "aria-label", "placeholder", "alt", "data-busy", "data-words"})
#: What is written in these is the same in every language.
NOT_WORDS = frozenset({"kbd", "code", "pre", "script", "style"})
#: Arguments of parts that are not words.
_NAMES = frozenset(
    {"tone", "name", "id", "class", "address", "icon", "file", "area", "kind", "field", "first", "shape"}
)
_TAG = re.compile(r"\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}", re.DOTALL)
_BLOCK = re.compile(r"\{% blocktrans(?:late)?\b.*?%\}.*?\{% endblocktrans(?:late)? %\}", re.DOTALL)
_CLASS = re.compile(r"\{% block body_class %\}.*?\{% endblock %\}")
_COMMENT = re.compile(r"\{% comment %\}.*?\{% endcomment %\}", re.DOTALL)
_GIVEN = re.compile(r"(\w+)=(\"[^\"]*\"|'[^']*')")
#: Words that stand in for a value that is not there.
_INSTEAD = re.compile(r"\|(?:default|default_if_none|pluralize):(\"[^\"]*\"|'[^']*')")
_LETTERS = re.compile(r"[^\W\d_]{2}")
#: What every language calls the same.
_NAMES_OF_THINGS = re.compile(r"\b(Roomdesk|P0|Matrix|Markdown|CSV|PagerDuty|REST|MB|Ctrl|Enter|Esc|https?)\b")


def unmarked(template: str) -> Iterator[tuple[int, str]]:
    """Line and words of everything that people would always read in English."""
    blank = template
    for pattern in (_COMMENT, _BLOCK, _CLASS):
        blank = pattern.sub(_lines_only, blank)
    yield from _given(blank)
    reader = _Reader()
    reader.feed(_TAG.sub(_placeholder, blank))
    reader.close()
    yield from reader.found


def is_words(text: str) -> bool:
    return bool(_LETTERS.search(_NAMES_OF_THINGS.sub("", text)))


def _lines_only(found: re.Match[str]) -> str:
    return "\n" * found[0].count("\n")


def _placeholder(found: re.Match[str]) -> str:
    """Nothing where a tag was: what it says was looked at by itself."""
    return "\n" * found[0].count("\n")


def _given(template: str) -> Iterator[tuple[int, str]]:
    for tag in re.finditer(r"\{% (?:include|with) .*?%\}", template, re.DOTALL):
        line = template.count("\n", 0, tag.start()) + 1
        for name, value in _GIVEN.findall(tag[0]):
            if name not in _NAMES and is_words(value):
                yield line, f"{name}={value}"
    for one in _INSTEAD.finditer(template):
        if is_words(one[1]):
            yield template.count("\n", 0, one.start()) + 1, one[0]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[int, str]] = []
        self._inside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in NOT_WORDS:
            self._inside.append(tag)
        for name, value in attrs:
            if name in SPOKEN and value and is_words(value):
                self.found.append((self.getpos()[0], f'{name}="{value}"'))

    def handle_endtag(self, tag: str) -> None:
        if self._inside and self._inside[-1] == tag:
            self._inside.pop()

    def handle_data(self, data: str) -> None:
        if not self._inside and is_words(data):
            before = data[: len(data) - len(data.lstrip())]
            self.found.append((self.getpos()[0] + before.count("\n"), " ".join(data.split())))
