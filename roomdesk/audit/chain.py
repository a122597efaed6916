"""The arithmetic of the chain: what is hashed, and how a link follows from the one before. No database here.

    commitment = SHA-256(salt ‖ canonical JSON of the content)
    hash       = SHA-256(canonical JSON of {scope, seq, at, actor_kind, actor, action, subject, commitment, previous})

Canonical JSON is RFC 8785 (docs/decisions/0036). Entries of before were spelt in ASCII, which is the same unless one of their fields holds other characters: those
entries keep their hash, and either spelling is taken where a chain is checked. Both are JSON of the same fields and of no others.

An erasure removes salt and content; the commitment stays, so the chain still verifies. Which entries were erased says an entry of its own.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from json.encoder import encode_basestring, encode_basestring_ascii
from typing import Any

import rfc8785

#: What the first entry of every scope follows.
GENESIS = "0" * 64
#: The action of an entry that says which others lost their content by law: `numbers` in it, each a number or [first, last].
ERASED = "audit.erased"
#: Whole numbers that every reader of JSON keeps exactly.
_WHOLE = 2**53 - 1
#: Half of a character beyond the first 65,536: no text in UTF-8 holds one.
_HALF = re.compile("[\ud800-\udfff]")
#: Where names are in another order by UTF-16 than by their characters, and where texts can have a half.
_FAR = re.compile("[\ud800-\U0010ffff]")


def canonical(value: Any) -> str:
    """Canonical JSON as the library spells it. TypeError for what has no place in an entry."""
    if _is_simple(value):
        text = _SIMPLE.encode(value)
        if text.isascii() or not _FAR.search(text):
            return text
    return rfc8785.dumps(_plain(value)).decode()


def _is_simple(value: Any) -> bool:
    """Whether the standard library spells it as RFC 8785 has it: texts, whole numbers and times under names that are text."""
    kind = type(value)
    if kind is dict:
        return _NAMES.issuperset(map(type, value)) and all(map(_is_simple, value.values()))
    if kind is int:
        return -_WHOLE <= value <= _WHOLE
    return kind in _SPELT_ALIKE or (kind in (list, tuple) and all(map(_is_simple, value)))


def _plain(value: Any) -> Any:
    """As RFC 8785 can spell it. What an entry tells of must not fail for its spelling: half a character is shown as what it is not, a number too large as text."""
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, str):
        return value if value.isascii() else _HALF.sub("\ufffd", value)
    if isinstance(value, int):
        return value if abs(value) <= _WHOLE else str(value)
    if isinstance(value, Mapping):
        return {_plain(str(name)): _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, datetime):
        return instant(value)
    raise TypeError(f"{type(value).__name__} has no place in an audit entry.")


def instant(at: datetime) -> str:
    """UTC with microseconds, as it stands in the hash."""
    return f"{at.astimezone(UTC).isoformat(timespec='microseconds')[:26]}Z"


_NAMES = frozenset({str})
_SPELT_ALIKE = frozenset({str, bool, type(None), datetime})
#: In the order of names, without spaces; times are spelt by `instant`.
_SIMPLE = json.JSONEncoder(
    ensure_ascii=False, check_circular=False, sort_keys=True, separators=(",", ":"), default=instant
)


def commitment(salt: str, data: str) -> str:
    return hashlib.sha256(f"{salt}{data}".encode()).hexdigest()


def link(fields: Mapping[str, Any]) -> str:
    """The hash of an entry; `at` is told by `instant`."""
    return hashlib.sha256(form(**fields).encode()).hexdigest()


def is_link(fields: Mapping[str, Any], kept: str) -> bool:
    """Whether this is the hash of the entry, as it is spelt now or as it was before."""
    return link(fields) == kept or hashlib.sha256(form(**fields, _text=encode_basestring_ascii).encode()).hexdigest() == kept  # fmt: skip


def form(
    *, scope: str, seq: int, at: str, actor_kind: str, actor: str, action: str, subject: str, commitment: str, previous: str,
    _text: Callable[[str], str] = encode_basestring,
) -> str:  # fmt: skip
    """`canonical` of these fields, spelt out: their names are always the same, and the library takes many times as long."""
    return (
        f'{{"action":{_text(action)},"actor":{_text(actor)},"actor_kind":{_text(actor_kind)},"at":{_text(at)},"commitment":{_text(commitment)},'
        f'"previous":{_text(previous)},"scope":{_text(scope)},"seq":{seq},"subject":{_text(subject)}}}'
    )


def named(data: str) -> list[tuple[int, int]]:
    """The numbers, as (first, last), that an entry `ERASED` with this content speaks of; none for a content that is none."""
    try:
        numbers = json.loads(data)["numbers"]
        pairs = [(one, one) if isinstance(one, int) else (int(one[0]), int(one[1])) for one in numbers]
    except (ValueError, KeyError, TypeError, IndexError):
        return []
    return pairs


def runs(numbers: Iterable[int]) -> list[list[int]]:
    """The numbers as [first, last] of each run without a gap."""
    found: list[list[int]] = []
    for number in sorted(set(numbers)):
        if found and found[-1][1] == number - 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return found


def first_unnamed(numbers: Iterable[int], ranges: Iterable[tuple[int, int]]) -> int | None:
    """The first of the numbers that none of the ranges holds."""
    ordered = iter(sorted(ranges))
    reach, ahead = None, next(ordered, None)
    for number in sorted(numbers):
        while ahead is not None and ahead[0] <= number:
            reach = ahead[1] if reach is None else max(reach, ahead[1])
            ahead = next(ordered, None)
        if reach is None or reach < number:
            return number
    return None
