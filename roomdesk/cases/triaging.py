"""What a customer's text asks for, by the product's own lists: kind, severity, automatic answer, with the reasons (R11, D3)."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from roomdesk.cases.conversation import Conversation
from roomdesk.cases.models import Intake
from roomdesk.product.queries import product_of
from roomdesk.product.requests import Answer
from roomdesk.product.vocabulary import vocabulary
from roomdesk.rules import triage
from roomdesk.rules.intake import labelled
from roomdesk.rules.severity import lowered_to
from roomdesk.rules.triage import Finding
from roomdesk.rules.triage_vocabulary import Vocabulary
from roomdesk.rules.why import Why

#: The only answer that a P0 gets by itself too: what is said of a leak must not stay in the room.
SECURITY = "security"
#: Characters of a text that are read: what a message is about stands at its beginning.
_READ = 5000
#: Nothing longer is small talk.
_SMALL = 200
_P0 = Why("p0", "P0 is the first word, so it is critical.")


@dataclass(frozen=True, slots=True)
class Judged:
    """A finding as a product files it. `found` is its severity before the product's own list (D3)."""

    kind: str
    severity: str
    found: str
    answer: Answer | None
    provided: frozenset[str]
    why: tuple[Why, ...]


def judge(conversation: Conversation, text: str, *, p0: bool, version_id: int | None = None) -> Judged:
    """Judges a customer's own text by a version of the workspace's product, the newest where none is given."""
    assert conversation.version is not None
    version = version_id or conversation.version.pk
    product, finding = product_of(version), found(version, conversation.workspace.locale, text)
    gravity = "critical" if p0 else finding.severity
    severity, lacking = lowered_to(gravity, product.severity_slugs)
    answer = product.answers.get(finding.answer or "")
    return Judged(
        kind=finding.kind if finding.kind in product.kinds else "other",
        severity=severity,
        found=gravity,
        answer=None if answer is not None and p0 and answer.slug != SECURITY else answer,
        provided=provided_by(version, conversation.workspace.locale, text),
        why=(*([_P0] if p0 else []), *(Why("triage", words) for words in finding.why), *([lacking] if lacking else [])),
    )


def is_small_talk(conversation: Conversation, text: str) -> bool:
    """Thanks, greetings and the like, whatever the product's own list has of them."""
    assert conversation.version is not None
    return (
        bool(text.strip())
        and len(text) < _SMALL
        and _is_small(conversation.version.pk, conversation.workspace.locale, text)
    )


def kind_of(conversation: Conversation, text: str) -> str:
    """The kind that triage finds in a text, `small_talk` and `other` among them."""
    return _found(conversation, text).kind


def provided(conversation: Conversation, text: str) -> frozenset[str]:
    """The items of the checklist of which a text says something."""
    assert conversation.version is not None
    return provided_by(conversation.version.pk, conversation.workspace.locale, text)


def provided_by(version_id: int, locale: str, text: str) -> frozenset[str]:
    """As `provided`, by a version of a product in a language: what triage finds, and what lines are headed by."""
    if not text.strip():
        return frozenset()
    return frozenset(found(version_id, locale, text).provided) | labelled(text, _labels(version_id, locale))


@lru_cache(maxsize=64)
def _labels(version_id: int, locale: str) -> Mapping[str, str]:
    """What the product calls the items of its checklist in a language."""
    product = product_of(version_id)
    return {item: product.text(locale, f"checklist.item.{item}") for item in product.checklist.items}


def _found(conversation: Conversation, text: str) -> Finding:
    assert conversation.version is not None
    return found(conversation.version.pk, conversation.workspace.locale, text)


@lru_cache(maxsize=512)
def _is_small(version_id: int, locale: str, text: str) -> bool:
    return triage.is_small_talk(text, locale, _vocabulary_of(version_id))


@lru_cache(maxsize=64)
def _vocabulary_of(version_id: int) -> Vocabulary:
    """The vocabulary with a version's own words."""
    return vocabulary(product_of(version_id).triage.own)


def make_ready(version_ids: Iterable[int]) -> None:
    """Compiles the general vocabulary and that of these versions, which else the first text waits for: seconds, once a process."""
    vocabulary()
    for version_id in version_ids:
        _vocabulary_of(version_id)


@lru_cache(maxsize=512)
def found(version_id: int, locale: str, text: str) -> Finding:
    """What triage finds in a text. The same text is asked about more than once, and was asked before whether it is small talk."""
    read = text[:_READ]
    return triage.triage(read, locale, _vocabulary_of(version_id), is_small=_is_small(version_id, locale, read))


def kept(judged: Judged) -> str:
    """The reasons as `Intake.why` keeps them."""
    return json.dumps([[why.code, why.words] for why in judged.why], ensure_ascii=False)


def shown(intake: Intake) -> dict[str, Any]:
    """What triage found, as REST, `--json` and the console give it."""
    why = [{"code": code, "words": words} for code, words in json.loads(intake.why)]
    return {"kind": intake.kind, "severity": intake.severity, "answer": intake.answer or None, "why": why}


def names(items: Collection[str]) -> str:
    """Items as `Intake` keeps them."""
    return " ".join(sorted(items))
