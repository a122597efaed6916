"""A good first message: what it lacks, whether to ask, what the one message says, and what was learned (R24, R25).

Items are a product's checklist (`workspace`, `where`, `tried`, `expected`, `happened`, `screenshot`, `urgency`); what a text
provides of them says triage. A list that is asked for stays as it was asked: items are ticked off, none are added.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

SCREENSHOT = "screenshot"
FIELDS = {"where": "where", "tried": "steps", "expected": "expected", "happened": "actual", "urgency": "urgency"}
"""What the structured report calls the items of which a text says something; attachments are the files themselves."""
OPEN, DONE = "☐", "☑"
_LONGEST = 2000
_LABELLED = re.compile(r"[\W_]*([^:\n]{2,60}):[^\S\n]*\S")
_SENTENCE = re.compile(r"(?<=[.!?…])\s+|\n+")


@dataclass(frozen=True, slots=True)
class Checklist:
    """Product data. `from_room` the room itself says; `optional` is taken when given and never missed."""

    items: tuple[str, ...]
    from_room: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Filed:
    """What decides whether a new case is asked anything. `severity` is the product's; `has_checklist` its kind's flag."""

    severity: str
    has_checklist: bool
    p0: bool = False
    by_staff: bool = False


@dataclass(frozen=True, slots=True)
class Words:
    """The texts of the one message, in the customer's language; `labels` by item."""

    ask: str
    complete: str
    labels: Mapping[str, str]


def known_at_first(checklist: Checklist, provided: Collection[str], *, has_file: bool) -> frozenset[str]:
    """Items that need not be asked for: what the room says, the text provides, or a file shows."""
    return frozenset({*checklist.from_room, *provided, *([SCREENSHOT] if has_file else [])})


def missing(checklist: Checklist, known: Collection[str]) -> tuple[str, ...]:
    """What is needed and not there yet, in the product's order."""
    return tuple(item for item in checklist.items if item not in known and item not in checklist.optional)


def to_ask(checklist: Checklist, filed: Filed, known: Collection[str]) -> tuple[str, ...]:
    """What to ask for, once; empty for never: a Critical case is not delayed, staff and kinds without checklist are not asked."""
    if filed.p0 or filed.by_staff or not filed.has_checklist or filed.severity == "critical":
        return ()
    return missing(checklist, known)


def newly_known(known: Collection[str], provided: Iterable[str], *, has_file: bool) -> tuple[str, ...]:
    """What a further message adds, in a fixed order."""
    added = {*provided, *([SCREENSHOT] if has_file else [])}
    return tuple(sorted(added.difference(known)))


def message(asked: Collection[str], known: Collection[str], words: Words) -> str:
    """The one message: what was asked for, with what has come ticked off; when all is there it says so."""
    is_complete = all(item in known for item in asked)
    lines = [f"{DONE if item in known else OPEN} {words.labels[item]}" for item in asked]
    return "\n".join([words.complete if is_complete else words.ask, *lines])


def labelled(text: str, labels: Mapping[str, str]) -> frozenset[str]:
    """Items that lines of the text name as the list does: `What you tried: …`, or by a word of its own, `Tried: …`."""
    found = [match[1].strip().casefold() for line in text.splitlines() if (match := _LABELLED.match(line))]
    names = _names(labels) if found else {}
    return frozenset(names[head] for head in found if head in names)


def _names(labels: Mapping[str, str]) -> Mapping[str, str]:
    """What each item is called: its label up to the colon, and the first and last word of that where no other item has it."""
    heads = {item: re.split("[:,]", label)[0].strip().casefold() for item, label in labels.items()}
    words = Counter(word for head in heads.values() for word in {head.split()[0], head.split()[-1]})
    short = {word: item for item, head in heads.items() for word in (head.split()[0], head.split()[-1])}
    own = {word: item for word, item in short.items() if words[word] == 1}
    return own | {head: item for item, head in heads.items()}


def learned(text: str, provides: Callable[[str], Collection[str]]) -> dict[str, str]:
    """What one message says of each field of `FIELDS`: the sentences that say it, else the whole of it. Empty where nothing is said."""
    of_all = provides(text)
    sentences = [sentence.strip() for sentence in _SENTENCE.split(text) if sentence.strip()]
    said = [(sentence, provides(sentence)) for sentence in sentences] if len(sentences) > 1 else []
    found = {}
    for item, field in FIELDS.items():
        if item in of_all:
            own = [sentence for sentence, items in said if item in items]
            found[field] = (" ".join(own) or text.strip())[:_LONGEST]
    return found


def together(parts: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """The report of a case from its messages in order: what came later stands below what came before."""
    report = dict.fromkeys(FIELDS.values(), "")
    for part in parts:
        for field, said in part.items():
            report[field] = f"{report[field]}\n{said}".strip()
    return report
