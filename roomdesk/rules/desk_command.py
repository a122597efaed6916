"""Commands to the desk, as staff write them in the control room (DESIGN §6, D9). They answer nobody, wherever they are written."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from difflib import get_close_matches
from typing import Any

from roomdesk.rules.desk_consent import USAGE as CONSENT
from roomdesk.rules.desk_consent import read_consent
from roomdesk.rules.errors import RuleError
from roomdesk.rules.macro import values_of

_COMMAND = re.compile(r"\s*!desk(?![\w-])", re.IGNORECASE)
_REF = re.compile(r"[A-Za-z][A-Za-z0-9]{0,9}-[0-9]{1,12}")
_LENGTH = re.compile(r"([0-9]{1,4})\s*(min|m|h|d|w)\b", re.IGNORECASE)
_UNITS = {"m": "minutes", "min": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_DAY = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[ T]([01][0-9]|2[0-3]):([0-5][0-9]))?")
_CAUSE = re.compile(r"(?:^|[;,.\n])\s*cause\s*:\s*", re.IGNORECASE)
_LOCALE = re.compile(r"^([a-z]{2}(?:_[A-Z]{2})?):", re.MULTILINE)
_ALONE = re.compile(r"alone\b[\s,:]*", re.IGNORECASE)
_FIX = re.compile(r"\s*fix\s*:\s*", re.IGNORECASE)
#: When a snooze ends that names a date only.
MORNING = 9 * 60


class CommandError(RuleError):
    """A command that cannot be understood; the sentence says how it is written."""


@dataclass(frozen=True, slots=True)
class Day:
    """A date and a minute of it, on the clock of the product's office."""

    day: date
    minute: int


@dataclass(frozen=True, slots=True)
class Command:
    """What is to be done. `ref` is the case where one was named, else empty: the thread says which."""

    name: str
    ref: str = ""
    given: Mapping[str, Any] = field(default_factory=dict)

    @property
    def only_looks(self) -> bool:
        return self.name in _LOOKS


@dataclass(frozen=True, slots=True)
class _Verb:
    usage: str
    does: str
    read: Callable[[str], Mapping[str, Any]]


def is_command(text: str) -> bool:
    """Whether a text is a command: its first word is `!desk`."""
    return _COMMAND.match(text) is not None


def words_after(text: str) -> str:
    """What stands behind the `!desk` of a text for which `is_command`."""
    found = _COMMAND.match(text)
    return text[found.end() :].strip(" :,\n\t") if found else ""


def parse(text: str) -> Command:
    """The command of a text for which `is_command`; CommandError with a sentence for one that cannot be understood."""
    ref = ""
    first, rest = _first(words_after(text))
    if _REF.fullmatch(first):
        ref = first.upper()
        first, rest = _first(rest)
    name = _named(first.lower() or ("status" if ref else "help"))
    return Command(name, ref, _VERBS[name].read(rest))


def may(command: Command, roles: frozenset[str]) -> bool:
    """Whether somebody with these roles may have it carried out: who only looks after the records changes no case."""
    return bool(roles) and (command.only_looks or roles != {"auditor"})


def help_text(topic: str = "") -> str:
    """All commands, or one of them. CommandError for one that does not exist."""
    if topic:
        name = _named(topic.lower())
        return f"{_VERBS[name].usage}\n{_VERBS[name].does}"
    lines = [f"{verb.usage} – {verb.does}" for verb in _VERBS.values()]
    return "\n".join([*lines, "Outside a case's thread name the case first: !desk BC-1042 ack"])


def _named(word: str) -> str:
    word = _SHORT.get(word, word)
    if word in _VERBS:
        return word
    if word in NOT_YET:
        raise CommandError(f'"{word}" does not exist in this version yet; nothing was done.')
    near = get_close_matches(word, _VERBS, n=1)
    meant = f' Did you mean "{near[0]}"?' if near else ""
    raise CommandError(f'There is no command "{word[:40]}".{meant} !desk help lists them; nothing was done.')


def _first(words: str) -> tuple[str, str]:
    first, _, rest = words.partition(" ") if "\n" not in words.partition(" ")[0] else words.partition("\n")
    return first, rest.strip()


def _nothing(rest: str) -> Mapping[str, Any]:
    if rest:
        raise CommandError(f'"{rest[:40]}" says nothing here; this command takes no more words.')
    return {}


def _reason(rest: str) -> Mapping[str, Any]:
    return {"reason": rest}


def _slug(name: str, example: str) -> Callable[[str], Mapping[str, Any]]:
    def read(rest: str) -> Mapping[str, Any]:
        value, reason = _first(rest)
        if not value:
            raise CommandError(f"Which {name}? Write it like !desk {name} {example}.")
        return {name: value.lower().replace("-", "_").strip(".,;:"), "reason": reason}

    return read


def _assign(rest: str) -> Mapping[str, Any]:
    if not rest:
        raise CommandError("To whom? Write !desk assign ivan, !desk assign me or !desk assign nobody.")
    return {"to": rest}


def _swap(rest: str) -> Mapping[str, Any]:
    who, reason = _first(rest)
    if not who or not reason:
        raise CommandError("With whom, and why? Write !desk swap petya I am ill.")
    return {"with": who.removeprefix("@").partition(":")[0], "reason": reason}


def _misuse(rest: str) -> Mapping[str, Any]:
    word, more = _first(rest)
    lifts = word.lower() == "lift"
    if not (more if lifts else rest):
        raise CommandError("Why? Write !desk misuse It was a question about an invoice.")
    return {"lifts": lifts, "reason": more if lifts else rest}


def _macro(rest: str) -> Mapping[str, Any]:
    slug, values = _first(rest)
    try:
        return {"macro": slug.lower(), "values": values_of(values)}
    except RuleError as error:
        raise CommandError(str(error)) from error


def _other(name: str) -> Callable[[str], Mapping[str, Any]]:
    def read(rest: str) -> Mapping[str, Any]:
        ref, reason = _first(rest)
        if not _REF.fullmatch(ref):
            raise CommandError(f"To which case? Write !desk {name} BC-1042.")
        return {"to": ref.upper(), "reason": reason}

    return read


def _answer_all(rest: str) -> Mapping[str, Any]:
    """A text, and after it, at the beginning of a line, those for other languages: `bg: …`."""
    parts = _LOCALE.split(rest)
    if not parts[0].strip():
        raise CommandError(
            "What is to be said? Write !desk answer-all We are on it, and for others on lines of their own bg: …"
        )
    return {
        "text": parts[0].strip(),
        "texts": {key: text.strip() for key, text in zip(parts[1::2], parts[2::2], strict=True)},
    }


def _escalate(rest: str) -> Mapping[str, Any]:
    field, reason = _first(rest)
    if not field:
        raise CommandError("To which field? Write it like !desk escalate database.")
    return {"field": field.lower().strip(".,;:"), "reason": reason}


def _deescalate(rest: str) -> Mapping[str, Any]:
    field, reason = _first(rest)
    return {"field": field.lower().strip(".,;:"), "reason": reason}


def _wait(rest: str) -> Mapping[str, Any]:
    word, reason = _first(rest)
    whose = {"customer": "waiting_customer", "third": "waiting_third_party", "third-party": "waiting_third_party"}
    if word.lower() in whose:
        return {"state": whose[word.lower()], **_until(reason.removeprefix("party").strip())}
    return {"state": "waiting_customer", **_until(rest)}


def _until(rest: str) -> Mapping[str, Any]:
    """How long to wait at most, where the words begin with that; all of them are the reason otherwise."""
    found = _time(rest)
    return {"reason": rest} if found is None else found


def _resolve(rest: str) -> Mapping[str, Any]:
    alone = _ALONE.match(rest)
    parts = _CAUSE.split(rest[alone.end() :] if alone else rest, maxsplit=1)
    fix = _FIX.sub("", parts[0], count=1).strip(" ;,\n")
    cause = parts[1].strip() if len(parts) > 1 else ""
    unknown = cause.lower().rstrip(".") == "unknown"
    if not fix or not cause:
        raise CommandError(
            "A resolution needs both: !desk resolve fix: what made it work; cause: why it had failed (or cause: unknown)."
        )
    given = {"fix": fix, "root_cause": "" if unknown else cause, "root_cause_unknown": unknown}
    return {**given, "alone": True} if alone else given


def _snooze(rest: str) -> Mapping[str, Any]:
    found = _time(rest)
    if found is None:
        raise CommandError("For how long? Write !desk snooze 4h, 2d or 1w, or !desk snooze 2026-03-06 14:30.")
    return found


def _time(rest: str) -> Mapping[str, Any] | None:
    """A length or a day at the beginning, and the reason behind it; None where there is neither. CommandError for a day that is none."""
    words = rest.removeprefix("until").removeprefix("for").strip()
    if found := _LENGTH.match(words):
        length = timedelta(**{_UNITS[found.group(2).lower()]: int(found.group(1))})
        return {"length": length, "reason": words[found.end() :].strip()}
    if found := _DAY.match(words):
        try:
            day = date.fromisoformat(found.group(1))
        except ValueError:
            raise CommandError(f"{found.group(1)} is no date.") from None
        minute = int(found.group(2)) * 60 + int(found.group(3)) if found.group(2) else MORNING
        return {"until": Day(day, minute), "reason": words[found.end() :].strip()}
    return None


def _case(rest: str) -> Mapping[str, Any]:
    ref, reason = _first(rest)
    if not _REF.fullmatch(ref):
        raise CommandError("Into which case? Write !desk merge BC-1042.")
    return {"into": ref.upper(), "reason": reason}


def _messages(rest: str) -> Mapping[str, Any]:
    ids, reason = _numbers(rest)
    if not ids:
        raise CommandError("Which messages? Write their numbers as !desk why shows them: !desk split 812 813.")
    return {"messages": ids, "reason": reason}


def _move(rest: str) -> Mapping[str, Any]:
    ref, others = _first(rest)
    ids, reason = _numbers(others)
    if not _REF.fullmatch(ref) or not ids:
        raise CommandError(
            "Which messages, and where to? Write !desk move BC-1042 812 813; !desk why shows the numbers."
        )
    return {"into": ref.upper(), "messages": ids, "reason": reason}


def _numbers(rest: str) -> tuple[tuple[int, ...], str]:
    ids: list[int] = []
    word, more = _first(rest)
    while re.fullmatch(r"#?[0-9]{1,18},?", word):
        ids.append(int(word.strip("#,")))
        rest = more
        word, more = _first(rest)
    return tuple(ids), rest


def _consent(rest: str) -> Mapping[str, Any]:
    try:
        return read_consent(rest)
    except RuleError as error:
        raise CommandError(str(error)) from error


def _note(rest: str) -> Mapping[str, Any]:
    if not rest:
        raise CommandError("What is to be noted? A plain reply in the thread is a note, too.")
    return {"text": rest}


_VERBS: dict[str, _Verb] = {
    "help": _Verb("!desk help [command]", "what there is", lambda rest: {"topic": _first(rest)[0]}),
    "direct": _Verb("!desk direct", "a room for you and the desk alone, where commands are answered to you only", _nothing),
    "status": _Verb("!desk status", "how the case stands", _nothing),
    "why": _Verb("!desk why", "why each message is in this case, with its number", _nothing),
    "ack": _Verb("!desk ack", "take the case and acknowledge it", _nothing),
    "investigate": _Verb("!desk investigate", "work on it, or go on after waiting", _reason),
    "assign": _Verb("!desk assign ivan|me|nobody", "give it to somebody", _assign),
    "swap": _Verb("!desk swap petya [reason]", "they take your present or next shift on call", _swap),
    "here": _Verb("!desk here", "you are given new cases by turn, where the product gives them", _nothing),
    "away": _Verb("!desk away", "you are given none until you say !desk here", _nothing),
    "escalate": _Verb("!desk escalate database [reason]", "call the specialists of a field into the room", _escalate),
    "deescalate": _Verb("!desk deescalate [database]", "they are needed no more", _deescalate),
    "macro": _Verb("!desk macro [next_update when=…]", "say a canned answer to the customer; without a name, which there are", _macro),
    "link": _Verb("!desk link BC-1042 [reason]", "the two have to do with each other; customers do not see it", _other("link")),
    "unlink": _Verb("!desk unlink BC-1042 [reason]", "they have not", _other("unlink")),
    "attach": _Verb("!desk attach BC-1042 [reason]", "to the incident that BC-1042 leads, of whatever customer", _other("attach")),
    "detach": _Verb("!desk detach [reason]", "take it out of its incident", _reason),
    "answer-all": _Verb("!desk answer-all … [bg: …]", "tell every customer of the incident that this case leads", _answer_all),
    "severity": _Verb("!desk severity critical [reason]", "a reason is needed to lower it", _slug("severity", "critical")),
    "kind": _Verb("!desk kind question [reason]", "file it as another kind", _slug("kind", "question")),
    "wait": _Verb("!desk wait customer|third [2d|2026-03-06] [reason]", "wait for the customer, or for a third party; until then at most", _wait),
    "snooze": _Verb("!desk snooze 4h|2d|2026-03-06 [14:30] [reason]", "out of sight until then, or until the customer writes", _snooze),
    "wake": _Verb("!desk wake", "end the snooze", _reason),
    "resolve": _Verb("!desk resolve fix: …; cause: …|unknown", "needs what made it work and why it had failed; resolves what is attached too, but for resolve alone fix: …", _resolve),
    "close": _Verb("!desk close", "put a resolved case away", _reason),
    "reopen": _Verb("!desk reopen [reason]", "a new cycle", _reason),
    "merge": _Verb("!desk merge BC-1042 [reason]", "go on in another case; undone within ten minutes", _case),
    "unmerge": _Verb("!desk unmerge", "undo the merge", _reason),
    "split": _Verb("!desk split 812 813 [reason]", "make these messages a case of their own", _messages),
    "move": _Verb("!desk move BC-1042 812 813 [reason]", "put these messages into another case", _move),
    "consent": _Verb(CONSENT, "ask the customer's written word; withdraw BC-C12 takes it back, status shows what was asked", _consent),
    "page": _Verb("!desk page [reason]", "wake the engineer on call for this case, whatever its cover", _reason),
    "misuse": _Verb("!desk misuse [lift] reason", "this P0 was none (or was one after all); the workspace reads the reason", _misuse),
    "note": _Verb("!desk note …", "an internal note, as a plain reply in the thread is", _note),
}  # fmt: skip
_SHORT = {"?": "help", "take": "ack", "claim": "ack", "acknowledge": "ack", "resolved": "resolve", "go": "investigate"}
_LOOKS = frozenset({"help", "direct", "status", "why"})
#: They come with their features.
NOT_YET = frozenset({"known", "docs"})
