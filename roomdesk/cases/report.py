"""A case's report, structured: where, steps, expected, actual, urgency and attachments, from what its customers said (R25).

It is told anew from the messages that the case has now, so that a text that was edited, removed or moved is never left behind in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from roomdesk.cases import triaging
from roomdesk.cases.models import Case, Intake
from roomdesk.record.models import File, Message
from roomdesk.rules import intake as rules

#: So many messages of customers are read; a report stands in the first ones.
_MOST = 50


def report(
    case: Case, intake: Intake | None, said: Iterable[Message], files: Mapping[int, File], version_id: int
) -> dict[str, Any]:
    """The report as REST, `--json` and the console give it; `missing` are items that the desk has asked for in vain so far."""

    def provides(text: str) -> frozenset[str]:
        return triaging.provided_by(version_id, case.workspace.locale, text)

    told = [message for message in said if _is_theirs(message)]
    words = [text for message in told if message.kind == Message.Kind.MESSAGE and (text := _text(message))][:_MOST]
    return {
        **rules.together(rules.learned(text, provides) for text in words),
        "attachments": [files[message.pk].name for message in told if message.pk in files],
        "missing": [item for item in intake.asked.split() if item not in intake.known.split()] if intake else [],
    }


def intake_of(case: Case) -> Intake | None:
    """What triage found; None for what staff began. No query where the case came by `access_case`."""
    return getattr(case, "intake", None)


def _is_theirs(message: Message) -> bool:
    return message.author_kind == Message.Author.CUSTOMER and message.redacted_at is None


def _text(message: Message) -> str:
    return (message.edited_body or message.body).strip()
