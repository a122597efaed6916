"""How bad it is, by what is said of it and of whom it hits, never by the tone (cases/README, severity)."""

from __future__ import annotations

import re

from roomdesk.rules.triage_text import Words, unquoted
from roomdesk.rules.triage_vocabulary import Vocabulary

#: From this on a fault is one of a significant feature.
_HIGH = 2
_NOT_STANDING = re.compile(r"not at a stand-?still|work-?around|single-\w+ \w+ are not affected")


def severity_of(kind: str, answer: str | None, words: Words, vocabulary: Vocabulary) -> str:
    """critical, high, normal or feature, for a finding that is no P0."""
    if kind == "feature_request":
        return "feature"
    if kind == "security":
        return (
            "high"
            if answer and vocabulary.found("security_concern", vocabulary.without("security_weak", words))
            else "normal"
        )
    if kind == "incident" and answer is None:
        return _of_fault(words, vocabulary)
    if kind == "alert":
        return _of_alert(words, vocabulary)
    if kind == "backup_restore":
        return _of_loss(words, vocabulary)
    return "normal"


def _stands_still(words: Words, vocabulary: Vocabulary) -> bool:
    """The whole team cannot work: said so, or the whole of it is out of order for everybody."""
    if _NOT_STANDING.search(words.plain):
        return False
    if vocabulary.found("standstill", words):
        return True
    if vocabulary.found("slow", words):
        return False
    if is_of_a_part(words, vocabulary):
        return False
    everybody, outage = vocabulary.found("everybody", words), vocabulary.found("outage", words)
    return bool(outage) and (bool(everybody) or len(set(outage)) > 2)


def is_of_a_part(words: Words, vocabulary: Vocabulary) -> bool:
    """One feature is out of order, for however many: the rest of the work goes on."""
    own = unquoted(words)
    if vocabulary.found("rest_goes_on", own):
        return True
    return bool(vocabulary.found("part", own)) and not vocabulary.found("whole", own)


def _of_fault(words: Words, vocabulary: Vocabulary) -> str:
    if _stands_still(words, vocabulary):
        return "critical"
    return "high" if _weight(words, vocabulary) >= _HIGH else "normal"


def _weight(words: Words, vocabulary: Vocabulary) -> int:
    """How much speaks for a significant feature broken for many."""
    failing = len({*vocabulary.found("failure", words), *vocabulary.found("outage", words)})
    weight = min(failing, 2)
    weight += 1 if vocabulary.found("everybody", words) or vocabulary.found("group", words) else 0
    weight += 1 if vocabulary.found("hard", words) else 0
    weight -= 2 if vocabulary.found("minor", words) else 0
    weight -= 2 if vocabulary.found("one_person", words) and not vocabulary.found("everybody", words) else 0
    return weight


def _of_alert(words: Words, vocabulary: Vocabulary) -> str:
    """Normal, unless its effect is described: then as an incident of that effect."""
    told = vocabulary.found("effect", words)
    if _stands_still(words, vocabulary) and (told or vocabulary.found("standstill", words)):
        return "critical"
    hits = told or vocabulary.found("everybody", words)
    if hits and vocabulary.found("failure", words) and not vocabulary.found("no_effect", words):
        return "high"
    return "normal"


def _of_loss(words: Words, vocabulary: Vocabulary) -> str:
    if vocabulary.found("standstill", words) and vocabulary.found("everybody", words):
        return "critical"
    large = vocabulary.found("large_loss", words)
    return "high" if large and not vocabulary.found("minor", words) else "normal"
