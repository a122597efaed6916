"""A second opinion where no rule is sure what a message is, or how bad: linear models over its words and the concepts found in it.

Their weights come from `tools/train-triage`, which learns from labelled texts. The kind is asked only where nothing but a fault or a question mark speaks, the severity only of
faults and notices. An opinion decides only where it is clearly surer of something else, and names the words that told it. It gives no automatic answer: a guess is not
presented as certainty.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

from roomdesk.rules.triage_text import Words, unquoted
from roomdesk.rules.triage_vocabulary import Vocabulary

#: By how much it must be surer of another kind than of the one it was asked about.
CLEARLY = 0.4
#: How sure it must be of a kind for which nothing else speaks; below, nobody says what it is, and staff are asked.
SURE = 0.6
#: Words are compared by so many letters: endings say little about what somebody wants.
_STEM = 6
_WORD = re.compile(r"[^\W_]+(?:['’.-][^\W_]+)*")
#: What is told to a person: so many words, the weightiest first.
_TOLD = 3


@dataclass(frozen=True, slots=True)
class Opinion:
    """`names` of what may be, in the order of the weights; `bias` of each; `weights` of each sign, in thousandths."""

    names: tuple[str, ...]
    bias: tuple[float, ...]
    weights: Mapping[str, tuple[int, ...]]

    def against(self, told: str, words: Words, vocabulary: Vocabulary) -> tuple[str, str] | None:
        """What it is clearly surer of than of what was `told`, and by which words, for staff; None where it has no objection."""
        known = [sign for sign in signs(words, vocabulary) if sign in self.weights]
        likely = self._likely(known)
        name = max(likely, key=lambda one: likely[one])
        if likely[name] - likely.get(told, 0.0) <= CLEARLY:
            return None
        return name, self._said(name, known, likely)

    def surest(self, words: Words, vocabulary: Vocabulary) -> tuple[str, str] | None:
        """What it is sure enough of where nothing else is known, and by which words, for staff; None where it is not."""
        known = [sign for sign in signs(words, vocabulary) if sign in self.weights]
        likely = self._likely(known)
        name = max(likely, key=lambda one: likely[one])
        return (name, self._said(name, known, likely)) if likely[name] >= SURE else None

    def _said(self, name: str, known: list[str], likely: Mapping[str, float]) -> str:
        words_for = ", ".join(self._told(known, self.names.index(name))) or "its form"
        return f"{name} by its words as a whole ({words_for}): {likely[name]:.0%} likely"

    def _likely(self, known: list[str]) -> dict[str, float]:
        """How likely each is; together 1."""
        share = 1 / math.sqrt(len(known) + 1) / 1000
        scores = list(self.bias)
        for sign in known:
            for place, weight in enumerate(self.weights[sign]):
                scores[place] += weight * share
        return _shares(dict(zip(self.names, scores, strict=True)))

    def _told(self, known: list[str], place: int) -> tuple[str, ...]:
        spoken = [sign for sign in known if sign[:1] in "=^" and self.weights[sign][place] > 0]
        spoken.sort(key=lambda sign: (-self.weights[sign][place], sign))
        return tuple(dict.fromkeys(sign.partition(":")[2] for sign in spoken))[:_TOLD]


def _shares(scores: dict[str, float]) -> dict[str, float]:
    most = max(scores.values())
    grown = {name: math.exp(score - most) for name, score in scores.items()}
    whole = sum(grown.values())
    return {name: value / whole for name, value in grown.items()}


def signs(words: Words, vocabulary: Vocabulary) -> list[str]:
    """What the models look at: the beginnings of words (`=`), the first word (`^`), concepts once (`c`) and more than once (`cc`), and the form of the text."""
    has_quote = '"' in words.plain
    words = unquoted(words)
    text = words.sounds if words.is_bulgarian else words.plain
    language = "bg" if words.is_bulgarian else "pt" if words.is_portuguese else "en"
    stems = [word[:_STEM] for word in _WORD.findall(text)]
    found = {concept: len(set(vocabulary.found(concept, words))) for concept in vocabulary.concepts}
    return sorted(
        {
            *(f"={language}:{stem}" for stem in stems),
            *(f"^{language}:{stem}" for stem in stems[:1]),
            *(f"c:{concept}" for concept, count in found.items() if count),
            *(f"cc:{concept}" for concept, count in found.items() if count > 1),
            *_form(text, len(stems)),
            *(['"'] if has_quote else []),
        }
    )


def _form(text: str, count: int) -> list[str]:
    asks = ["?"] if text.endswith("?") else ["?in"] if "?" in text else []
    return [*asks, f"words:{min(6, int(math.log2(count + 1)))}"]
