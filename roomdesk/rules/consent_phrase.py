"""Whether somebody wrote exactly the phrase of a consent request: its plain text, and what its formatted text shows (cases/README, consent).

Of what people do to a phrase without meaning anything by it, white space, capitals, one final mark, quotation marks and emphasis are
folded. Nothing else is: accents, look-alikes, dashes and invisible characters make another text.
Case folding by itself would take some look-alikes for letters (U+017F for s, U+1C82 for о): a text is spelt in the phrase's own letters.
"""

import re
from html import unescape
from html.parser import HTMLParser

_PAIRS = (
    ('"', '"'), ("'", "'"), ("“", "”"), ("„", "“"), ("„", "”"), ("‘", "’"), ("«", "»"),
    ("***", "***"), ("**", "**"), ("*", "*"), ("___", "___"), ("__", "__"), ("_", "_"),
)  # fmt: skip
#: The property White_Space of Unicode; Python counts four control characters too.
_WHITE = "\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
_SPACE = re.compile(f"[{_WHITE}]+")
_SHOWN_AS_IS = frozenset({"p", "br", "b", "strong", "i", "em", "u", "span"})
_LINES = frozenset({"p", "br"})
_REPLY = "mx-reply"
_COLOURS = frozenset({"data-mx-color", "data-mx-bg-color"})
#: Numbers of characters; those that name none are left out by the parser, and by a client perhaps not.
_NUMBERED = re.compile(r"&#(?:[0-9]+|[xX][0-9a-fA-F]+);?")


def is_phrase(phrase: str, text: str, formatted: str | None, *, is_reply: bool, answers: bool = False) -> bool:
    """Whether `text` is the phrase and, where there is one, the formatted body shows nothing else. Linear in what was written.

    `answers`: it stands in relation to another message, as a reply or in a thread; of nothing else a client hides the quote.
    """
    wanted = _bare(phrase)
    if not wanted or not _says(wanted, _without_fallback(text) if is_reply else text):
        return False
    if formatted is None:
        return True
    shown = _shown(formatted, may_quote=answers)
    return shown is not None and _says(wanted, shown)


def _says(wanted: str, text: str) -> bool:
    bare = _bare(text)
    return bare.casefold() == wanted.casefold() and set(bare) <= _letters(wanted)


def _letters(wanted: str) -> set[str]:
    """The characters of every case of a text."""
    return {*wanted, *wanted.lower(), *wanted.upper(), *wanted.casefold()}


def folded(text: str) -> str:
    """What is compared of a text: bare of surrounding pairs and of one final mark, white space collapsed, case-folded."""
    return _bare(text).casefold()


def _bare(text: str) -> str:
    bare, has_mark = text.strip(_WHITE), False
    while True:
        peeled = _peeled(bare)
        if peeled is None and not has_mark and bare[-1:] in (".", "!"):
            peeled, has_mark = bare[:-1], True
        if peeled is None:
            return _SPACE.sub(" ", bare)
        bare = peeled.strip(_WHITE)


def _peeled(text: str) -> str | None:
    """`text` without one surrounding pair; None where there is none."""
    for begin, end in _PAIRS:
        if len(text) >= len(begin) + len(end) and text.startswith(begin) and text.endswith(end):
            return text[len(begin) : -len(end)]
    return None


def _without_fallback(text: str) -> str:
    """The text without a reply's leading quote. A line that only looks like one stays, and then it is not the phrase."""
    lines = text.split("\n")
    while lines and lines[0].startswith("> "):
        lines.pop(0)
    return "\n".join(lines)


def _shown(formatted: str, *, may_quote: bool) -> str | None:
    """What the formatted body shows, without the reply's quote; None where it does more to a text than emphasise it, or quotes elsewhere."""
    if not all(map(unescape, _NUMBERED.findall(formatted))):
        return None
    shown = _Shown(may_quote=may_quote)
    shown.feed(formatted)
    shown.close()
    return "".join(shown.parts) if shown.is_plain else None


class _Shown(HTMLParser):
    def __init__(self, *, may_quote: bool) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.is_plain = True
        #: The quote stands once, before everything else (client-server API v1.9, "Fallbacks for rich replies").
        self._may_quote = may_quote
        self._quoted = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == _REPLY:
            self.is_plain &= self._may_quote
            self._may_quote = False
            self._quoted += 1
        elif not self._quoted:
            self._may_quote = False
            # A spoiler is a span that hides what it holds, and a formula one that shows something else.
            hides = any(name.startswith("data-mx-") and name not in _COLOURS for name, _ in attrs)
            self.is_plain &= tag in _SHOWN_AS_IS and not hides
            self._line(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag == _REPLY:
            self.is_plain &= self._quoted > 0
            self._quoted = max(0, self._quoted - 1)
        elif not self._quoted:
            self.is_plain &= tag in _SHOWN_AS_IS
            self._line(tag)

    def handle_data(self, data: str) -> None:
        if not self._quoted:
            self._may_quote &= not data.strip(_WHITE)
            self.parts.append(data)

    def handle_comment(self, data: str) -> None:
        self.is_plain = False

    def handle_decl(self, decl: str) -> None:
        self.is_plain = False

    def handle_pi(self, data: str) -> None:
        self.is_plain = False

    def unknown_decl(self, data: str) -> None:
        self.is_plain = False

    def _line(self, tag: str) -> None:
        if tag in _LINES:
            self.parts.append("\n")
