"""Answers to consent requests as JSON lines (cases/README, consent): one line in, one verdict out; a broken line stops nothing."""

from collections.abc import Mapping
from typing import cast, get_args

from roomdesk.rules.consent import Answer, Relation, Request, Verdict, judge
from roomdesk.rules.errors import RuleError
from roomdesk.rules.instants import parse_instant, shown
from roomdesk.rules.json_line import read_object


def answer_line(text: str) -> dict[str, object]:
    """`{"id", "expect": {"granted", "reason"}}`, or `{"id", "error"}` with a sentence for a line that is no question. Never raises."""
    name: object = None
    try:
        question = read_object(text)
        name = question.get("id")
        verdict = judge(_request(question), _answer(question), _open_requests(question))
    except RuleError as error:
        return {"id": name, "error": str(error)}
    return {"id": name, "expect": {"granted": verdict is Verdict.GRANTED, "reason": verdict.value}}


def _request(question: Mapping[str, object]) -> Request:
    data = _object(question, "request")
    who = data.get("who_may")
    if not isinstance(who, list) or not all(isinstance(role, str) for role in who):
        raise RuleError(f"request.who_may must be a list of roles, not {shown(who)}.")
    opened, expires = (parse_instant(data.get(key), f"request.{key}") for key in ("opened_at", "expires_at"))
    return Request(_text(data, "request", "event_id"), _text(data, "request", "phrase"), who, opened, expires)


def _answer(question: Mapping[str, object]) -> Answer:
    data = _object(question, "message")
    relation = data.get("relation")
    if relation not in get_args(Relation):
        raise RuleError(f"message.relation must be one of {', '.join(get_args(Relation))}, not {shown(relation)}.")
    return Answer(
        role=_text(data, "message", "sender_role"),
        text=_text(data, "message", "text"),
        sent_at=parse_instant(data.get("sent_at"), "message.sent_at"),
        relation=cast("Relation", relation),
        relates_to=_optional(data, "relates_to"),
        formatted=_optional(data, "formatted_body"),
    )


def _open_requests(question: Mapping[str, object]) -> int:
    count = question.get("open_requests_in_room")
    if not isinstance(count, int) or isinstance(count, bool) or count < 0:
        raise RuleError(f"open_requests_in_room must be a whole number, not {shown(count)}.")
    return count


def _object(question: Mapping[str, object], field: str) -> Mapping[str, object]:
    value = question.get(field)
    if not isinstance(value, dict):
        raise RuleError(f"{field} must be an object, not {shown(value)}.")
    return value


def _text(data: Mapping[str, object], where: str, key: str) -> str:
    value = data.get(key)
    if not isinstance(value, str):
        raise RuleError(f"{where}.{key} must be a text, not {shown(value)}.")
    return value


def _optional(data: Mapping[str, object], key: str) -> str | None:
    return None if data.get(key) is None else _text(data, "message", key)
