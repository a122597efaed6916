"""What is done for a whole incident at once: an answer to all of its customers, and its resolution (R26).

All or nothing, under the lanes of all workspaces concerned; but for customers who cannot be told just now: they are named.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from roomdesk.cases import life, together, writing
from roomdesk.cases.life import Resolution
from roomdesk.cases.linking import attached_to
from roomdesk.cases.models import Case
from roomdesk.cases.queries import access_case
from roomdesk.cases.together import Hands, Together
from roomdesk.directory.errors import Conflict, Invalid
from roomdesk.record.models import Message

_WHY = ("incident", "It was said in all cases of the incident that {} leads.")


@dataclass(frozen=True, slots=True)
class Words:
    """What is to be said. `by_locale` takes the place of `text` in workspaces that speak that language."""

    text: str
    by_locale: Mapping[str, str] = field(default_factory=dict)

    def for_locale(self, locale: str) -> str:
        """A text for `pt` serves `pt_BR` too, where that has none of its own."""
        return self.by_locale.get(locale) or self.by_locale.get(locale.partition("_")[0]) or self.text


@dataclass(slots=True)
class Told:
    """Which customers were told, in which case and by which message; and which were not, with the reason."""

    leader: Case
    told: list[tuple[Case, Message]] = field(default_factory=list)
    not_told: list[tuple[Case, str]] = field(default_factory=list)


def do_answer_all(hands: Hands, ref: str, words: Words, *, channel: str) -> Told:
    """Says something as `hands.author` in the customer's room of the leading case and of every one that is attached to it.

    Each room hears it once, in its oldest case; an answer counts there when the room has it (R18). Conflict where no case is
    attached, or nobody could be told: then nothing is written.
    """
    if hands.author is None:
        raise Invalid("An answer needs somebody of the staff who gives it.", field="author")
    texts = Words(
        writing.check_text(words.text), {key: writing.check_text(text) for key, text in words.by_locale.items()}
    )
    with transaction.atomic():
        found, cases = _hold(hands, ref)
        if len(cases) == 1:
            raise Conflict(f"No case is attached to {ref}; answer in its own room.", field="ref")
        told = Told(cases[0])
        for case in cases:
            _say(found, told, case, texts, channel)
        if not told.told:
            raise Conflict(f"Nobody was told: {told.not_told[0][1]}", field="ref")
        found.flush()
    return told


def _hold(hands: Hands, ref: str) -> tuple[Together, list[Case]]:
    """The lanes of the whole incident, and its cases as they are now: the leading one, then the attached ones."""
    leader = access_case(ref, hands.viewer)
    found = together.hold(hands, [ref, *(case.ref for case in attached_to(leader))])
    attached = [case.ref for case in attached_to(leader)]
    together.check_all_held(found, attached)
    return found, [found.exactly(one).case for one in (ref, *attached)]


def _say(found: Together, told: Told, case: Case, words: Words, channel: str) -> None:
    held = found.held(case.ref)
    conversation, entry = held.conversation, held.entry(case.ref)
    before = next((one for one, _ in told.told if one.workspace_id == case.workspace_id), None)
    if before is not None:
        told.not_told.append((case, f"The same customer was told in {before.ref}."))
        return
    assert found.author is not None
    text = words.for_locale(conversation.workspace.locale)
    why = (_WHY[0], _WHY[1].format(told.leader.ref))
    try:
        message = writing.say(found.work, conversation, entry, found.author.slug, text, channel, why)
    except Conflict as refused:
        told.not_told.append((case, str(refused)))
        return
    told.told.append((case, message))


def shown(told: Told) -> dict[str, Any]:
    """For REST and `--json`."""
    said = [{"ref": case.ref, "workspace": case.workspace.slug, "message": m.pk} for case, m in told.told]
    left = [{"ref": case.ref, "workspace": case.workspace.slug, "why": why} for case, why in told.not_told]
    return {"ref": told.leader.ref, "told": said, "not_told": left}


def in_words(told: Told) -> str:
    """For people."""
    said = f"Told in {', '.join(case.ref for case, _ in told.told)}."
    return "\n".join([said, *(f"Not told in {case.ref}: {why}" for case, why in told.not_told)])


def goes_along(leader: Case) -> list[str]:
    """The cases that are resolved with this one: those attached to it that are open."""
    return [case.ref for case in attached_to(leader) if case.state in Case.OPEN]


def resolve_attached(found: Together, leader: Case, given: Resolution, refs: Sequence[str]) -> None:
    """Resolves the cases that go along, as the leading one was."""
    together.check_all_held(found, refs)
    for ref in refs:
        held = found.held(ref)
        words = f"It was resolved with {leader.ref}."
        life.resolve(found.work, held.conversation, held.exactly(ref), given, found.work.now, by=found.by, reason=words)
