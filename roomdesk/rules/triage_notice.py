"""Whether a message passes on a notice of the system: it names one, or has its words in quotation marks, or something is about to run out."""

from __future__ import annotations

import re

from roomdesk.rules.triage_reading import Found, Reading
from roomdesk.rules.triage_text import unquoted

_QUOTED = re.compile(r'"([^"]{4,})"|`([^`]{4,})`|\[[a-z]+\]')
_BRACKETS = re.compile(r"\[[a-z]+\]")
_FAULTY = re.compile(
    r"error|exception|fail|not found|does not exist|refused|invalid|no valid|null|denied|timeout|timed out|aborted|unexpected|cannot|unable|closed|\b[45]\d\d\b|erro\b|falha|gre6k|nevalid"
)
#: What stands within so many letters is what a text begins with.
_SOON = 40


def notice(reading: Reading, p0: bool) -> Found:
    """Kind and answer, or None where a person speaks for themselves."""
    if p0 and reading.has("everybody", "outage"):
        return None
    if reading.has("notice_not") and '"' not in reading.words.plain:
        return None
    subject = reading.vocabulary.found("notice_subject", reading.words)
    if (
        subject
        and not reading.has("tried")
        and (reading.words.plain + " " + reading.words.sounds).find(subject[0]) < _SOON
    ):
        reading.said("notice_subject", "A notice of the system")
        return "alert", None
    if not reading.asks and not reading.has("hard") and reading.said("expiring", "Something is about to run out"):
        return "alert", None
    if not reading.has("alert_notice", "notice_verb") or (
        reading.has("tried") and not _BRACKETS.search(reading.words.plain)
    ):
        return None
    quotes = [
        one.group()
        for one in _QUOTED.finditer(
            reading.words.plain.replace("'", '"') if '"' not in reading.words.plain else reading.words.plain
        )
    ]
    is_told = reading.has("notice_verb") or bool(quotes)
    is_named = bool(reading.vocabulary.found("alert_notice", unquoted(reading.words))) or _BRACKETS.search(
        reading.words.plain
    )
    if is_named and is_told and not (reading.asks and reading.has("set_up") and not quotes):
        reading.said("alert_notice", "A notice of the system")
        return "alert", None
    if (
        reading.has("notice_verb")
        and any(not _FAULTY.search(one) and len(one) > 22 for one in quotes)
        and not reading.has("expected", "outage")
    ):
        reading.why.append("The words of a notice")
        return "alert", None
    return None
