"""Canned answers: the values that are given with them, and whether they are those that the text asks for. Pure."""

import re
from collections.abc import Collection, Mapping

from roomdesk.rules.errors import RuleError

#: What the desk fills in by itself, in every macro.
KNOWN = frozenset({"ref", "customer", "workspace", "agent"})
_VALUE = re.compile(r"\s*([a-z_]+)\s*=\s*(?:\"([^\"]*)\"|“([^”]*)”|(\S+))", re.IGNORECASE)


def values_of(words: str) -> dict[str, str]:
    """`when="Friday noon" invoice=INV-7` as a mapping. RuleError, naming what cannot be read."""
    found: dict[str, str] = {}
    at = 0
    words = words.rstrip()
    while at < len(words):
        match = _VALUE.match(words, at)
        if match is None:
            rest = words[at:].strip()
            raise RuleError(f'"{rest[:40]}" is no value; write name=value, in quotes where the value has spaces.')
        found[match.group(1).lower()] = next(group for group in match.groups()[1:] if group is not None)
        at = match.end()
    return found


def strange(slug: str, asks: Collection[str], given: Mapping[str, str]) -> str:
    """That a value is given which a macro that asks for `asks` has no use for, in a sentence; empty for none."""
    found = sorted(given.keys() - set(asks))
    if not found:
        return ""
    can = f"it asks for {', '.join(asks)}" if asks else "it asks for none"
    filled = " (the desk fills it in)" if found[0] in KNOWN else ""
    return f'The macro "{slug}" has no variable "{found[0][:40]}" to be given{filled}; {can}.'


def refusal(slug: str, asks: Collection[str], given: Mapping[str, str]) -> str:
    """What is wrong with the values given for a macro that asks for `asks`, in a sentence; empty for nothing."""
    wrong = strange(slug, asks, given)
    if wrong:
        return wrong
    missing = [name for name in asks if not given.get(name, "").strip()]
    if missing:
        return f'The macro "{slug}" needs {", ".join(missing)}: give {missing[0]}=….'
    return ""
