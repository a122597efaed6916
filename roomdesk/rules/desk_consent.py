"""`!desk consent …`: asking a customer's consent, and taking a question back, as a sentence."""

import json
import re
from collections.abc import Mapping
from typing import Any

from roomdesk.rules.errors import RuleError

_REF = re.compile(r"[A-Za-z]{2,5}-[Cc][0-9]{1,12}")
_NAMED = re.compile(r"(feature|person|target|hours)=(\S+)\s*")
USAGE = "!desk consent data_change|restore|… [feature=…] [person=…] [target=copy|current] [hours=…] [{action}] what would be done"
_HOW = f"What is to be agreed to? Write {USAGE}; or !desk consent withdraw BC-C12 [reason]; or !desk consent status."


def read_consent(rest: str) -> Mapping[str, Any]:
    """What is wanted: `status`, `withdraw` with `consent` and `reason`, or `kind` with everything that a request takes.

    RuleError with a sentence for what cannot be understood. An action in JSON stands right before the words; without one the words are the action.
    """
    first, _, rest = rest.strip().partition(" ")
    word = first.lower().replace("-", "_")
    if word in ("", "status"):
        if word:
            return {"do": "status"}
        raise RuleError(_HOW)
    if word == "withdraw":
        return _withdraw(rest)
    return {"do": "ask", "kind": word, **_asked(rest)}


def _withdraw(rest: str) -> Mapping[str, Any]:
    ref, _, reason = rest.strip().partition(" ")
    if not _REF.fullmatch(ref):
        raise RuleError("Which request? Write !desk consent withdraw BC-C12 and why.")
    return {"do": "withdraw", "consent": ref.upper(), "reason": reason.strip()}


def _asked(rest: str) -> Mapping[str, Any]:
    given: dict[str, Any] = {}
    while found := _NAMED.match(rest):
        given[found.group(1)] = found.group(2)
        rest = rest[found.end() :]
    if "hours" in given:
        given["hours"] = _hours(given["hours"])
    if rest.startswith("{"):
        given["action"], rest = _action(rest)
    if not rest.strip():
        raise RuleError(_HOW)
    return {**given, "words": rest.strip()}


def _hours(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 0 < int(text[:6]) < 10_000):
        raise RuleError(f"hours={text[:20]} is no number of hours; write it like hours=24.")
    return int(text)


def _action(rest: str) -> tuple[Any, str]:
    try:
        value, end = json.JSONDecoder().raw_decode(rest)
    except ValueError as error:
        raise RuleError(f"The action in braces is no JSON ({error}); nothing was asked.") from None
    return value, rest[end:]
