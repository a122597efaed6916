"""The main job, end to end: room made, message on record, case open, clock right, one notice, answer stops the clock (R01, R02, R17, R18)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import holidays
import pytest

from tests.harness.live import Live, eventually

SOFIA = ZoneInfo("Europe/Sofia")
SAYING = "Saving a quotation shows error 500 for me, when I press Save."


def provision(live: Live, slug: str, tier: str = "pro", locale: str = "en") -> None:
    """A workspace with owner Olga, an engineer and an account manager of its own."""
    live.run(
        "staff", "put", f"ivan-{slug}", "--name", "Ivan", "--email", f"ivan@{slug}.vendor.test", "--role", "engineer"
    )
    live.run(
        "workspace",
        "put",
        slug,
        "--product",
        "plana-business-cloud",
        "--tier",
        tier,
        "--locale",
        locale,
        "--owner",
        f"olga-{slug}",
        "--owner-name",
        "Olga",
        "--owner-email",
        f"olga@{slug}.test",
    )


def case_of(live: Live, slug: str) -> dict[str, Any] | None:
    items = live.rest("GET", f"cases?workspace={slug}").json()["items"]
    return items[0] if items else None


def in_room(live: Live, slug: str, person: str) -> bool:
    members = live.rest("GET", f"workspaces/{slug}/room").json().get("members", [])
    return any(m["user_id"].startswith(f"@{person}:") and m["membership"] == "join" for m in members)


def expected_due(start: datetime, days: int) -> datetime:
    """`days` business days after `start` by hand: Mon–Fri 09:00–18:00 in Sofia but for Bulgaria's holidays."""
    local = start.astimezone(SOFIA)
    free = holidays.country_holidays("BG", years=(local.year, local.year + 1))

    def is_open(day: datetime) -> bool:
        return day.weekday() < 5 and day.date() not in free

    opening = local.replace(hour=9, minute=0, second=0, microsecond=0)
    if is_open(local) and opening <= local < local.replace(hour=18, minute=0, second=0, microsecond=0):
        part = local - opening
    else:
        part = timedelta()
        while not is_open(local) or local.hour >= 18:
            local = (local + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
        opening = local.replace(hour=9, minute=0, second=0, microsecond=0)
    left, day = days, opening
    if not part:
        left -= 1
    while left:
        day += timedelta(days=1)
        if is_open(day):
            left -= 1
    due = day.replace(hour=9) + part if part else day.replace(hour=18)
    return due.astimezone(UTC)


@pytest.mark.requirement("R01", "R02")
@pytest.mark.part_of("R17", "R18")
def test_a_message_becomes_a_case_with_the_right_clock_and_an_answer_stops_it(live: Live) -> None:
    provision(live, "acme")
    room = live.room("acme")
    eventually(lambda: in_room(live, "acme", "olga-acme") and in_room(live, "acme", "ivan-acme"), "both in the room")
    olga, ivan = live.client("olga-acme"), live.client("ivan-acme")

    said = olga.say(room, SAYING)
    case = eventually(lambda: case_of(live, "acme"), "a case")

    story = live.rest("GET", f"cases/{case['ref']}").json()
    first = story["messages"][0]
    assert (first["event_id"], first["author"], first["text"]) == (said, "olga-acme", SAYING)
    (clock,) = [c for c in story["clocks"] if c["kind"] == "first_response"]
    started = datetime.fromisoformat(clock["started_at"])
    assert clock["state"] == "running"
    due = datetime.fromisoformat(clock["due_at"])
    assert expected_due(started, 2) <= due <= expected_due(started, 2) + timedelta(seconds=1)

    notice = eventually(lambda: olga.notices(room), "a notice")[0]
    assert notice["content"]["msgtype"] == "m.notice"
    assert notice["content"]["m.relates_to"]["rel_type"] == "m.thread"
    assert notice["content"]["m.relates_to"]["event_id"] == said
    assert case["ref"] in notice["content"]["body"]

    answer = ivan.say(room, "We are looking at it.", thread=said)
    met = eventually(
        lambda: [c for c in live.rest("GET", f"cases/{case['ref']}").json()["clocks"] if c["state"] == "met"], "met"
    )
    assert met[0]["stopped_by"] == answer
    assert len([n for n in olga.notices(room) if "is recorded" in n["content"]["body"]]) == 1

    shown = live.json("case", "show", case["ref"])
    assert [m["author"] for m in shown["messages"] if m["author_kind"] != "desk"] == ["olga-acme", "ivan-acme"]
    assert live.run("sla", "explain", case["ref"]).stdout
    assert live.rest("GET", f"cases/{case['ref']}/sla").status_code == 200
