"""A message that is being read: its words, the concepts found in it, and what each finding was told by."""

from __future__ import annotations

from roomdesk.rules.own_words import ENOUGH, OwnFinding, weighed
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
        words, look = self.words, self.vocabulary.found
        known = words.found
        # Asked dozens of times for every message: a generator, or a call for what is known, would cost as much as what it asks.
        for concept in concepts:  # noqa: SIM110
            if known[concept] if concept in known else look(concept, words):
                return True
        return False

    def count(self, concept: str) -> int:
        return len(set(self.vocabulary.found(concept, self.words)))

    def said(self, concept: str, words: str) -> bool:
        """Whether the concept is there; notes what it was told by."""
        found = self.vocabulary.found(concept, self.words)
        if found:
            self.why.append(f"{words}: “{found[0].strip()}”")
        return bool(found)

    def own(self, group: str) -> list[OwnFinding]:
        """Findings of a group (`kinds`, `severities`, `answers`, `items`) for which the product's own words in the text weigh enough together, the weightiest first."""
        concepts = [one for one in self.vocabulary.own.get(group, ()) if self.has(one)]
        found = [weighed(one.removeprefix(f"{group}."), self.vocabulary.told(one, self.words)) for one in concepts]
        return sorted((one for one in found if one.weight >= ENOUGH), key=lambda one: (-one.weight, one.name))

    def note(self, words: str, finding: OwnFinding) -> str:
        """Its name; notes what the product's own words were, and what they weigh."""
        self.why += [f"{words}: {one}" for one in finding.told]
        return finding.name

    @property
    def asks(self) -> bool:
        return self.has("how_to") or self.words.plain.endswith("?")
