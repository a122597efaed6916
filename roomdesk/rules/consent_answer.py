"""What somebody said means for the consent requests of a room: a grant, a refusal, something that does not count, or nothing (R31, D43)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

from roomdesk.rules.consent import Answer, Request, Verdict, judge
from roomdesk.rules.consent_phrase import folded, is_phrase
from roomdesk.rules.own_text import own_text


class State(StrEnum):
    """A request's life. `granted` once enough people have agreed; a refusal revokes a grant until it is used."""

    OPEN = "open"
    GRANTED = "granted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    USED = "used"


#: How a customer says no, as its whole answer to a request. To say it twice, or too early, does no harm.
_NO = frozenset(
    folded(word)
    for word in (
        "no", "no, thanks", "nope", "no way", "stop", "don't", "do not", "refused", "i refuse", "not agreed", "i do not agree", "revoke", "i revoke", "withdraw",
        "не", "недейте", "не съм съгласен", "не съм съгласна", "не сме съгласни", "отказвам", "спрете", "оттеглям",
        "não", "nao", "não autorizo", "não concordo", "recuso", "pare", "revogo",
    )
)  # fmt: skip
#: How people agree in their own words: taken for an answer that does not count, and told so.
_YES = frozenset(
    {
        "ok", "okay", "k", "yes", "yep", "yeah", "sure", "agreed", "agree", "approved", "approve", "confirm", "confirmed", "go", "do", "please", "fine", "proceed", "accepted",
        "да", "добре", "ок", "окей", "съгласен", "съгласна", "съгласни", "потвърждавам", "давайте", "може", "разбира",
        "sim", "certo", "pode", "podem", "concordo", "confirmo", "autorizo", "autorizado", "aceito", "tudo",
        "👍", "✅", "👌", "🙏", "✔", "☑",
    }
)  # fmt: skip
_WORD = re.compile(r"[\w]+|[^\w\s]")
_FEW_WORDS = 14
_NEARLY = 0.6


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it stands. `event_id` of its `request` is empty until the room has it."""

    ref: str
    request: Request
    state: State


@dataclass(frozen=True, slots=True)
class Meaning:
    """What an answer means for the request `ref`. `verdict` is None for a refusal."""

    ref: str
    verdict: Verdict | None

    @property
    def grants(self) -> bool:
        return self.verdict is Verdict.GRANTED


def meaning(asked: Sequence[Asked], answer: Answer, open_requests: int) -> Meaning | None:
    """What the answer means, or None for words that have nothing to do with a request. `open_requests` by D43."""
    meant = next((one for one in asked if _is_about(one, answer)), None)
    if refused := _refused(asked, meant, answer):
        return Meaning(refused.ref, None)
    found = meant or _named_by_phrase(asked, answer)
    if found is None or found.state not in (State.OPEN, State.EXPIRED):
        return None
    verdict = judge(found.request, answer, open_requests)
    if verdict is not Verdict.GRANTED and not _is_attempt(found, answer):
        return None
    if verdict is Verdict.GRANTED and found.state is State.EXPIRED:
        verdict = Verdict.EXPIRED
    return Meaning(found.ref, verdict)


def is_settled_word(asked: Sequence[Asked], answer: Answer) -> bool:
    """Whether it is nothing but the phrase of a request that needs no word any more: it opens no matter of its own."""
    return any(_is_written(one, answer) for one in asked)


def _is_about(one: Asked, answer: Answer) -> bool:
    return bool(one.request.event_id) and answer.relates_to == one.request.event_id


def _refused(asked: Sequence[Asked], meant: Asked | None, answer: Answer) -> Asked | None:
    """The request that is refused: by a plain no to it, or by a no that names it."""
    if answer.relation not in ("none", "reply", "thread"):
        return None
    words = folded(own_text(answer.text, answer.relation == "reply"))
    named = next((one for one in asked if words.endswith(" " + one.ref.casefold())), None)
    plain = words.removesuffix(" " + named.ref.casefold()) if named else words
    found = named or meant
    if found is None or plain.rstrip(" ,:;") not in _NO or answer.role not in found.request.who_may:
        return None
    return found if found.state in (State.OPEN, State.GRANTED) else None


def _named_by_phrase(asked: Sequence[Asked], answer: Answer) -> Asked | None:
    """The request whose phrase this is; the newest where several have the same one, and open ones first."""
    fitting = [one for one in asked if _is_written(one, answer)]
    return max(fitting, key=lambda one: (one.state is State.OPEN, one.request.opened_at), default=None)


def _is_written(one: Asked, answer: Answer) -> bool:
    text = answer.text.removeprefix("* ") if answer.relation == "edit" else answer.text
    return is_phrase(one.request.phrase, text, None, is_reply=answer.relation == "reply")


def _is_attempt(found: Asked, answer: Answer) -> bool:
    """Whether somebody meant to agree. Whoever may not is told so only if they wrote the phrase; others talk about the matter."""
    if _is_written(found, answer):
        return True
    if answer.role not in found.request.who_may:
        return False
    if answer.relation == "reaction":
        return True
    text, phrase = folded(own_text(answer.text, answer.relation == "reply"))[:400], folded(found.request.phrase)
    words = _WORD.findall(text)
    if not words:
        # Nothing but a quote: what is quoted is somebody else's word.
        return phrase in folded(answer.text)
    if "?" in text:
        return False
    is_agreement = words[0] in _YES and len(words) <= _FEW_WORDS
    return is_agreement or phrase in text or SequenceMatcher(None, phrase, text).ratio() >= _NEARLY
