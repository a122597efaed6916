"""Whether a product's own words for what customers say (triage.toml) can be looked for: patterns that are cheap, weights that can be reached."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from roomdesk.product.problems import Problem
from roomdesk.product.requests import Phrases, Said, Triage
from roomdesk.rules.errors import RuleError
from roomdesk.rules.own_words import ENOUGH
from roomdesk.rules.triage_pattern import WAYS_TOGETHER, checked, ways
from roomdesk.rules.triage_text import folded

FILE = "triage.toml"


def check_own_words(triage: Triage) -> Iterator[Problem]:
    """Everything that is wrong with them, finding by finding, and then what is too much in one language."""
    together: Counter[str] = Counter()
    for finding, by_locale in triage.written.items():
        yield from _unreachable(finding, by_locale)
        for locale, words in by_locale.items():
            yield from _twice(f"{finding}.{locale}", words)
            for n, said in enumerate(words, 1):
                reason, cost = _looked_at(said, locale)
                together[locale] += cost
                if reason:
                    key = f"{finding}.{locale}[{n}]"
                    yield Problem(FILE, f"{key}.pattern" if said.pattern else key, reason)
    for locale, cost in together.items():
        if cost > WAYS_TOGETHER:
            reason = f'There are {cost} ways to read a text by all patterns of "{locale}" together, at most {WAYS_TOGETHER} are taken; repeat less in them.'
            yield Problem(FILE, "", reason)


def _looked_at(said: Said, locale: str) -> tuple[str, int]:
    """Why it cannot be looked for, or nothing; and in how many ways a text is read by it at each place."""
    try:
        return "", ways(checked(said.pattern, locale)) if said.pattern else _of_phrase(said.phrase or "")
    except RuleError as error:
        return str(error), 0


def _of_phrase(phrase: str) -> int:
    """A phrase is looked for as it stands, which costs nothing to speak of."""
    if not folded(phrase):
        raise RuleError("There is nothing in this phrase that could be looked for.")
    return 0


def _unreachable(finding: str, by_locale: Phrases) -> Iterator[Problem]:
    """What speaks for it must be enough once all of it is said. English is heard in every text, so all languages count."""
    weight = sum(said.weight for words in by_locale.values() for said in words if said.weight > 0)
    if any(by_locale.values()) and weight < ENOUGH:
        reason = (
            f"All that speaks for it here weighs {weight} together; it is found from {ENOUGH} on, so it never would be."
        )
        yield Problem(FILE, finding, reason)


def _twice(key: str, words: tuple[Said, ...]) -> Iterator[Problem]:
    for written, times in Counter(said.pattern or said.phrase for said in words).items():
        if times > 1:
            yield Problem(FILE, key, f'"{written}" stands here {times} times; it may stand once.')
