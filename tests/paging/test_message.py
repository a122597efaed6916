"""The one message that a person gets at night, and the room with the desk as a way of theirs (R37, R39)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from roomdesk.cases.models import Case
from roomdesk.channels.matrix.errors import Unreachable
from roomdesk.consent import asking
from roomdesk.consent.asking import Wish
from roomdesk.consent.models import Request
from roomdesk.directory.queries import Viewer
from roomdesk.oncall import reaching
from roomdesk.oncall.models import Attempt, Call, Page
from roomdesk.queues.models import OutboxRow
from roomdesk.queues.outbox import Sent
from roomdesk.refusals import Invalid
from roomdesk.rooms import direct
from roomdesk.rooms.models import Room
from roomdesk.runtime import clock
from tests.cases_api.place import Rest, token
from tests.fakes.notified import Notified
from tests.flow.world import ACTOR, EVERYONE, IVAN
from tests.paging import test_escalating
from tests.paging.night import Night

pytestmark = pytest.mark.part_of("R37", "R39")
phones = test_escalating.phones
OPERATOR = Viewer("cli", "tests", sees_all=True)
RUNBOOK = "https://wiki.vendor.example/after-hours"


class Messages:
    """What the homeserver was given for rooms with the desk. `away`: so many calls find nobody there."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str, dict[str, Any]]] = []
        self.away = 0

    def take(self, row: OutboxRow) -> Sent:
        if self.away:
            self.away -= 1
            raise Unreachable("ConnectError")
        said = json.loads(row.payload)
        self.sent.append((str(row.key), said["room_id"], said["content"]))
        return Sent()

    @property
    def bodies(self) -> list[str]:
        return [content["body"] for _, _, content in self.sent]


@pytest.fixture
def messages(night: Night, phones: Notified, monkeypatch: pytest.MonkeyPatch) -> Iterator[Messages]:
    """Ivan's first way is his room with the desk, and his phone the second."""
    found = Messages()
    monkeypatch.setattr(direct.matrix, "send", found.take)
    ways = [("matrix", ""), ("apprise", phones.address("ivan"))]
    reaching.do_put(OPERATOR, "ivan", ways, actor=ACTOR, now=clock.now())
    night.settle()
    yield found


def room_is_made() -> None:
    """The homeserver has made Ivan's room, which setting the way has asked for."""
    room = Room.objects.get(kind="direct", person__slug="ivan")
    Room.objects.filter(pk=room.pk).update(room_id="!with-the-desk", state="ready")


def refused(night: Night, text: str = "P0 all is down") -> None:
    """PagerDuty does not take the page, so whoever has the watch is called at once."""
    night.pagerduty.answers = [400]
    night.say("cedar", text)
    night.later(seconds=1)


def test_the_room_with_the_desk_is_a_way_and_hears_when_somebody_has_it(
    night: Night, phones: Notified, messages: Messages
) -> None:
    room_is_made()
    refused(night)
    (body,) = messages.bodies
    assert "all is down" in body and "I have it, or call the next: http" in body
    key, where, content = messages.sent[0]
    assert (
        where == "!with-the-desk" and content["m.mentions"] == {"user_ids": [IVAN]} and content["msgtype"] == "m.text"
    )
    assert key == str(OutboxRow.objects.get(channel="direct").key), "a repeat is the same message to the homeserver"
    assert phones.people() == ["ivan"], "and the next way of his"
    assert list(Call.objects.filter(to="ivan").order_by("pk").values_list("way", "state")) == [
        ("matrix", "accepted"),
        ("apprise", "accepted"),
    ]
    night.later(minutes=6)
    assert phones.people() == ["ivan", "petya"]
    night.say("cedar", "I am here", IVAN)
    assert messages.bodies[1].startswith("ivan is on it")


def test_while_the_homeserver_is_away_the_other_ways_go_on_and_it_is_told_once_when_it_is_back(
    night: Night, phones: Notified, messages: Messages
) -> None:
    room_is_made()
    messages.away = 3
    refused(night)
    assert messages.sent == [] and phones.people() == ["ivan"]
    for _ in range(6):
        night.later(seconds=2)
    assert len(messages.sent) == 1
    tries = Attempt.objects.filter(call__way="matrix").order_by("pk").values_list("problem", flat=True)
    assert [bool(problem) for problem in tries] == [True, True, True, False]


def test_without_a_room_yet_the_call_waits_for_it_and_is_not_made_once_somebody_has_the_page(
    night: Night, phones: Notified, messages: Messages
) -> None:
    refused(night)
    assert messages.sent == [] and phones.people() == ["ivan"]
    assert "no room with the desk yet" in Attempt.objects.filter(call__way="matrix").latest("pk").problem
    night.say("cedar", "I am here", IVAN)
    room_is_made()
    night.later(minutes=2)
    assert [body for body in messages.bodies if "on it" not in body] == []


def test_setting_the_way_asks_for_the_room_and_it_is_tried_quietly(
    night: Night, phones: Notified, messages: Messages
) -> None:
    assert Room.objects.filter(kind="direct", person__slug="ivan").count() == 1
    rest = Rest(token("all", "admin"))
    assert [one["address"] for one in rest.get("staff/ivan/reach").json()["items"]] == ["the room with the desk", "json://…"]  # fmt: skip
    tried = rest.post("staff/ivan/reach/test", {}).json()["items"]
    assert "no room with the desk yet" in tried[0]["problem"] and tried[1]["problem"] is None
    room_is_made()
    assert [one["problem"] for one in rest.post("staff/ivan/reach/test", {}).json()["items"]] == [None, None]
    assert "This is a test of the desk" in messages.bodies[0]
    with pytest.raises(Invalid, match="takes no address"):
        reaching.do_put(OPERATOR, "ivan", [("matrix", "@ivan:hs")], actor=ACTOR, now=clock.now())
    assert len(reaching.ways_of(reaching.access_person(OPERATOR, "ivan", clock.now()))) == 2
    assert not Page.objects.exists()


def ask(**given: str) -> Request:
    """Staff ask cedar for a consent."""
    wish = Wish(kind="data_change", words="Correct the VAT of 14 invoices", action={"do": "sql"}, workspace="cedar", **given)  # type: ignore[arg-type]  # fmt: skip
    return asking.do_ask(EVERYONE, wish, author="ivan", actor=ACTOR, now=clock.now())


def test_it_names_runbook_and_open_consents(night: Night, phones: Notified) -> None:
    night.rota_terms(runbook=RUNBOOK)
    waits, given = ask(), ask()
    Request.objects.filter(pk=given.pk).update(state="granted")
    over = ask()
    Request.objects.filter(pk=over.pk).update(state="withdrawn")
    night.say("cedar", "P0 all is down")
    event = night.pagerduty.page().event
    assert {"href": RUNBOOK, "text": "Runbook"} in event["links"]
    assert event["payload"]["custom_details"]["consents"] == (
        f"{waits.ref} data_change waits for their word; {given.ref} data_change is given and not used"
    )
    night.later(minutes=5, seconds=1)
    assert phones.people() == ["petya"]
    assert f"Runbook: {RUNBOOK}" in phones.bodies[0]
    assert f"Consents: {waits.ref} data_change waits for their word" in phones.bodies[0]
    assert "VAT" not in json.dumps(night.pagerduty.seen), "what is asked for stays in the house"


def test_a_consent_about_a_restricted_case_or_of_another_customer_is_not_named(night: Night) -> None:
    request = ask()
    night.say("cedar", "The reports are slow")
    case = night.case("cedar")
    Case.objects.filter(pk=case.pk).update(is_restricted=True)
    Request.objects.filter(pk=request.pk).update(case=case)
    night.later(minutes=31)
    night.say("cedar", "P0 all is down")
    assert "consents" not in night.pagerduty.page().event["payload"]["custom_details"]


def test_the_customer_hears_who_is_on_it_and_by_when_they_hear_more(night: Night, phones: Notified) -> None:
    night.say("cedar", "P0 all is down")
    incident = night.pagerduty.page()
    night.time.tick(timedelta(minutes=2))
    from tests.paging.test_whoever_has_it import deliver

    assert deliver(night, incident, "incident.acknowledged", agent="Petya") == 202
    (told,) = [one for one in night.told("cedar") if "is on it" in one]
    ref = night.case("cedar").ref
    assert told.startswith(f"Petya is on it, {ref}.") and f"We keep you informed about {ref}: next update by" in told
