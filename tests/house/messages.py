"""Everything that the pages ask a translation for: read out of templates and code, as xgettext would."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import roomdesk.web

WEB = Path(roomdesk.web.__file__).parent
_QUOTED = r"\"([^\"]*)\"|'([^']*)'"
_TRANSLATE = re.compile(rf"\{{% trans(?:late)? (?:{_QUOTED})[^%]*%\}}")
_GIVEN = re.compile(rf"(?<![\w.])_\((?:{_QUOTED})\)")
_TAG = re.compile(r"\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
_BLOCK = re.compile(r"\{% blocktrans(?:late)?\b.*?%\}(.*?)\{% endblocktrans(?:late)? %\}", re.DOTALL)
_CALLS = frozenset({"_", "gettext", "gettext_lazy", "gettext_noop", "lazily", "ngettext", "ngettext_lazy"})
_IN_CONTEXT = frozenset({"pgettext", "pgettext_lazy"})
#: Between a context and its words, as compiled catalogues have it.
EOT = "\4"

Message = tuple[str, ...]


def messages() -> set[Message]:
    """Each with its form for many, where it has one."""
    found: set[Message] = set()
    for path in (WEB / "templates").rglob("*.html"):
        found |= set(_in_template(path.read_text("utf-8")))
    for path in WEB.rglob("*.py"):
        found |= set(_in_code(path.read_text("utf-8")))
    return found - {("",)}


def _in_template(text: str) -> Iterator[Message]:
    yield from ((one or two,) for one, two in _TRANSLATE.findall(text))
    for tag in _TAG.findall(text):
        yield from ((one or two,) for one, two in _GIVEN.findall(tag))
    for block in _BLOCK.findall(text):
        plain = re.sub(r"\{\{ (\w+) \}\}", r"%(\1)s", block.replace("%", "%%") if "%" in block else block)
        yield tuple(re.split(r"\{%+ plural %+\}", plain))


def _in_code(text: str) -> Iterator[Message]:
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        given = [one.value for one in node.args if isinstance(one, ast.Constant) and isinstance(one.value, str)]
        if node.func.id in _IN_CONTEXT and len(given) == 2:
            yield (EOT.join(given),)
        elif node.func.id in _CALLS and given and given[0]:
            yield tuple(given[:2]) if node.func.id.startswith("ngettext") else (given[0],)
