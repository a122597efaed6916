"""What the desk says: which texts a product must have, what each may name, and how the names are filled in.

In a file a text is `key = "… {ref} …"`, in tables as deep as its key has dots. Times and dates come in as words
already formatted for the reader (`formatting.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from roomdesk.product.identity import BackupChannel, State
from roomdesk.product.policy import ConsentKind, CoverAction
from roomdesk.product.promises import Measure, Severity
from roomdesk.product.requests import Answer, Checklist, Kind, Macro
from roomdesk.rules.macro import KNOWN

PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")


@dataclass(frozen=True)
class Spec:
    """What a text must name and what it may name besides."""

    required: frozenset[str]
    optional: frozenset[str]

    @property
    def allowed(self) -> frozenset[str]:
        return self.required | self.optional


def spec(words: str) -> Spec:
    """Read `"ref due +opens"`: required names, and optional ones after a plus."""
    names = words.split()
    return Spec(
        required=frozenset(n for n in names if not n.startswith("+")),
        optional=frozenset(n[1:] for n in names if n.startswith("+")),
    )


# Texts of every product: key → what it names.
ALWAYS = {
    "notice.hard": "ref due",
    "notice.soft": "ref due",
    "notice.always": "ref due",
    "notice.queue": "ref",
    "notice.outside_hard": "ref due +opens",
    "notice.outside_soft": "ref due +opens",
    "notice.outside_queue": "ref +opens",
    "p0.paged": "ref due",
    "p0.paged_target": "ref due",
    "p0.paged_queue": "ref",
    "p0.notified": "ref due",
    "p0.notified_queue": "ref",
    "p0.answered": "ref due +tier",
    "p0.answered_queue": "ref +tier",
    "p0.joined": "ref",
    "p0.guessed": "ref",
    "p0.acknowledged": "ref person",
    "p0.misuse": "ref",
    "clock.running": "span",
    "clock.met": "span",
    "clock.late": "span",
    "clock.past_aim": "",
    "clock.waiting_customer": "since",
    "clock.waiting_third_party": "since",
    "case.taken": "ref person",
    "case.update_by": "ref due",
    "case.waiting": "ref",
    "case.resolved": "ref fix cause",
    "case.closed": "ref +days",
    "case.reopened": "ref",
    "case.follow_up": "ref before",
    "case.merged": "ref into",
    "case.severity": "ref severity",
    "deflection.offer": "phrase",
    "deflection.phrase": "",
    "satisfaction.ask": "ref",
    "checklist.ask": "+ref",
    "checklist.complete": "+ref",
    "consent.asked": "ref action impact phrase who until",
    "consent.recorded": "ref person",
    "consent.expired": "ref",
    "consent.withdrawn": "ref",
    "consent.refused": "ref person",
    "consent.more": "ref person",
    "consent.proof": "ref person",
    "consent.reminder": "ref phrase until",
    "consent.mail_subject": "ref person",
    "consent.mail": "ref person workspace action text at event",
    "consent.no.not_a_new_message": "ref phrase",
    "consent.no.wrong_thread": "ref phrase",
    "consent.no.ambiguous": "ref phrase",
    "consent.no.no_authority": "ref who",
    "consent.no.page": "ref phrase",
    "consent.no.too_early": "ref phrase",
    "consent.no.expired": "ref",
    "consent.no.not_the_phrase": "ref phrase",
    "audit.root": "seq hash +day",
    "work.before": "ref what",
    "work.after": "ref what",
    "work.failed": "ref what",
    "work.partial": "ref what",
    "outage.down": "",
    "outage.back": "",
}

# Texts of products with rooms.
ROOM = {
    "room.name": "slug +workspace +product",
    "room.topic": "+slug +workspace +product",
    "room.welcome": "+slug +workspace +product",
    "room.replaced": "+slug +workspace +product",
    "room.control_name": "product",
    "room.control_topic": "+product",
    "access.asked": "person",
    "access.granted": "person +by",
    "access.removed": "person +by",
    "command.customer": "",
    "command.misplaced": "workspace command",
}


class Sayer(Protocol):
    """The parts of a product that decide which texts it needs."""

    @property
    def room(self) -> bool: ...
    @property
    def severities(self) -> tuple[Severity, ...]: ...
    @property
    def kind_rows(self) -> tuple[Kind, ...]: ...
    @property
    def answer_rows(self) -> tuple[Answer, ...]: ...
    @property
    def macro_rows(self) -> tuple[Macro, ...]: ...
    @property
    def checklist(self) -> Checklist: ...
    @property
    def backup(self) -> tuple[BackupChannel, ...]: ...
    @property
    def state_rows(self) -> tuple[State, ...]: ...
    @property
    def specialists(self) -> tuple[str, ...]: ...
    @property
    def consent_rows(self) -> tuple[ConsentKind, ...]: ...
    @property
    def security_features(self) -> tuple[str, ...]: ...


def specs(product: Sayer) -> dict[str, Spec]:
    """Every text that `product` must have in each of its locales."""
    wanted = ALWAYS | (ROOM if product.room else {}) | dict(_own(product))
    return {key: spec(words) for key, words in wanted.items()}


def _own(product: Sayer) -> Iterator[tuple[str, str]]:
    for severity in product.severities:
        yield f"severity.{severity.slug}.name", ""
        yield f"severity.{severity.slug}.definition", ""
    yield from ((f"kind.{kind.slug}", "") for kind in product.kind_rows)
    yield from ((answer.text_key, _answer_words(answer)) for answer in product.answer_rows)
    yield from ((macro.text_key, _macro_words(macro)) for macro in product.macro_rows)
    yield from ((f"checklist.item.{item}", "") for item in product.checklist.items)
    yield from ((f"backup.{channel.slug}", "") for channel in product.backup)
    yield from ((f"state.{state.slug}", "") for state in product.state_rows)
    yield from ((f"specialist.{slug}", "") for slug in product.specialists)
    yield from _consent(product)


def _answer_words(answer: Answer) -> str:
    given = [name for name in ("address", "menu") if getattr(answer, name)]
    return " ".join([*given, "+ref"])


def _macro_words(macro: Macro) -> str:
    return " ".join([*macro.asks, *(f"+{name}" for name in sorted(KNOWN - set(macro.asks)))])


def _consent(product: Sayer) -> Iterator[tuple[str, str]]:
    for kind in product.consent_rows:
        yield f"consent.{kind.slug}.impact", "+feature +person +what"
        if kind.phrase is None:
            yield f"consent.{kind.slug}.phrase", "+ref +feature +person"
    for feature in product.security_features:
        yield f"feature.{feature}.name", ""
        yield f"feature.{feature}.impact", ""


def flatten(table: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """The leaves of nested tables with their dotted keys."""
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from flatten(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", value


def fill(key: str, template: str, values: Mapping[str, object]) -> str:
    """`template` with its placeholders replaced; what `values` lacks is an error of the caller."""

    def value(found: re.Match[str]) -> str:
        if found[1] not in values:
            raise LookupError(f'The text "{key}" names {{{found[1]}}}, and no value was given for it.')
        return str(values[found[1]])

    return PLACEHOLDER.sub(value, template)


def notice_key(measure: Measure, *, open_now: bool) -> str:
    """The text that answers a new request, by what its first response is measured in and whether the office is open."""
    if measure.kind == "elapsed" and not measure.soft:
        return "notice.always"
    return f"notice.{'' if open_now else 'outside_'}{_strength(measure)}"


def p0_key(action: CoverAction, measure: Measure) -> str:
    """The text that answers a P0, by what is done about it and what its first response is measured in.

    A paged one whose target runs in business time names the page and the target apart (D4).
    """
    said = {"page": "paged", "notify": "notified", "answer": "answered"}[action]
    if measure.kind == "none":
        return f"p0.{said}_queue"
    return f"p0.{said}{'_target' if action == 'page' and measure.kind != 'elapsed' else ''}"


def _strength(measure: Measure) -> Literal["hard", "soft", "queue"]:
    if measure.kind == "none":
        return "queue"
    return "soft" if measure.soft else "hard"
