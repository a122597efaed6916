"""JSON in one spelling, so that equal things have equal bytes everywhere: RFC 8785, by the library `rfc8785` (docs/decisions/0036).

Actions that people agree to hold no fractions, as events of Matrix hold none: their spelling is where implementations differ. They are refused here, with their
place, before the library is asked.
"""

import hashlib
from typing import Any

import rfc8785

from roomdesk.rules.errors import RuleError

#: Whole numbers that every reader of JSON keeps exactly.
_WHOLE = 2**53 - 1


def canonical_json(value: Any) -> str:
    """The canonical text. RuleError, naming the place, for what has none: a fraction, a number too large, half a character."""
    _check(value, "")
    return rfc8785.dumps(value).decode()


def sha256_of(value: Any) -> str:
    """SHA-256 of the canonical text in UTF-8, hexadecimal."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()


def _check(value: Any, where: str) -> None:
    if isinstance(value, dict):
        for name, inner in value.items():
            _check_text(name, where)
            _check(inner, f"{where}.{name}".lstrip("."))
    elif isinstance(value, list):
        for n, inner in enumerate(value):
            _check(inner, f"{where}[{n}]")
    elif isinstance(value, str):
        _check_text(value, where)
    elif not (value is None or isinstance(value, bool) or (isinstance(value, int) and abs(value) <= _WHOLE)):
        raise RuleError(f"{where or 'The value'} is {str(value)[:40]}: only whole numbers up to 2^53 - 1 are taken; write it as text.")  # fmt: skip


def _check_text(value: object, where: str) -> None:
    if not isinstance(value, str) or (not value.isascii() and any(0xD800 <= ord(c) < 0xE000 for c in value)):
        raise RuleError(f"{where or 'The value'} holds half a character, or a name that is no text.")
