"""What a product itself says that customers say (triage.toml): words, phrases and patterns, and how much each speaks for its finding."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

#: From this weight on a finding is taken. A word without a weight of its own weighs as much: it is enough by itself.
ENOUGH = 5
#: No word weighs more than this, for a finding or against it.
MOST = 10


@dataclass(frozen=True, slots=True)
class OwnWord:
    """A word or phrase, or a pattern (`rules/triage_pattern.py`). A weight below 0 speaks against the finding."""

    written: str
    is_pattern: bool = False
    weight: int = ENOUGH

    @property
    def told(self) -> str:
        return f"pattern {self.written}, weight {self.weight}" if self.is_pattern else f"weight {self.weight}"


@dataclass(frozen=True, slots=True)
class OwnFinding:
    """A finding (`incident`, `critical`, …), what of the text speaks of it, and what that weighs together."""

    name: str
    words: tuple[tuple[str, OwnWord], ...]

    @property
    def weight(self) -> int:
        return sum(word.weight for _, word in self.words)

    @property
    def told(self) -> tuple[str, ...]:
        """For staff: what stands in the text, each with what of the product's it was found by, and its weight."""
        return tuple(f"“{text.strip()}” ({word.told})" for text, word in self.words)


def weighed(name: str, told: Iterable[tuple[str, OwnWord]]) -> OwnFinding:
    """A finding by what was found in the text. The same place of it counts once, by the word that weighs most, for it or against it."""
    by_text: dict[str, OwnWord] = {}
    for text, word in told:
        before = by_text.get(text)
        if before is None or abs(word.weight) > abs(before.weight):
            by_text[text] = word
    return OwnFinding(name, tuple(by_text.items()))
