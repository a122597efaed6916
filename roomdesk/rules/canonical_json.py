"""JSON in one spelling, so that equal things have equal bytes everywhere (RFC 8785), for values without fractions.

Numbers with a fraction are refused, as Matrix refuses them: their spelling is where implementations differ. What is left of RFC 8785
is sorted names (by UTF-16), no white space, and the shortest escapes.
"""

import hashlib
import json
from typing import Any

from roomdesk.rules.errors import RuleError

#: Whole numbers that every reader of JSON keeps exactly.
_WHOLE = 2**53 - 1


def canonical_json(value: Any) -> str:
    """The canonical text. RuleError, naming the place, for what has none: a fraction, a number too large, half a character."""
    return _text(value, "")


def sha256_of(value: Any) -> str:
    """SHA-256 of the canonical text in UTF-8, hexadecimal."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()


def _text(value: Any, where: str) -> str:
    if isinstance(value, dict):
        spelt = {name: _string(name, where) for name in value}
        names = sorted(spelt, key=lambda name: name.encode("utf-16-be"))
        return "{" + ",".join(f"{spelt[n]}:{_text(value[n], f'{where}.{n}'.lstrip('.'))}" for n in names) + "}"
    if isinstance(value, list):
        return "[" + ",".join(_text(one, f"{where}[{n}]") for n, one in enumerate(value)) + "]"
    if isinstance(value, str):
        return _string(value, where)
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, int) and abs(value) <= _WHOLE:
        return str(value)
    raise RuleError(f"{where or 'The value'} is {str(value)[:40]}: only whole numbers up to 2^53 - 1 are taken; write it as text.")  # fmt: skip


def _string(value: object, where: str) -> str:
    if not isinstance(value, str) or (not value.isascii() and any(0xD800 <= ord(c) < 0xE000 for c in value)):
        raise RuleError(f"{where or 'The value'} holds half a character, or a name that is no text.")
    return json.dumps(value, ensure_ascii=False)
