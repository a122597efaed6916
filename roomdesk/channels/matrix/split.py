"""Cutting a transaction's events apart without reading them: no recursion, so that no nesting is too deep."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{},:]', re.DOTALL)


def split_events(text: str) -> list[str] | None:
    """The JSON texts of the items of the top-level object's list `events`; None where there is no such list.

    Whether the pieces themselves are JSON is not looked at.
    """
    if not text.lstrip(" \t\r\n").startswith("{"):
        return None
    found = None
    for key, start, end in _members(text):
        if key == "events":
            found = _items(text, start, end)
    return found


def _members(text: str) -> Iterator[tuple[str, int, int]]:
    """(key, start, end of its value) of the top-level object's members."""
    depth, key, last, start = 0, None, "", 0
    for token in _TOKEN.finditer(text):
        sign = token[0]
        if depth == 1 and sign == ":" and key is None:
            key, start = _text(last), token.end()
        elif depth == 1 and sign in ",}" and key is not None:
            yield key, start, token.start()
            key = None
        depth += _step(sign)
        last = sign


def _items(text: str, start: int, end: int) -> list[str] | None:
    """The items of the list that stands between start and end."""
    if not text[start:end].strip().startswith("["):
        return None
    depth, begin, items = 0, start, []
    for token in _TOKEN.finditer(text, start, end):
        sign = token[0]
        if depth == 1 and sign in ",]":
            items.append(text[begin : token.start()].strip())
        depth += _step(sign)
        if depth == 1 and sign in "[,":
            begin = token.end()
    return items if items != [""] else []


def _step(sign: str) -> int:
    return 1 if sign in "[{" else -1 if sign in "]}" else 0


def _text(token: str) -> str:
    try:
        return str(json.loads(token))
    except ValueError:
        return ""
