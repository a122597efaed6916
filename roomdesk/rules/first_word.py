"""Whether a message begins with P0, the word that wakes people (DESIGN §8, cases/README, p0)."""

import re
from functools import lru_cache

from roomdesk.rules.own_text import shown_text

_INVISIBLE = "\u00ad\u200b-\u200f\u2060-\u2064\ufeff\u202a-\u202e\u2066-\u2069"
_ANYWHERE = re.compile(rf"[pPрР][{_INVISIBLE}]*0")
_REMOVE = re.compile(rf"[{_INVISIBLE}]")
# `ℹ` is a letter to Unicode and an emoji to people; `_` may open emphasis.
_AROUND = re.compile(r"[^\w`]*[_ℹ]*[^\w`]*")
# P0ST, P01, P0_x, P0's, P0@x are other words; P0.5 and P0,5 other numbers; "P0.Server is down" is panic.
_WORD = re.compile(r"[pPрР]0(?![^\W_]|_+[^\W_]|['’@]\w|[.,][0-9])")
_FENCE = re.compile(r"\s*(?:```|~~~)")


def is_p0(
    text: str,
    formatted_body: str | None = None,
    *,
    bot_localpart: str = "support",
    bot_names: tuple[str, ...] = ("Support",),
) -> bool:
    """Whether the first word of the person's own text is P0.

    Any case, Latin or Cyrillic Р, punctuation or emoji around. Skipped before it: white space, quote lines and reply
    fallback (whether or not the event is a reply), a mention of the desk bot (`@localpart[:server]`, a pill, or one of
    its names with a colon). Never in a quote, code block or inline code, nor after any other word.
    Where formatted text is given and shows anything, it decides, because it is what people see.
    Linear in the length of the message and cheap for those without P0; it runs on every row of the inbox (D26).
    """
    if formatted_body and _ANYWHERE.search(formatted_body):
        shown = shown_text(formatted_body)
        return _begins(shown if shown.strip() else text, bot_localpart, bot_names)
    if formatted_body and formatted_body.strip() and _shows_text(formatted_body):
        return False
    return _ANYWHERE.search(text) is not None and _begins(text, bot_localpart, bot_names)


def _shows_text(formatted_body: str) -> bool:
    return bool(shown_text(formatted_body, 1).strip())


def _begins(text: str, bot_localpart: str, bot_names: tuple[str, ...]) -> bool:
    mention = _mention(bot_localpart, bot_names)
    for line in _REMOVE.sub("", text).splitlines():
        if line.lstrip().startswith(">"):
            continue
        if _FENCE.match(line):
            return False
        rest = line
        while found := mention.match(rest):
            rest = rest[found.end() :]
        rest = rest[_around(rest) :]
        if rest:
            return _WORD.match(rest) is not None
    return False


def _around(line: str) -> int:
    """Where the first word or backtick of a line begins."""
    found = _AROUND.match(line)
    return found.end() if found else 0


@lru_cache(maxsize=64)
def _mention(bot_localpart: str, bot_names: tuple[str, ...]) -> re.Pattern[str]:
    """A mention of the desk bot and the punctuation before it. `@support:P0` has no server, it has a hurry."""
    server = r"(?::(?![pр]0(?![\w.]))(?:[\w-]+(?:\.[\w-]+)*|\[[0-9a-f:.]+\])(?::[0-9]+)?)?"
    person = rf"@{re.escape(bot_localpart)}(?![\w=/+-]|\.\w){server}"
    named = "|".join(rf"@?{re.escape(name)}\s*:" for name in bot_names)
    return re.compile(rf"[^\w`@]*(?:{person}|{named or '(?!)'})", re.IGNORECASE)
