"""A message that is being read: its words, the concepts found in it, and what each finding was told by."""

from __future__ import annotations

from roomdesk.rules.triage_text import Words
from roomdesk.rules.triage_vocabulary import Vocabulary

#: Kind and answer, where a question of the reader's is answered.
Found = tuple[str, str | None] | None


class Reading:
    """What is asked of a message. `why` grows with each finding, in words, for staff."""

    __slots__ = ("vocabulary", "why", "words")

    def __init__(self, words: Words, vocabulary: Vocabulary) -> None:
        self.words, self.vocabulary = words, vocabulary
        self.why: list[str] = []

    def has(self, *concepts: str) -> bool:
        return any(self.vocabulary.found(concept, self.words) for concept in concepts)

    def count(self, concept: str) -> int:
        return len(set(self.vocabulary.found(concept, self.words)))

    def said(self, concept: str, words: str) -> bool:
        """Whether the concept is there; notes what it was told by."""
        found = self.vocabulary.found(concept, self.words)
        if found:
            self.why.append(f"{words}: “{found[0].strip()}”")
        return bool(found)

    def own(self, group: str, words: str) -> list[str]:
        """Findings of a group (`kinds`, `severities`, `answers`, `items`) for which the product's own words stand in the text; notes what the first was told by."""
        concepts = [one for one in self.vocabulary.own if one.startswith(f"{group}.") and self.has(one)]
        for concept in concepts[:1]:
            self.said(concept, words)
        return [concept.removeprefix(f"{group}.") for concept in concepts]

    @property
    def asks(self) -> bool:
        return self.has("how_to") or self.words.plain.endswith("?")
