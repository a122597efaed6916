"""A desk without rooms yet, acted on by REST and command line, while time stands still."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from roomdesk import timers
from roomdesk.runtime import clock
from tests.cases_api.place import Rest

#: A Monday, 10:00 in Sofia.
START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
FIXED = {"state": "resolved", "fix": "Restarted the queue", "root_cause": "A full disk"}


@dataclass
class Desk:
    """`acme` is pro: Critical is answered within 4 business hours, Normal within 2 business days."""

    rest: Rest
    time: clock.Frozen

    def later(self, **span: int) -> None:
        """Moves time, and lets the timers work that are due by then."""
        self.time.tick(timedelta(**span))
        while timers.fire():
            pass

    def open(self, text: str = "The invoices are gone", author: str = "olga", **more: Any) -> str:
        return self.rest.open(text, author, **more)

    def say(self, ref: str, author: str, text: str) -> int:
        """Says it in the case and gives the message's id."""
        answer = self.rest.post(f"cases/{ref}/messages", {"author": author, "text": text})
        assert answer.status_code == 201, answer.content
        return int(answer.json()["id"])

    def change(self, ref: str, **given: Any) -> Any:
        return self.rest.patch(f"cases/{ref}", given)

    def changed(self, ref: str, **given: Any) -> dict[str, Any]:
        """Changes the case as Ivan and gives it as it is then."""
        answer = self.change(ref, **{"author": "ivan", **given})
        assert answer.status_code == 200, answer.content
        found: dict[str, Any] = answer.json()
        return found

    def act(self, ref: str, act: str, **given: Any) -> Any:
        return self.rest.post(f"cases/{ref}/{act}", {"author": "ivan", **given})

    def done(self, ref: str, act: str, **given: Any) -> dict[str, Any]:
        """Acts as Ivan and gives the case that is answered with."""
        answer = self.act(ref, act, **given)
        assert answer.status_code in (200, 201), answer.content
        found: dict[str, Any] = answer.json()
        return found

    def case(self, ref: str) -> dict[str, Any]:
        found: dict[str, Any] = self.rest.get(f"cases/{ref}").json()
        return found

    def clocks(self, ref: str, kind: str = "first_response") -> list[dict[str, Any]]:
        """Those of a kind that are not cancelled, in order."""
        return [c for c in self.case(ref)["clocks"] if c["kind"] == kind and c["state"] != "cancelled"]

    def clock(self, ref: str, kind: str = "first_response") -> dict[str, Any]:
        """The newest of a kind."""
        return self.clocks(ref, kind)[-1]

    def changes(self, ref: str, what: str) -> list[tuple[str | None, str | None]]:
        return [(c["before"], c["after"]) for c in self.case(ref)["changes"] if c["what"] == what]


def at(text: str) -> datetime:
    """`2026-03-02T08:00:00Z` as REST writes it."""
    return datetime.fromisoformat(text)
