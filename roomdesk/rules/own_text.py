"""What a person wrote themselves: the body without reply fallback and quotes, and what formatted text shows."""

import re

_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9-]*)([^<>]*)>|<!--|[^<]+|<")
_ENTITIES = {"&lt;": "<", "&gt;": ">", "&amp;": "&", "&quot;": '"', "&#39;": "'", "&nbsp;": " "}
_ENTITY = re.compile("|".join(_ENTITIES))
_NOT_OWN = frozenset({"mx-reply", "blockquote"})
_CODE = frozenset({"code", "pre"})
_LINES = frozenset(
    {"p", "br", "div", "li", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "table", "tr", "details"}
)
_PILL = re.compile(r"""href\s*=\s*["']?(?:https://matrix\.to/#/|matrix:u/)(?:@|%40)?([^"'?\s]*)""", re.IGNORECASE)


def own_text(body: str, is_reply: bool) -> str:
    """`body` without the reply fallback: in a reply, leading `> ` lines and the empty line after them (cases/README)."""
    if not is_reply or not body.startswith(">"):
        return body
    lines = body.split("\n")
    first = next((n for n, line in enumerate(lines) if not line.startswith(">")), len(lines))
    if first < len(lines) and not lines[first].strip():
        first += 1
    return "\n".join(lines[first:])


def shown_text(formatted_body: str, enough: int = 400) -> str:
    """The beginning of what formatted text shows as the person's own, at least `enough` characters if there are as many.

    Quotes and reply fallback are left out, code is marked by a backtick, a mention by pill becomes `@localpart:server`,
    block elements become lines. Linear in the length of its input, which is written by strangers.
    """
    parts: list[str] = []
    hidden = pill = size = 0
    for piece in _TAG.finditer(formatted_body):
        closing, name, attributes = piece.group(1), (piece.group(2) or "").lower(), piece.group(3) or ""
        if name in _NOT_OWN:
            hidden = max(0, hidden + (-1 if closing else 1))
            parts.append("\n")
        elif name == "a" and (closing or pill):
            pill = 0
        elif not hidden and not pill:
            text, pill = _shown(piece.group(), name, attributes)
            parts.append(text)
            size += len(text.strip())
        if size >= enough:
            break
    return "".join(parts)


def _shown(piece: str, name: str, attributes: str) -> tuple[str, int]:
    """Text for one piece of markup, and whether a pill begins whose own text is to be left out."""
    if name in _CODE:
        return "`", 0
    if name in _LINES:
        return "\n", 0
    if name == "a" and (person := _PILL.search(attributes)):
        return f" @{person.group(1).replace('%3A', ':')} ", 1
    return ("" if name else _ENTITY.sub(lambda entity: _ENTITIES[entity.group()], piece)), 0
