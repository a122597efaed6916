"""Catalogues as they are written (.po). Each text stands on one line."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tests.house.messages import EOT, WEB, Message

LANGUAGES = ("bg", "pt_BR")


@dataclass(frozen=True)
class Entry:
    """What is said of one (and of many), its translations, and whether names are filled in by percent signs."""

    message: Message
    words: tuple[str, ...]
    is_formatted: bool


def entries(language: str) -> list[Entry]:
    text = (WEB / "locale" / language / "LC_MESSAGES" / "django.po").read_text("utf-8")
    return [_entry(part) for part in text.strip().split("\n\n")[1:]]


def _entry(part: str) -> Entry:
    lines = [line for line in part.splitlines() if line[0] != "#"]
    found = [re.fullmatch(r'(msg\w+)(?:\[\d\])? "(.+)"', line) for line in lines]
    pairs = [(one[1], one[2].replace('\\"', '"').replace("\\\\", "\\")) for one in found if one]
    assert len(pairs) == len(lines), part
    context = "".join(words + EOT for name, words in pairs if name == "msgctxt")
    said = tuple(context + words for name, words in pairs if name in ("msgid", "msgid_plural"))
    return Entry(said, tuple(words for name, words in pairs if name == "msgstr"), "#, python-format" in part)


def blanks(words: str) -> list[str]:
    """What is filled in, and percent signs that stand for themselves."""
    return sorted(re.findall(r"%\(\w+\)s|%%|(?<!&)\{\w+\}|&#?\w+;", words))
