"""Clock questions as JSON lines (sla/README, Format): one line in, one answer out; a broken line stops nothing."""

from collections.abc import Mapping
from datetime import datetime
from fractions import Fraction

from roomdesk.rules.calendars import parse_calendar
from roomdesk.rules.due_time import Pause, consumed, due, six_decimals, state, warn_times
from roomdesk.rules.errors import NoWorkingTime, RuleError
from roomdesk.rules.instants import format_instant, parse_instant, shown
from roomdesk.rules.json_line import read_object
from roomdesk.rules.targets import Target, parse_target
from roomdesk.rules.working_time import CompiledCalendar, compile_calendar

WARN = {"0.5": Fraction(1, 2), "0.75": Fraction(3, 4), "0.9": Fraction(9, 10)}


def answer_line(text: str) -> dict[str, object]:
    """`{"id", "expect"}` for a question, `{"id", "error"}` with a sentence for a line that is none. Never raises."""
    name: object = None
    try:
        question = read_object(text)
        name = question.get("id")
        return {"id": name, "expect": answer(question)}
    except RuleError as error:
        return {"id": name, "error": str(error)}


def answer(question: Mapping[str, object]) -> dict[str, object]:
    """What the vectors call `expect`, keys in their order. RuleError when the question cannot be understood."""
    calendar = compile_calendar(parse_calendar(question.get("calendar")))
    target = parse_target(question.get("target"))
    start = parse_instant(question.get("start"), "start")
    pauses = _pauses(question.get("pauses", []))
    probes = _probes(question.get("probes", []))
    try:
        due_at = due(calendar, target, start, pauses)
        warn = warn_times(calendar, target, start, pauses, tuple(WARN.values()))
    except NoWorkingTime as error:
        return {"error": str(error)}
    return {
        "due": _written(due_at),
        "warn": {key: _written(at) for key, at in zip(WARN, warn, strict=True)},
        "probes": [_probed(calendar, target, start, pauses, due_at, *probe) for probe in probes],
    }


def _probed(
    calendar: CompiledCalendar,
    target: Target,
    start: datetime,
    pauses: list[Pause],
    due_at: datetime | None,
    at: datetime,
    stopped_at: datetime | None,
) -> dict[str, object]:
    used = consumed(calendar, target, start, pauses, at)
    return {"consumed": six_decimals(used), "state": state(target, due_at, at, stopped_at, pauses)}


def _pauses(data: object) -> list[Pause]:
    pauses: list[Pause] = []
    for number, pause in enumerate(_list(data, "pauses"), 1):
        if not isinstance(pause, list) or len(pause) != 2:
            raise RuleError(
                f"pause {number} must be a pair of times, the second of which may be null, not {shown(pause)}."
            )
        begin, end = pause
        pauses.append((parse_instant(begin, f"pause {number}"), _optional(end, f"pause {number}")))
    return pauses


def _probes(data: object) -> list[tuple[datetime, datetime | None]]:
    probes = []
    for number, probe in enumerate(_list(data, "probes"), 1):
        if not isinstance(probe, dict):
            raise RuleError(f'probe {number} must be like {{"at": …, "stopped_at": null}}, not {shown(probe)}.')
        at = parse_instant(probe.get("at"), f"probe {number}, at,")
        probes.append((at, _optional(probe.get("stopped_at"), f"probe {number}, stopped_at,")))
    return probes


def _list(data: object, field: str) -> list[object]:
    if not isinstance(data, list):
        raise RuleError(f"{field} must be a list, not {shown(data)}.")
    return data


def _optional(written: object, field: str) -> datetime | None:
    return None if written is None else parse_instant(written, field)


def _written(at: datetime | None) -> str | None:
    return None if at is None else format_instant(at)
