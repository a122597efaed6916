"""Messages to be judged as JSON lines (cases/README, triage): one line in, one finding out; a broken line stops nothing."""

from collections.abc import Callable, Mapping

from roomdesk.rules.errors import RuleError
from roomdesk.rules.instants import shown
from roomdesk.rules.json_line import read_object
from roomdesk.rules.triage import Finding, triage
from roomdesk.rules.triage_vocabulary import Vocabulary

LOCALES = ("en", "bg", "pt")


def answer_line(text: str, vocabulary: Callable[[str], Vocabulary], *, with_why: bool = False) -> dict[str, object]:
    """`{"id", "expect"}`, or `{"id", "error"}` with a sentence. `vocabulary` gives that of a product's slug. Never raises."""
    name: object = None
    try:
        question = read_object(text)
        name = question.get("id")
        finding = triage(_text(question, "text"), _locale(question), vocabulary(_text(question, "product")))
    except RuleError as error:
        return {"id": name, "error": str(error)}
    return {"id": name, "expect": _shown(finding), **({"why": list(finding.why)} if with_why else {})}


def _shown(finding: Finding) -> dict[str, object]:
    return {
        "p0": finding.p0,
        "kind": finding.kind,
        "severity": finding.severity,
        "answer": finding.answer,
        "provided": list(finding.provided),
    }


def _locale(question: Mapping[str, object]) -> str:
    locale = _text(question, "locale")
    if locale not in LOCALES:
        raise RuleError(f"locale must be one of {', '.join(LOCALES)}, not {shown(locale)}.")
    return locale


def _text(question: Mapping[str, object], field: str) -> str:
    value = question.get(field)
    if not isinstance(value, str):
        raise RuleError(f"{field} must be a text, not {shown(value)}.")
    return value
