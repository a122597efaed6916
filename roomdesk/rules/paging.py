"""What is done about a P0, or about what staff call critical (R19, R37, R42), and how the page is worded. Pure."""

from __future__ import annotations

import re
from typing import Literal

Action = Literal["page", "notify", "answer"]
#: So much of the customer's own words goes with a page, in characters.
MOST_WORDS = 500
_LABEL = r"passwor[dt]|passwd|pwd|pass|secret|token|api[_ -]?key|парола\w*|senha|pin"
_TOLD = re.compile(rf"\b((?:{_LABEL})\w*\s*(?:is|е|é|[:=])\s*)(\S+)", re.IGNORECASE)
#: A key or a token: long, of letters and digits mixed, nothing that people say.
_KEY = re.compile(r"(?<![\w/+.-])(?=[\w/+=.-]*[0-9])(?=[\w/+=.-]*[A-Za-z])[A-Za-z0-9_/+=.-]{28,}")
_BEARER = re.compile(r"\b(bearer|basic)\s+\S+", re.IGNORECASE)
HIDDEN = "(hidden)"


def decide(cover: Action, *, may_page: bool, open_now: bool) -> Action:
    """What the product's table of cover says, as far as the workspace's state lets somebody be woken.

    Who may not be paged for is answered; while the office is open staff are told, for they are there.
    """
    if cover == "page" and not may_page:
        return "notify" if open_now else "answer"
    return cover


def without_secrets(text: str) -> str:
    """Words of a customer as they may leave the house: what looks like a password, a key or a token is hidden."""
    text = _BEARER.sub(lambda found: f"{found[1]} {HIDDEN}", text)
    text = _TOLD.sub(lambda found: f"{found[1]}{HIDDEN}", text)
    return _KEY.sub(HIDDEN, text)


def excerpt(text: str, most: int = MOST_WORDS) -> str:
    """The beginning of a customer's words in one line, without secrets."""
    line = " ".join(without_secrets(text).split())
    return line if len(line) <= most else f"{line[: most - 1].rstrip()}…"
