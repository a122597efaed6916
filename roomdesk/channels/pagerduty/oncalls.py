"""Who is on call by an escalation policy of PagerDuty, by its REST API (`GET /oncalls`)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from roomdesk.channels.pagerduty import rest
from roomdesk.channels.pagerduty.errors import Unreachable

#: On-calls of one answer, and so many answers at most.
_PAGE, _PAGES = 100, 50


@dataclass(frozen=True, slots=True)
class Entry:
    """One on-call. Without `start` the person always was, without `end` they always will be. `schedule` is empty for somebody who is
    called by the policy itself; `email` is empty where PagerDuty does not tell it."""

    level: int
    schedule: str
    name: str
    email: str
    start: datetime | None
    end: datetime | None


def oncalls(url: str | None, token: str, policy: str, since: datetime, until: datetime) -> list[Entry]:
    """All on-calls of the policy that touch [since, until). Raises `PagerDutyError`."""
    asked = [("escalation_policy_ids[]", policy), ("include[]", "users"), ("time_zone", "UTC")]
    asked += [("since", since.isoformat()), ("until", until.isoformat()), ("limit", str(_PAGE))]
    found: list[Entry] = []
    for page in range(_PAGES):
        answer = rest.get(url, token, "/oncalls", [*asked, ("offset", str(page * _PAGE))])
        found += _entries(answer)
        if not answer.get("more"):
            return found
    raise Unreachable(f"PagerDuty has more than {_PAGE * _PAGES} on-calls of this policy; that cannot be right.")


def _entries(answer: dict[str, Any]) -> list[Entry]:
    try:
        return [_entry(one) for one in answer["oncalls"]]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Unreachable("PagerDuty's answer could not be understood as on-calls.") from error


def _entry(one: dict[str, Any]) -> Entry:
    user, schedule = one["user"], one.get("schedule") or {}
    name = str(user.get("name") or user.get("summary") or user["id"])
    return Entry(
        level=int(one["escalation_level"]),
        schedule=str(schedule.get("summary") or schedule.get("id") or ""),
        name=name,
        email=str(user.get("email") or ""),
        start=_at(one.get("start")),
        end=_at(one.get("end")),
    )


def _at(value: str | None) -> datetime | None:
    """Whole seconds; PagerDuty writes an offset."""
    return datetime.fromisoformat(value).astimezone(UTC).replace(microsecond=0) if value else None
