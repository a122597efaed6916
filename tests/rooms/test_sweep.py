"""What the sweep costs, where its power ends, and what is no drift."""

from __future__ import annotations

import json
from datetime import timedelta

import httpcore
import pytest

from roomdesk import pipeline
from roomdesk.channels.matrix.errors import Unreachable
from roomdesk.channels.matrix.send import send
from roomdesk.directory import services
from roomdesk.queues import outbox
from roomdesk.queues.models import OutboxRow
from roomdesk.rooms import planning, sweep
from roomdesk.rules.room_plan import MOST_REMOVALS
from roomdesk.runtime import clock
from tests.cases_api.place import command, told
from tests.rooms.place import ACTOR, Place


def test_a_right_room_costs_two_calls_and_leaves_no_trace(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    answer = place.matrix._answer
    monkeypatch.setattr(place.matrix, "_answer", lambda *given: calls.append(given[1]) or answer(*given))
    rows = OutboxRow.objects.count()
    place.sweep()
    # The staff's own three rooms have no alias to ask for.
    assert len(calls) == 2 + 3
    assert OutboxRow.objects.count() == rows and place.drifts() == []


def test_a_pass_removes_few_and_an_operators_word_removes_all(place: Place) -> None:
    strangers = [place.user(f"stranger{number}") for number in range(MOST_REMOVALS + 3)]
    for user in strangers:
        place.call("POST", "invite", user_id=user)
    place.sweep()
    assert list(place.members().values()).count("invite") == 3
    (drift,) = place.drifts()
    assert drift.repaired_at is None and len(json.loads(drift.left)["actions"]) == 3
    for user in strangers:
        place.call("POST", "invite", user_id=user)
    place.reconcile(allow_mass_removal=True)
    assert "invite" not in place.members().values()
    assert all(drift.repaired_at for drift in place.drifts())


def test_what_nobody_can_mend_is_told_once(place: Place) -> None:
    """The desk's own two users were signed in and left: nobody may come in any more (matrix-facts §7)."""
    place.call("POST", "leave")
    place.call("POST", "leave", user=place.matrix.keeper)
    for _ in range(3):
        place.sweep()
    (drift,) = place.drifts()
    assert drift.repaired_at is None
    assert "Neither the desk nor its keeper" in json.loads(drift.found)["problem"]
    assert len(place.audited("room.drift_found")) == 1


def test_commands_show_the_plan_carry_it_out_and_list_what_was_found(place: Place) -> None:
    place.call("POST", "kick", user_id=place.user("asen"))
    chosen = ("--workspace", place.slug)
    admit = {"action": "admit", "user_id": place.user("asen"), "power": 0}
    expected = {
        "workspace": place.slug,
        "state": "ready",
        "actions": [admit],
        "held": [],
        "problem": None,
        "waiting": 0,
    }
    assert told("rooms", "plan", *chosen)["items"] == [expected]
    assert told("rooms", "reconcile", "--dry-run", *chosen)["items"] == [expected]
    assert place.members()["asen"] == "leave"
    assert command("rooms", "plan", *chosen).stdout == f"{place.slug}: admit {place.user('asen')} with power 0\n"

    assert told("rooms", "reconcile", *chosen) == {"items": [place.slug]}
    place.settle()
    assert place.members()["asen"] == "join"
    assert told("rooms", "plan", *chosen)["items"][0]["actions"] == []
    (found,) = told("rooms", "drift", *chosen)["items"]
    assert (found["workspace"], found["because"], found["left"]) == (place.slug, "operator", None)
    assert found["repaired_at"] and found["found"] == {"actions": [admit], "held": [], "problem": None}
    assert "admit" in command("rooms", "drift", *chosen).stdout


def test_a_new_name_is_set_at_once_and_is_no_drift(place: Place) -> None:
    place.put(display_name="Acme Foods")
    place.settle()
    assert place.state()["m.room.topic", ""]["topic"].startswith("Acme Foods and")
    assert place.drifts() == []


def test_a_look_that_is_older_than_a_change_is_not_believed(place: Place) -> None:
    """Without the count of acts a person who was let in meanwhile would be planned, and told, as missing."""
    place.call("POST", "kick", user_id=place.user("asen"))
    planning.do_reconcile([place.workspace], ACTOR, clock.now())
    while pipeline.drain():
        pass
    (row,) = outbox.claim(1, 20, clock.now())
    report = send(row, place.matrix)
    services.do_put_member(
        workspace=place.slug, id=place.id("mira"), support_room_access=True, actor=ACTOR, now=clock.now()
    )
    while pipeline.drain():
        pass
    outbox.note_sent(row, report, clock.now())
    place.settle()
    assert place.members()["mira"] == place.members()["asen"] == "join"
    (admitted,) = [one for one in place.audited("room.admitting") if one["person"] == place.id("mira")]
    assert admitted["user_id"] == place.user("mira")
    found = [one["user_id"] for drift in place.drifts() for one in json.loads(drift.found)["actions"]]
    assert found == [place.user("asen")]


def test_rooms_are_compared_once_in_a_while_and_stay_due_in_an_outage(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    every = timedelta(minutes=15)
    assert sweep.sweep(place.matrix, clock.now(), every) == 0, "they were just made as they should be"
    first = clock.now() + every + timedelta(seconds=1)
    assert sweep.sweep(place.matrix, first, every) == 4
    assert sweep.sweep(place.matrix, first, every) == 0
    later = first + every + timedelta(seconds=1)
    monkeypatch.setattr(place.matrix._calls, "request", _gone)
    with pytest.raises(Unreachable):
        sweep.sweep(place.matrix, later, every)
    monkeypatch.undo()
    assert sweep.sweep(place.matrix, later, every) == 4
    assert sweep.sweep(place.matrix, later, every) == 0


def _gone(*given: object, **more: object) -> None:
    raise httpcore.ConnectError("gone")
