"""Rotas that are stored: who is on call, swaps with their reasons, calendars, hand-overs, and who sits in the rooms (R04, R40)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client
from icalendar import Calendar

from roomdesk.audit.work import Actor
from roomdesk.cases.models import Case
from roomdesk.directory import services
from roomdesk.directory.models import Person, Workspace
from roomdesk.directory.queries import viewer_of_person
from roomdesk.oncall import rotas
from roomdesk.oncall.models import Rota, Swap
from roomdesk.oncall.rotas import Wish
from roomdesk.product.queries import newest, product_of
from roomdesk.queues.models import OutboxRow
from roomdesk.refusals import Forbidden, Invalid
from roomdesk.rooms import desired
from roomdesk.rules import rota as rules
from roomdesk.runtime import clock
from tests.cases_api.place import Rest, token
from tests.flow.world import ACTOR, SERVER
from tests.paging.night import NIGHT, Night

PRODUCT = "plana-business-cloud"
WRITTEN: dict[str, Any] = {
    "layers": [
        {
            "name": "nights", "people": ["ivan", "petya"], "zone": "Europe/Sofia", "starts": "2026-01-05",
            "hand_over": "09:00", "every": "1 week", "hours": {"outside": "sofia"},
        },
        {
            "name": "second", "level": 2, "people": ["dora"], "zone": "Europe/Sofia", "starts": "2026-01-05",
            "hand_over": "09:00",
        },
    ],
    "needed": {"outside": "sofia"},
}  # fmt: skip


@pytest.fixture
def rest(night: Night) -> Iterator[Rest]:
    for person, *roles in (("petya", "engineer"), ("dora", "engineer"), ("lena", "lead")):
        services.do_put_staff(id=person, roles=roles, actor=ACTOR, now=NIGHT - timedelta(days=9))
    night.settle()
    yield Rest(token("all", "admin"))


def call(rest: Rest, method: str, path: str, body: Any = None) -> Any:
    return rest._client.generic(
        method, f"/api/v1/{path}", "" if body is None else json.dumps(body),
        content_type="application/json", headers=rest._headers,
    )  # fmt: skip


def put(rest: Rest, **changed: Any) -> Any:
    answer = call(rest, "PUT", f"rotas/{PRODUCT}", {**WRITTEN, **changed})
    assert answer.status_code == 200, answer.content
    return answer.json()


def who(rest: Rest, at: str = "2026-03-08T01:00:00Z") -> list[str]:
    items = call(rest, "GET", f"oncall?at={at}").json()["items"]
    return [one["person"] for watch in items for one in watch["on_call"]]


def test_a_stored_rota_says_who_is_on_call_and_swaps_depart_from_it(night: Night, rest: Rest) -> None:
    assert who(rest) == []
    assert put(rest)["version"] == 1
    assert put(rest)["version"] == 1, "the same again is no change"
    # The ninth week: Ivan's turn.
    assert who(rest) == ["ivan", "dora"]
    swap = {"person": "petya", "reason": "Ivan is ill", "instead_of": "ivan"}
    made = call(rest, "POST", f"rotas/{PRODUCT}/swaps", swap)
    assert made.status_code == 201, made.content
    assert who(rest) == ["petya", "dora"]
    assert who(rest, "2026-03-07T01:00:00Z") == ["ivan", "dora"], "what was, stays"
    night.later(hours=1)
    assert call(rest, "DELETE", f"rotas/{PRODUCT}/swaps/{made.json()['id']}").status_code == 200
    assert who(rest, "2026-03-08T01:30:00Z") == ["petya", "dora"], "it held until it was taken back"
    assert who(rest, "2026-03-08T02:30:00Z") == ["ivan", "dora"]


def test_a_wrong_rota_is_refused_with_the_reason_and_changes_nothing(rest: Rest) -> None:
    for changed, field, words in (
        ({"layers": []}, "rota", "at least one layer"),
        ({"needed": {"outside": "moon"}}, "rota", "no calendar"),
        ({"layers": [{**WRITTEN["layers"][0], "people": ["ivan", "oto"]}]}, "people", "oto"),
    ):
        answer = call(rest, "PUT", f"rotas/{PRODUCT}", {**WRITTEN, **changed})
        assert answer.status_code == 422
        assert answer.json()["field"] == field and words in answer.json()["detail"]
    assert not Rota.objects.exists()


def test_staff_give_shifts_of_their_own_away_and_leads_all(rest: Rest) -> None:
    put(rest)
    now = clock.now()
    ivan, lena = (viewer_of_person(Person.objects.get(slug=name), now) for name in ("ivan", "lena"))

    def swap(viewer: Any, whose: str, reason: str = "Holiday") -> Swap:
        wish = Wish(None, "petya", reason, instead_of=whose)
        return rotas.do_swap(viewer, PRODUCT, wish, actor=Actor("staff", viewer.name), now=now)

    with pytest.raises(Forbidden):
        swap(ivan, "dora")
    with pytest.raises(Invalid):
        swap(ivan, "ivan", reason=" ")
    assert not Swap.objects.exists()
    assert swap(ivan, "ivan").layer == "nights"
    assert swap(lena, "dora").layer == "second"


def test_gaps_are_found_ahead(rest: Rest) -> None:
    put(rest, leave=[{"person": name, "start": "2026-03-10T00:00:00Z", "end": "2026-03-11T00:00:00Z"} for name in ("ivan", "petya")])  # fmt: skip
    found = call(rest, "GET", f"rotas/{PRODUCT}/shifts?days=14").json()
    assert [(gap["start"], gap["end"]) for gap in found["gaps"]] == [
        ("2026-03-10T00:00:00Z", "2026-03-10T07:00:00Z"),
        ("2026-03-10T16:00:00Z", "2026-03-11T00:00:00Z"),
    ]


def test_the_rooms_follow_the_rota_and_whoever_takes_a_case(night: Night, rest: Rest) -> None:
    def in_room() -> set[str]:
        workspace = Workspace.objects.get(slug="cedar")
        product = product_of(newest([PRODUCT])[PRODUCT].pk)
        return {one.slug for one in desired.staff_people(workspace, product, clock.now())}

    assert in_room() == {"ivan", "petya", "dora"}, "without a rota all engineers"
    put(rest)
    assert in_room() == {"ivan", "dora"}
    night.say("cedar", "The reports are slow")
    ref = night.case("cedar").ref
    assert rest.patch(f"cases/{ref}", {"assignee": "petya"}).status_code == 200
    assert in_room() == {"ivan", "petya", "dora"}
    done = {"state": "resolved", "fix": "Restarted", "root_cause_unknown": True}
    assert rest.patch(f"cases/{ref}", done).status_code == 200
    assert in_room() == {"ivan", "dora"}
    night.later(days=1, hours=12)
    assert clock.now() == datetime(2026, 3, 9, 13, 0, tzinfo=UTC)
    assert in_room() == {"dora"}, "in office hours only the second line is on call"


def test_a_hand_over_is_told_in_the_control_room_with_what_is_open(night: Night, rest: Rest) -> None:
    _with_control_room()
    put(rest)
    night.say("cedar", "P0 all is down")
    night.pagerduty.page()
    told = OutboxRow.objects.filter(once__startswith="hand_over:")
    assert not told.exists()
    night.later(days=1, hours=7)
    bodies = [json.loads(row.payload)["content"]["body"] for row in told.order_by("pk")]
    assert len(bodies) == 1, "the office has opened: the night's watch ends"
    assert "dora (second, level 2)" in bodies[0] and night.case("cedar").ref in bodies[0]
    night.later(hours=10)
    assert told.count() == 2, "in the evening the next one begins"


def _bodies(begin: str) -> list[dict[str, Any]]:
    rows = OutboxRow.objects.filter(once__startswith=begin).order_by("pk")
    return [json.loads(row.payload)["content"] for row in rows]


def test_the_note_of_a_hand_over_names_open_cases_pages_that_nobody_has_and_gaps_two_weeks_ahead(
    night: Night, rest: Rest
) -> None:
    _with_control_room()
    away = [
        {"person": name, "start": "2026-03-20T20:00:00Z", "end": "2026-03-21T04:00:00Z"} for name in ("ivan", "petya")
    ]
    further = [
        {"person": name, "start": "2026-03-27T20:00:00Z", "end": "2026-03-28T04:00:00Z"} for name in ("ivan", "petya")
    ]
    put(rest, leave=[*away, *further])
    night.say("cedar", "P0 all is down")
    night.pagerduty.page()
    still_open = Case.objects.filter(product=PRODUCT, state__in=Case.OPEN).order_by("opened_at")
    before, grave = still_open.count(), still_open.filter(p0_at__isnull=False).values_list("ref", flat=True)
    night.later(days=1, hours=7)
    (note,) = _bodies("hand_over:")
    lines = note["body"].splitlines()
    ref = night.case("cedar").ref
    assert lines[0].startswith("On call from now: dora (second, level 2) until ")
    assert lines[1:] == [
        f"Open cases: {before}.",
        f"P0 among them: {', '.join(grave)}.",
        f"Pages that nobody has yet: {ref}.",
        "Nobody is on call from Fri 2026-03-20 22:00 to Sat 2026-03-21 06:00.",
    ], "and nothing that is further away than two weeks"
    assert note["m.mentions"] == {"user_ids": [f"@dora:{SERVER}"]}


def test_whoever_takes_over_is_reminded_an_hour_before_once_and_so_is_who_was_swapped_in(
    night: Night, rest: Rest
) -> None:
    _with_control_room()
    put(rest)
    # Ivan has had the nights since Monday; the office opens at 9, in the evening Petya's week begins.
    night.later(days=1, hours=13, minutes=59)
    assert _bodies("shift:") == []
    night.later(minutes=2)
    (told,) = _bodies("shift:")
    assert told["body"] == (
        "petya: you are on call from Mon 2026-03-09 18:00 (nights, level 1) until Tue 2026-03-10 09:00."
    )
    assert told["m.mentions"] == {"user_ids": [f"@petya:{SERVER}"]} and told["msgtype"] == "m.text"
    swap = {"person": "lena", "reason": "Petya is ill", "instead_of": "petya"}
    assert call(rest, "POST", f"rotas/{PRODUCT}/swaps", swap).status_code == 201
    night.later(minutes=1)
    assert [one["body"].partition(":")[0] for one in _bodies("shift:")] == ["petya", "lena"]
    night.later(hours=24)
    assert [one["body"].partition(":")[0] for one in _bodies("shift:")] == ["petya", "lena", "petya"], "the next night"


def _with_control_room() -> None:
    from roomdesk.rooms.models import Room

    room = Room.objects.filter(kind=Room.Kind.CONTROL, product=PRODUCT).first()
    assert room is not None
    Room.objects.filter(pk=room.pk).update(room_id="!control", state="ready")


def test_a_calendar_is_secret_its_owners_and_the_same_as_who_is_on_call(night: Night, rest: Rest) -> None:
    put(rest)
    made = call(rest, "POST", f"rotas/{PRODUCT}/calendars", {"person": "ivan"}).json()
    where = urlsplit(made["url"]).path
    anybody = Client()
    answer = anybody.get(where, headers={"host": "127.0.0.1"})
    assert answer.status_code == 200 and answer["content-type"].startswith("text/calendar")
    events = _events(answer.content)
    assert events and all("ivan" in summary for _, _, summary in events)
    everybody = _events(call(rest, "GET", f"rotas/{PRODUCT}").content and _whole(rest, anybody))
    meant = rotas.rota_of(Rota.objects.get(product=PRODUCT))
    # Every minute of the days around the change of the clocks on 29 March, and of a day and a night before.
    for begin, days in ((NIGHT, 1), (NIGHT + timedelta(days=20), 2)):
        for at in (begin + timedelta(minutes=minute) for minute in range(days * 24 * 60)):
            there = sorted(summary.split()[2] for start, end, summary in everybody if start <= at < end)
            assert there == sorted(one.person for one in rules.on_call(meant, at)), at
    assert who(rest) == [one.person for one in rules.on_call(meant, NIGHT)]
    assert b"TRIGGER:-PT60M" in answer.content, "theirs reminds them an hour before"
    assert call(rest, "DELETE", f"rotas/{PRODUCT}/calendars/{made['id']}").status_code == 204
    assert anybody.get(where, headers={"host": "127.0.0.1"}).status_code == 404
    assert "items" in call(rest, "GET", f"rotas/{PRODUCT}/calendars").json()


def _whole(rest: Rest, anybody: Client) -> bytes:
    made = call(rest, "POST", f"rotas/{PRODUCT}/calendars", {}).json()
    content: bytes = anybody.get(urlsplit(made["url"]).path, headers={"host": "127.0.0.1"}).content
    return content


def _events(content: bytes) -> list[tuple[datetime, datetime, str]]:
    """As a standard parser reads it; its lines as strictly as RFC 5545 wants them: CR LF, folded at 75 octets."""
    text = content.decode()
    assert text.endswith("\r\n") and "\n" not in text.replace("\r\n", "")
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    whole = Calendar.from_ical(content)
    assert isinstance(whole, Calendar) and whole.errors == []
    events = whole.walk("VEVENT")
    assert len({str(one["UID"]) for one in events}) == len(events) and not any(one.errors for one in events)
    return [(one["DTSTART"].dt, one["DTEND"].dt, str(one["SUMMARY"])) for one in events]
